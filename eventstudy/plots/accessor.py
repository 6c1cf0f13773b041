"""``result.plot``: every chart of a result, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy.plots.select import Charted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Plot"]


class Plot:
    """Charts of one result; each method returns matplotlib axes and shows nothing by itself.

    Each sets a short title; ``ax.set_title("")`` takes it away. Rejection rates of the tests, which
    belong to a simulation and not to one result, are drawn by :func:`eventstudy.plots.size.size`.

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
        from eventstudy.plots import single, titles

        r = self._result
        title = titles.event_title(r, r.series, "price", event_id, asset)
        return titles.titled(single.price(r, event_id, asset=asset, ax=ax), title)

    def car(
        self,
        event_id: str | None = None,
        *,
        asset: str | None = None,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Cumulated abnormal return of one event, see :func:`eventstudy.plots.single.car`."""
        from eventstudy.plots import single, titles

        r = self._result
        title = titles.event_title(
            r, r.abnormal_returns, "cumulated abnormal return", event_id, asset, model
        )
        return titles.titled(single.car(r, event_id, asset=asset, model=model, ax=ax), title)

    def ar(
        self,
        event_id: str | None = None,
        *,
        asset: str | None = None,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Abnormal return of every day, see :func:`eventstudy.plots.single.ar`."""
        from eventstudy.plots import single, titles

        r = self._result
        title = titles.event_title(
            r, r.abnormal_returns, "abnormal return of each day", event_id, asset, model
        )
        return titles.titled(single.ar(r, event_id, asset=asset, model=model, ax=ax), title)

    def caar(
        self, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Mean cumulated abnormal return of a panel, see :func:`eventstudy.plots.across.caar`."""
        from eventstudy.plots import across, titles
        from eventstudy.plots.points import largest_panel

        r = self._result
        if panel is None and len(r.paths):
            panel = largest_panel(r.paths)
        what = "mean cumulated abnormal return"
        title = titles.panel_title(r.paths, what, panel, model, "n_events")
        return titles.titled(across.caar(r, panel, model=model, ax=ax), title)

    def box(
        self, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Spread of the CARs by window, see :func:`eventstudy.plots.across.box`."""
        from eventstudy.plots import across, titles

        r = self._result
        title = titles.panel_title(r.windows, "abnormal return by window", panel, model)
        return titles.titled(across.box(r, panel, model=model, ax=ax), title)

    def heatmap(
        self,
        event_id: str | None = None,
        *,
        model: str | None = None,
        value: str = "ar",
        ax: Axes | None = None,
    ) -> Axes:
        """Map of asset by day, see :func:`eventstudy.plots.across.heatmap`."""
        from eventstudy.plots import across, titles

        drawn = across.heatmap(self._result, event_id, model=model, value=value, ax=ax)
        unit = "" if value == "sar" else " in %"
        return titles.titled(drawn, f"{across.VALUES.get(value, value)}{unit}, asset by day")

    def specification(self, panel: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Effect under every choice, see :func:`eventstudy.plots.specification.specification`."""
        from eventstudy.plots import titles
        from eventstudy.plots.specification import specification

        drawn = specification(self._result.specification, panel, ax=ax)
        return titles.titled(drawn, "Mean abnormal return under every specification")

    def pvalues(
        self, panel: str | None = None, *, model: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Ordered p-values against chance, see :func:`eventstudy.plots.across.pvalues`."""
        from eventstudy.plots import across, titles

        r = self._result
        title = titles.panel_title(r.windows, "p-values of day 0", panel, model)
        return titles.titled(across.pvalues(r, panel, model=model, ax=ax), title)

    def qq(
        self,
        event_id: str | None = None,
        *,
        asset: str | None = None,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Normal quantile chart, see :func:`eventstudy.plots.across.qq`."""
        from eventstudy.plots import across, titles

        r = self._result
        title = "Standardised abnormal returns of all events against the normal"
        if event_id is not None or asset is not None:
            what = "standardised abnormal returns against the normal"
            title = titles.event_title(r, r.abnormal_returns, what, event_id, asset, model)
        return titles.titled(across.qq(r, event_id, asset=asset, model=model, ax=ax), title)
