"""Every statistic of one tested window, and what leads among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventstudy.inference.leads import Leads, leads
from eventstudy.inference.registry import cross_event
from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.statistic import Statistic
from eventstudy.names import CROSS_EVENT

__all__ = ["WindowTests", "window_tests"]


@dataclass(frozen=True, eq=False)
class WindowTests:
    """Statistics of one tested window, in canonical order, and what leads among them."""

    window: Window
    statistics: list[Statistic]
    leads: Leads

    @property
    def start(self) -> int:
        """First session of the window."""
        return self.window.start

    @property
    def end(self) -> int:
        """Last session of the window."""
        return self.window.end


def window_tests(
    sample: Sample, window: Window, names: Sequence[tuple[str, str]] | None = None
) -> WindowTests:
    """Compute statistics across events for one window.

    Parameters
    ----------
    sample : Sample
    window : Window
    names : sequence of (name, variant), optional
        Default the ones that lead and their usual company.
    """
    chosen = leads(sample, window)
    if names is None:
        usual = [(s.name, s.variant) for s in CROSS_EVENT if s.recommended]
        names = list(dict.fromkeys([*chosen.tests, *usual]))
    return WindowTests(window, cross_event(sample, window, names), chosen)


# The name ends like a test's; pytest must not collect it where it is imported.
window_tests.__test__ = False  # type: ignore[attr-defined]
