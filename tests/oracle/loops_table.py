"""All rows of one window across events, in loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .loops import Fit, mean
from .loops_means import (
    Key,
    clustered,
    cross_sectional,
    date_means,
    jackknife,
    precision_weighted,
    skewness_adjusted,
    standardised_rows,
)
from .loops_ranks import (
    corrado,
    corrado_zivney_rank,
    corrado_zivney_sign,
    grank_rows,
    sign_rows,
    wilcoxon,
)
from .loops_series import calendar_time, crude_dependence, gls, portfolio, time_series
from .loops_windows import Row, cell


def table(
    fits: Sequence[Fit],
    model: str,
    start: int,
    end: int,
    policy: str,
    alternative: str = "two-sided",
) -> dict[Key, Row]:
    """Every deterministic statistic across the events that enter the window."""
    cells = [c for f in fits if (c := cell(f, start, end, policy)) is not None]
    car, scar, bhar = ([getattr(c, x) for c in cells] for x in ("car", "scar", "bhar"))
    a = alternative
    rows = {
        ("cross_sectional_t", "published"): cross_sectional(car, cells, a),
        ("skewness_adjusted_t", "published"): skewness_adjusted(car, cells, a, cubic=True),
        ("skewness_adjusted_t", "johnson"): skewness_adjusted(car, cells, a, cubic=False),
        ("time_series_t", "published"): time_series(cells, a),
        ("crude_dependence_t", "published"): crude_dependence(cells, a, model_df=False),
        ("crude_dependence_t", "model_df"): crude_dependence(cells, a, model_df=True),
        ("portfolio_t", "published"): portfolio(cells, model, a),
        **standardised_rows(cells, a),
        **corrado(cells, a),
        ("corrado_zivney_rank_z", "published"): corrado_zivney_rank(cells, a),
        **sign_rows(cells, a),
        ("corrado_zivney_sign_z", "published"): corrado_zivney_sign(cells, a),
        **wilcoxon(cells, a),
        **grank_rows(cells, a),
        ("jackknife_t", "trimmed_mean"): jackknife(car, cells, a),
        ("precision_weighted_t", "published"): precision_weighted(cells, a),
        ("cluster_t", "published"): clustered(scar, cells, a),
        ("cluster_t", "car"): clustered(car, cells, a),
        ("date_mean_t", "published"): date_means(scar, cells, a),
        ("gls_t", "published"): gls(cells, model, a),
        ("calendar_time_t", "published"): calendar_time(cells, a),
        ("bhar_skewness_adjusted_t", "published"): skewness_adjusted(bhar, cells, a, cubic=False),
    }
    # Ranks and signs are about the mean CAR, though they do not estimate it.
    for row in rows.values():
        if not math.isnan(row.statistic) and math.isnan(row.estimate):
            row.estimate = mean(car)
    return rows
