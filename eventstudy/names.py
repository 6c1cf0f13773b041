"""The closed lists of names: models, statistics, variants and how each is referred to.

One place holds them; the study file, the engine, the reports and the docs all read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = [
    "ALTERNATIVES",
    "CROSS_EVENT",
    "MODELS",
    "SINGLE_EVENT",
    "Alternative",
    "MissingPolicy",
    "ModelName",
    "ReturnKind",
    "StatisticName",
    "model_words",
    "statistic_names",
]

Alternative = Literal["two-sided", "less", "greater"]
ReturnKind = Literal["simple", "log"]
MissingPolicy = Literal["trade_to_trade", "skip", "exclude"]
ModelName = Literal[
    "constant_mean",
    "market_adjusted",
    "market_model",
    "capm",
    "factor",
    "fama_french_3",
    "carhart_4",
    "fama_french_5",
    "scholes_williams",
    "dimson",
    "huber",
    "lad",
    "theil_sen",
    "ewma",
    "garch",
    "gjr_garch",
    "egarch",
    "ar1",
    "matched",
    "synthetic_control",
]

ALTERNATIVES: tuple[str, ...] = get_args(Alternative)
MODELS: tuple[str, ...] = get_args(ModelName)


@dataclass(frozen=True)
class StatisticName:
    """A statistic and one of its variants.

    Attributes
    ----------
    name, variant : str
        The key of a row in ``tests`` or ``event_tests``.
    title : str
        What a table in a report calls it.
    distribution : str
        Reference distribution in words.
    independent : bool
        True where the statistic assumes that events are independent of each other.
    recommended : bool
        True where the default set shows it.
    """

    name: str
    variant: str
    title: str
    distribution: str
    independent: bool
    recommended: bool = False


def _s(
    name: str, variant: str, title: str, dist: str, *, indep: bool, rec: bool = False
) -> StatisticName:
    return StatisticName(name, variant, title, dist, indep, rec)


CROSS_EVENT: tuple[StatisticName, ...] = (
    _s("cross_sectional_t", "published", "Cross-sectional t", "t(N-1)", indep=True, rec=True),
    _s("skewness_adjusted_t", "published", "Skewness-adjusted t (Hall)", "t(N-1)", indep=True),
    _s("skewness_adjusted_t", "johnson", "Skewness-adjusted t (Johnson)", "t(N-1)", indep=True),
    _s("time_series_t", "published", "Time-series t", "N(0,1)", indep=True),
    _s("crude_dependence_t", "published", "Crude dependence adjusted t", "t(T-1)", indep=False),
    _s("crude_dependence_t", "model_df", "Crude dependence t, model df", "t(T-k)", indep=False),
    _s("portfolio_t", "published", "Portfolio t", "t(T-k)", indep=False, rec=True),
    _s("patell_z", "published", "Patell Z", "N(0,1)", indep=True, rec=True),
    _s("patell_z", "forecast_covariance", "Patell Z, full covariance", "N(0,1)", indep=True),
    _s("adjusted_patell_z", "published", "Adjusted Patell Z", "N(0,1)", indep=False),
    _s(
        "adjusted_patell_z",
        "forecast_covariance",
        "Adjusted Patell Z, full covariance",
        "N(0,1)",
        indep=False,
    ),
    _s("adjusted_patell_z", "overlap", "Adjusted Patell Z, overlap", "N(0,1)", indep=False),
    _s("bmp_t", "published", "BMP t", "t(N-1)", indep=True, rec=True),
    _s("bmp_t", "normal", "BMP, normal p", "N(0,1)", indep=True),
    _s("bmp_t", "model_sigma", "BMP, model sigma", "t(N-1)", indep=True),
    _s("adjusted_bmp_t", "published", "Adjusted BMP t (KP)", "t(N-1)", indep=False, rec=True),
    _s("adjusted_bmp_t", "overlap", "Adjusted BMP t, overlap", "t(N-1)", indep=False, rec=True),
    _s("corrado_rank_z", "published", "Corrado rank Z", "N(0,1)", indep=False),
    _s(
        "corrado_rank_z",
        "finite_population",
        "Corrado rank Z, finite population",
        "N(0,1)",
        indep=False,
        rec=True,
    ),
    _s(
        "corrado_rank_z",
        "estimation_scale",
        "Corrado rank Z, estimation scale",
        "N(0,1)",
        indep=False,
    ),
    _s("corrado_zivney_rank_z", "published", "Corrado-Zivney rank Z", "N(0,1)", indep=False),
    _s("sign_z", "published", "Sign Z", "N(0,1)", indep=True),
    _s("sign_z", "exact", "Sign, exact", "binomial", indep=True),
    _s("generalized_sign_z", "published", "Generalized sign Z", "N(0,1)", indep=True),
    _s(
        "generalized_sign_z",
        "window_phat",
        "Generalized sign Z, window",
        "N(0,1)",
        indep=True,
        rec=True,
    ),
    _s("generalized_sign_z", "exact", "Generalized sign, exact", "binomial", indep=True),
    _s("corrado_zivney_sign_z", "published", "Corrado-Zivney sign Z", "N(0,1)", indep=False),
    _s("wilcoxon_signed_rank", "published", "Wilcoxon signed rank", "exact", indep=True),
    _s("wilcoxon_signed_rank", "normal_approximation", "Wilcoxon Z", "N(0,1)", indep=True),
    _s("grank_t", "published", "GRANK t", "t(T'-2)", indep=False, rec=True),
    _s(
        "grank_t",
        "cross_correlation",
        "GRANK t, cross-correlation",
        "t(T'-2)",
        indep=False,
        rec=True,
    ),
    _s("grank_t", "block", "GRANK t, blocks", "t(T'-2)", indep=False),
    _s("grank_z", "published", "GRANK Z", "N(0,1)", indep=True),
    _s("grank_z", "cross_correlation", "GRANK Z, cross-correlation", "N(0,1)", indep=True),
    _s("sign_gsar_t", "published", "SIGN-GSAR t", "t(T'-2)", indep=False),
    _s("jackknife_t", "trimmed_mean", "Jackknife t, trimmed mean", "t(N-1)", indep=True),
    _s("precision_weighted_t", "published", "Precision-weighted t", "t(N-1)", indep=True),
    _s("bootstrap_t", "published", "Bootstrap t", "resampled", indep=True),
    _s("bootstrap_t", "clustered", "Bootstrap t, clustered by date", "resampled", indep=False),
    _s("cluster_t", "published", "Cluster-robust t (CR1)", "t(G-1)", indep=False, rec=True),
    _s("cluster_t", "car", "Cluster-robust t on CAR", "t(G-1)", indep=False),
    _s("date_mean_t", "published", "Date-mean t", "t(G-1)", indep=False, rec=True),
    _s(
        "wild_cluster_bootstrap_t",
        "published",
        "Wild cluster bootstrap t",
        "resampled",
        indep=False,
    ),
    _s("gls_t", "published", "GLS t", "t(df-N+1)", indep=False),
    _s("calendar_time_t", "published", "Calendar-time t", "t(P-1)", indep=False),
    _s(
        "bhar_skewness_adjusted_t",
        "published",
        "BHAR skewness-adjusted t",
        "t(N-1)",
        indep=True,
    ),
    _s(
        "bhar_skewness_adjusted_t",
        "bootstrap",
        "BHAR skewness-adjusted, bootstrap",
        "resampled",
        indep=True,
    ),
)

SINGLE_EVENT: tuple[StatisticName, ...] = (
    _s("exact_t", "published", "Exact t", "t(T-k)", indep=False, rec=True),
    _s("path_f", "published", "Path F", "F(L,T-k)", indep=False, rec=True),
    _s("placebo_sq", "published", "Placebo SQ, raw", "placebo", indep=False, rec=True),
    _s("placebo_sq", "studentised", "Placebo SQ, studentised", "placebo", indep=False, rec=True),
    _s("placebo_sq", "filtered", "Placebo SQ, filtered", "placebo", indep=False, rec=True),
    _s("andrews_s", "published", "Andrews S", "subsample", indep=False, rec=True),
    _s("bootstrap_prediction", "published", "Prediction bootstrap", "resampled", indep=False),
)


_MODEL_WORDS = {
    "constant_mean": "constant mean",
    "market_adjusted": "market-adjusted",
    "market_model": "market model",
    "capm": "CAPM",
    "fama_french_3": "Fama-French three factors",
    "carhart_4": "Carhart four factors",
    "fama_french_5": "Fama-French five factors",
    "scholes_williams": "Scholes-Williams",
    "theil_sen": "Theil-Sen",
    "lad": "least absolute deviations",
    "ewma": "EWMA",
    "garch": "GARCH(1,1)",
    "gjr_garch": "GJR-GARCH",
    "egarch": "EGARCH",
    "ar1": "AR(1)",
}


def model_words(name: str) -> str:
    """Return a model's name as people say it.

    Examples
    --------
    >>> model_words("market_model"), model_words("gjr_garch")
    ('market model', 'GJR-GARCH')
    """
    return _MODEL_WORDS.get(name, name.replace("_", " "))


def statistic_names() -> tuple[str, ...]:
    """All names of statistics, across events and for one event, each once, in canonical order.

    Examples
    --------
    >>> statistic_names()[0]
    'cross_sectional_t'
    """
    return tuple(dict.fromkeys(s.name for s in (*CROSS_EVENT, *SINGLE_EVENT)))
