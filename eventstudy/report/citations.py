"""The methods paragraph and its references, written from what was run."""

from __future__ import annotations

from typing import Any

from eventstudy.report import facts
from eventstudy.report.format import HTML, Format, is_missing

__all__ = ["REFERENCES", "methods", "references"]

REFERENCES: dict[str, str] = {
    "brown_warner_1980": "Brown, S. J. and Warner, J. B. (1980). Measuring security price "
    "performance. Journal of Financial Economics 8, 205-258. doi:10.1016/0304-405X(80)90002-1",
    "brown_warner_1985": "Brown, S. J. and Warner, J. B. (1985). Using daily stock returns. "
    "Journal of Financial Economics 14, 3-31. doi:10.1016/0304-405X(85)90042-X",
    "patell_1976": "Patell, J. M. (1976). Corporate forecasts of earnings per share and stock "
    "price behavior. Journal of Accounting Research 14, 246-276. doi:10.2307/2490543",
    "salinger_1992": "Salinger, M. (1992). Standard errors in event studies. Journal of Financial "
    "and Quantitative Analysis 27, 39-53. doi:10.2307/2331297",
    "boehmer_1991": "Boehmer, E., Musumeci, J. and Poulsen, A. B. (1991). Event-study methodology "
    "under conditions of event-induced variance. Journal of Financial Economics 30, 253-272. "
    "doi:10.1016/0304-405X(91)90032-F",
    "kolari_pynnonen_2010": "Kolari, J. W. and Pynnönen, S. (2010). Event study testing with "
    "cross-sectional correlation of abnormal returns. Review of Financial Studies 23, 3996-4025. "
    "doi:10.1093/rfs/hhq072",
    "kolari_pynnonen_2011": "Kolari, J. W. and Pynnönen, S. (2011). Nonparametric rank tests for "
    "event studies. Journal of Empirical Finance 18, 953-971. "
    "doi:10.1016/j.jempfin.2011.08.003",
    "corrado_1989": "Corrado, C. J. (1989). A nonparametric test for abnormal security-price "
    "performance in event studies. Journal of Financial Economics 23, 385-395. "
    "doi:10.1016/0304-405X(89)90064-0",
    "corrado_zivney_1992": "Corrado, C. J. and Zivney, T. L. (1992). The specification and power "
    "of the sign test in event study hypothesis tests. Journal of Financial and Quantitative "
    "Analysis 27, 465-478. doi:10.2307/2331331",
    "campbell_wasley_1993": "Campbell, C. J. and Wasley, C. E. (1993). Measuring security price "
    "performance using daily NASDAQ returns. Journal of Financial Economics 33, 73-92. "
    "doi:10.1016/0304-405X(93)90025-7",
    "cowan_1992": "Cowan, A. R. (1992). Nonparametric event study tests. Review of Quantitative "
    "Finance and Accounting 2, 343-358. doi:10.1007/BF00939016",
    "gelbach_2013": "Gelbach, J. B., Helland, E. and Klick, J. (2013). Valid inference in "
    "single-firm, single-event studies. American Law and Economics Review 15, 495-541. "
    "doi:10.1093/aler/aht009",
    "holm_1979": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. "
    "Scandinavian Journal of Statistics 6, 65-70.",
    "mackinlay_1997": "MacKinlay, A. C. (1997). Event studies in economics and finance. Journal of "
    "Economic Literature 35, 13-39.",
    "maynes_rumsey_1993": "Maynes, E. and Rumsey, J. (1993). Conducting event studies with thinly "
    "traded stocks. Journal of Banking and Finance 17, 145-157.",
    "barber_lyon_1997": "Barber, B. M. and Lyon, J. D. (1997). Detecting long-run abnormal stock "
    "returns. Journal of Financial Economics 43, 341-372. doi:10.1016/S0304-405X(96)00890-2",
    "cameron_2008": "Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2008). Bootstrap-based "
    "improvements for inference with clustered errors. Review of Economics and Statistics 90, "
    "414-427.",
    "andrews_2003": "Andrews, D. W. K. (2003). End-of-sample instability tests. Econometrica 71, "
    "1661-1694.",
    "scholes_williams_1977": "Scholes, M. and Williams, J. (1977). Estimating betas from "
    "nonsynchronous data. Journal of Financial Economics 5, 309-327. "
    "doi:10.1016/0304-405X(77)90041-1",
    "dimson_1979": "Dimson, E. (1979). Risk measurement when shares are subject to infrequent "
    "trading. Journal of Financial Economics 7, 197-226. doi:10.1016/0304-405X(79)90013-8",
    "bollerslev_1986": "Bollerslev, T. (1986). Generalized autoregressive conditional "
    "heteroskedasticity. Journal of Econometrics 31, 307-327. doi:10.1016/0304-4076(86)90063-1",
}
"""Every reference that a report can cite."""

