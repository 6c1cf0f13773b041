"""``result.plot``: every chart of a result, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy.plots.select import Charted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Plot"]


class Plot:
    """Charts of one result; each method returns matplotlib axes and shows nothing by itself.

    Parameters
    ----------
    result : StudyResult
    """

    def __init__(self, result: Charted) -> None:
        self._result = result

    def price(
        self, event_id: str | None = None, *, asset: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Price around a headline, see :func:`eventstudy.plots.single.price`."""
        from eventstudy.plots import single

        return single.price(self._result, event_id, asset=asset, ax=ax)

    def car(
        self,
        event_id: str | None = None,
        *,
        asset: str | None = None,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Cumulated abnormal return of one event, see :func:`eventstudy.plots.single.car`."""
        from eventstudy.plots import single

        return single.car(self._result, event_id, asset=asset, model=model, ax=ax)

    def ar(
        self,
        event_id: str | None = None,
        *,
        asset: str | None = None,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Abnormal return of every day, see :func:`eventstudy.plots.single.ar`."""
        from eventstudy.plots import single

        return single.ar(self._result, event_id, asset=asset, model=model, ax=ax)

    def caar(
        self, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Mean cumulated abnormal return of a panel, see :func:`eventstudy.plots.across.caar`."""
        from eventstudy.plots import across

        return across.caar(self._result, panel, model=model, ax=ax)

    def box(
        self, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Spread of the CARs by window, see :func:`eventstudy.plots.across.box`."""
        from eventstudy.plots import across

        return across.box(self._result, panel, model=model, ax=ax)

    def heatmap(
        self,
        event_id: str | None = None,
        *,
        model: str | None = None,
        value: str = "ar",
        ax: Axes | None = None,
    ) -> Axes:
        """Map of asset by day, see :func:`eventstudy.plots.across.heatmap`."""
        from eventstudy.plots import across

        return across.heatmap(self._result, event_id, model=model, value=value, ax=ax)

    def pvalues(
        self, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Ordered p-values against chance, see :func:`eventstudy.plots.across.pvalues`."""
        from eventstudy.plots import across

        return across.pvalues(self._result, panel, model=model, ax=ax)

    def qq(
        self,
        event_id: str | None = None,
        *,
        asset: str | None = None,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Normal quantile chart, see :func:`eventstudy.plots.across.qq`."""
        from eventstudy.plots import across

        return across.qq(self._result, event_id, asset=asset, model=model, ax=ax)
