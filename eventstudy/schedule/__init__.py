"""The scheduled job: reports of one or many studies, kept run by run, with what changed."""

from __future__ import annotations

from eventstudy.schedule.job import JobOptions, Outcome, run_job

__all__ = ["JobOptions", "Outcome", "run_job"]