_BY_TEST = {
    "cross_sectional_t": "brown_warner_1980",
    "time_series_t": "brown_warner_1980",
    "crude_dependence_t": "brown_warner_1985",
    "portfolio_t": "brown_warner_1985",
    "patell_z": "patell_1976",
    "adjusted_patell_z": "kolari_pynnonen_2010",
    "bmp_t": "boehmer_1991",
    "adjusted_bmp_t": "kolari_pynnonen_2010",
    "corrado_rank_z": "corrado_1989",
    "corrado_zivney_rank_z": "corrado_zivney_1992",
    "corrado_zivney_sign_z": "corrado_zivney_1992",
    "generalized_sign_z": "cowan_1992",
    "grank_t": "kolari_pynnonen_2011",
    "grank_z": "kolari_pynnonen_2011",
    "cluster_t": "cameron_2008",
    "wild_cluster_bootstrap_t": "cameron_2008",
    "bhar_skewness_adjusted_t": "barber_lyon_1997",
    "placebo_sq": "gelbach_2013",
    "andrews_s": "andrews_2003",
}
_BY_MODEL = {
    "market_model": "mackinlay_1997",
    "constant_mean": "mackinlay_1997",
    "market_adjusted": "mackinlay_1997",
    "scholes_williams": "scholes_williams_1977",
    "dimson": "dimson_1979",
    "garch": "bollerslev_1986",
}
_MODEL_TEXT = {
    "constant_mean": "expects an asset's own average return of the estimation window",
    "market_adjusted": "expects the benchmark's return of the day",
    "market_model": "expects a constant plus beta times the benchmark's return, by least squares",
}
_MISSING_TEXT = {
    "trade_to_trade": "a return after missing days spans them, and is weighed by their number",
    "skip": "a missing day and the return that follows it are left out, and windows sum the "
    "days that are left",
    "exclude": "an event with a missing day leaves that window",
}


def cite(key: str) -> str:
    """Return author and year of a reference.

    Examples
    --------
    >>> cite("boehmer_1991"), cite("salinger_1992"), cite("brown_warner_1980")
    ('Boehmer et al. 1991', 'Salinger 1992', 'Brown and Warner 1980')
    """
    authors, year = REFERENCES[key].split(" (", 1)
    names = [part.split(",")[0].strip() for part in authors.replace(" and ", ", ").split(".,")]
    names = [n for n in names if n]
    last = [n.split(" ")[0] if " " in n and n.endswith(".") else n for n in names]
    who = (
        last[0]
        if len(last) == 1
        else (f"{last[0]} and {last[1]}" if len(last) == 2 else f"{last[0]} et al.")
    )
    return f"{who} {year[:4]}"


def _models(result: facts.ResultLike) -> list[str]:
    return [str(m) for m in result.events["model"].unique()] if len(result.events) else []


def references(result: facts.ResultLike) -> list[str]:
    """Return the references of the models and tests that were run, sorted by author.

    Parameters
    ----------
    result : ResultLike

    Returns
    -------
    list of str
        Keys of :data:`REFERENCES`.
    """
    keys = {"patell_1976", "salinger_1992"}
    keys |= {_BY_MODEL[m] for m in _models(result) if m in _BY_MODEL}
    for frame in (result.tests, result.event_tests):
        if len(frame):
            keys |= {_BY_TEST[n] for n in map(str, frame["name"].unique()) if n in _BY_TEST}
            if frame["pvalue_adjusted"].notna().any():
                keys.add("holm_1979")
    if facts.setting(result, "study", "missing") == "trade_to_trade":
        keys.add("maynes_rumsey_1993")
    return sorted(keys, key=lambda k: REFERENCES[k])


