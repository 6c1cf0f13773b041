"""Interval bars in a table: one scale for all rows, so that they can be compared by eye."""

from __future__ import annotations

from dataclasses import dataclass

from eventstudy.report.tables import Table

__all__ = ["Scale", "scale_of"]


@dataclass(frozen=True)
class Scale:
    """Puts decimals on the 0 to 100 of an interval bar."""

    low: float
    high: float

    def at(self, value: float, shift: float = 0.0) -> str:
        """Return the position of a value, kept inside the bar."""
        place = 100.0 * (value - self.low) / (self.high - self.low)
        return f"{min(max(place, 0.0), 100.0) + shift:.1f}"


def scale_of(table: Table) -> Scale | None:
    """Return the common scale of a table's interval bars; extreme ends do not squeeze the rest."""
    bars = [c.bar for row in table.rows for c in row if c.bar]
    if not bars:
        return None
    reach = sorted(max(abs(b[0]), abs(b[2])) for b in bars)
    top = reach[max(0, int(0.95 * len(reach)) - 1)] if len(reach) > 20 else reach[-1]
    low, high = min(0.0, *(b[0] for b in bars)), max(0.0, *(b[2] for b in bars))
    low, high = max(low, -top), min(high, top)
    pad = 0.03 * (high - low) or 1.0
    return Scale(low - pad, high + pad)
