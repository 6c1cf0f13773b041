"""Charts of a result. Functions take ``ax=None``, return axes, never show, never set globals."""

from __future__ import annotations

from eventstudy.plots.accessor import Plot

__all__ = ["Plot"]