def methods(result: facts.ResultLike, fmt: Format = HTML) -> list[str]:
    """Return the methods paragraphs, written from the settings and tables of the run.

    Parameters
    ----------
    result : ResultLike
    fmt : Format

    Returns
    -------
    list of str
    """
    return [_returns_text(result, fmt), _inference_text(result, fmt), *_across_text(result)]


def _span(pair: Any, fmt: Format) -> str:
    return fmt.window(pair[0], pair[1])


def _returns_text(result: facts.ResultLike, fmt: Format) -> str:
    kind = facts.setting(result, "study", "returns", "simple")
    missing = _MISSING_TEXT.get(str(facts.setting(result, "study", "missing", "")), "")
    text = (
        "Day 0 is the first session of the asset's own exchange whose measured price can know "
        f"the headline. Returns are {kind} returns"
        + (
            f"; {missing} ({cite('maynes_rumsey_1993')})" * ("span" in missing)
            or (f"; {missing}" if missing else "")
        )
        + ". "
    )
    told = []
    for model in _models(result):
        what = _MODEL_TEXT.get(model, "gives the expected return")
        told.append(f"the {fmt.model(model)} model {what}".replace("model model", "model"))
    if told:
        text += "; ".join(told)[0].upper() + "; ".join(told)[1:]
        text += (
            f" ({cite('mackinlay_1997')}). "
            if any(m in _BY_MODEL for m in _models(result))
            else ". "
        )
    estimation = facts.setting(result, "windows", "estimation")
    if estimation:
        span = _span(estimation, fmt)
        text += f"Each model is estimated over the sessions {span}{_usable(result)}; "
    event = facts.setting(result, "windows", "event")
    if event:
        text += f"the event window is {_span(event, fmt)}."
    return text.strip()


def _usable(result: facts.ResultLike) -> str:
    """Say how many returns the estimations had."""
    if result.events.empty:
        return ""
    low, high = int(result.events["n_estimation"].min()), int(result.events["n_estimation"].max())
    return (
        f", with {low} usable returns"
        if low == high
        else (f", with {low} to {high} usable returns an event")
    )


def _inference_text(result: facts.ResultLike, fmt: Format) -> str:
    run = set(result.event_tests["name"].astype(str)) if len(result.event_tests) else set()
    text = (
        "Standard errors come from the forecast-error covariance of the abnormal returns, which "
        "holds the error of the estimated parameters and its correlation between days "
        f"({cite('patell_1976')}; {cite('salinger_1992')}). The exact p is that of Student's t "
        "with the residual degrees of freedom; it is exact for normal errors. "
    )
    if "placebo_sq" in run:
        text += (
            "The placebo p compares the move with the studentised residuals of the estimation "
            f"window, by the add-one rule ({cite('gelbach_2013')}). "
        )
    if "andrews_s" in run:
        text += f"Andrews' end-of-sample test stands beside them ({cite('andrews_2003')}). "
    return text + (
        "The detectable effect is the smallest that a two-sided test at "
        f"{fmt.percent(0.05, 0, sign=False)} would find with "
        f"{fmt.percent(0.8, 0, sign=False)} power."
    )


def _across_text(result: facts.ResultLike) -> list[str]:
    tests = result.tests
    if tests.empty:
        return []
    told = []
    for _, row in tests.drop_duplicates(["name", "variant"]).iterrows():
        key = _BY_TEST.get(str(row["name"]))
        title = row.get("title")
        name = str(row["name"] if is_missing(title) else title)
        told.append(f"{name} ({cite(key)})" if key else name)
    text = f"Across events: {', '.join(told)}."
    if tests["pvalue_adjusted"].notna().any():
        text += (
            " Adjusted p-values are Holm's over the family of panels, windows and leading "
            f"tests ({cite('holm_1979')})."
        )
    return [text]
