"""Which tests lead a table, which assume independence, and why, from the overlap of the events.

Events on dates of their own whose tested windows do not overlap may be treated as independent.
Events that share a date, or whose windows overlap in calendar time, may not: tests that allow the
dependence lead, the others are shown below them, marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eventstudy.inference.sample import Sample, Window
from eventstudy.inference.view import FEW, view
from eventstudy.names import CROSS_EVENT

__all__ = ["Design", "Leads", "leading", "leads"]

Design = Literal["none", "distinct", "one date", "few dates", "shared", "overlapping"]
Key = tuple[str, str]

INDEPENDENT: frozenset[Key] = frozenset((s.name, s.variant) for s in CROSS_EVENT if s.independent)
BETWEEN_DATES: frozenset[Key] = frozenset(
    {
        ("date_mean_t", "published"),
        ("cluster_t", "published"),
        ("cluster_t", "car"),
        ("wild_cluster_bootstrap_t", "published"),
        ("bootstrap_t", "clustered"),
    }
)


# These average by relative day. They see the correlation of events on one date, in the estimation
# window as in the tested one, but not that of a relative day with another one, which is what
# windows of different dates share: simulated at 24 to 28 % for a nominal 5 % (30 events within 40
# sessions, residual correlation 0.4, eleven-day windows).
BY_RELATIVE_DAY: frozenset[Key] = frozenset(
    (s.name, s.variant)
    for s in CROSS_EVENT
    if s.name
    in {
        "crude_dependence_t",
        "portfolio_t",
        "corrado_rank_z",
        "corrado_zivney_rank_z",
        "corrado_zivney_sign_z",
        "grank_t",
        "sign_gsar_t",
    }
)


@dataclass(frozen=True)
class Leads:
    """What leads a table of tests across events.

    Attributes
    ----------
    design : str
        ``none`` (fewer than two events), ``distinct`` (dates of their own, windows apart),
        ``one date``, ``few dates`` (several events on each of at least five dates, windows of
        different dates apart), ``shared`` (some events share a date) or ``overlapping`` (windows
        of different dates overlap).
    tests : tuple of (name, variant)
        Tests that lead, the first one first; empty for fewer than two events.
    assume_independence : tuple of (name, variant)
        Tests of the closed list whose assumption of independence this sample breaks: of events;
        and, where windows of different dates overlap, of dates. The first leading test is never
        among them; under ``overlapping`` the others are, as ``reason`` says.
    reason : str
        Why, in one sentence.
    """

    design: Design
    tests: tuple[Key, ...]
    assume_independence: tuple[Key, ...]
    reason: str


def leading(design: Design, *, one_day: bool) -> tuple[Key, ...]:
    """Return the (name, variant) that lead under a design, in order.

    Examples
    --------
    >>> leading("distinct", one_day=True)
    (('bmp_t', 'published'), ('grank_t', 'published'))
    """
    if design == "none":
        return ()
    if design == "distinct":
        rank = ("grank_t", "published") if one_day else ("corrado_rank_z", "finite_population")
        return (("bmp_t", "published"), rank)
    if design == "few dates":
        return (("date_mean_t", "published"), ("adjusted_bmp_t", "overlap"))
    variant = "published" if design == "one date" else "overlap"
    return (
        ("adjusted_bmp_t", variant),
        ("grank_t", "cross_correlation"),
        ("portfolio_t", "published"),
    )


def _design(n: int, dates: int, *, overlap: bool) -> Design:
    if n < 2:
        return "none"
    if dates == 1:
        return "one date"
    if overlap:
        return "overlapping"
    if dates == n:
        return "distinct"
    return "few dates" if dates >= FEW and n >= 2 * dates else "shared"


def _sentence(design: Design, n: int, dates: int) -> str:
    if design == "none":
        return "One event: nothing can be tested across events, the tests of the single event lead."
    if design == "distinct":
        return (
            f"The {n} events are on dates of their own and their tested windows do not overlap, "
            "so tests that assume independent events lead."
        )
    if design == "one date":
        return (
            f"All {n} events share one date, so tests that allow for correlated events lead and "
            "those that assume independence are marked."
        )
    if design == "few dates":
        return (
            f"The {n} events fall on {dates} dates, so the test of the date means leads and those "
            "that assume independent events are marked."
        )
    few = ", and fewer than five dates support no claim beyond them" if dates < FEW else ""
    if design == "overlapping":
        return (
            f"Tested windows of different dates overlap ({n} events on {dates} dates), so "
            "adjusted_bmp_t, which counts the sessions in common, leads, grank_t and portfolio_t "
            "allow for events of one date only, and those that assume independence are "
            f"marked{few}."
        )
    return (
        f"Some of the {n} events on {dates} dates share a date, so tests that allow for "
        f"correlated events lead and those that assume independence are marked{few}."
    )


def leads(sample: Sample, window: Window) -> Leads:
    """Decide what leads for one tested window.

    Parameters
    ----------
    sample : Sample
    window : Window
        Only the events that enter it count.

    Returns
    -------
    Leads
        Windows overlap when their calendar stretches, first to last session, do.
    """
    v = view(sample, window)
    n, dates = v.n, v.members.n_clusters
    overlap = n > 1 and dates > 1 and v.dates_overlap
    design = _design(n, dates, overlap=overlap)
    broken: frozenset[Key] = frozenset()
    if design not in ("none", "distinct"):
        broken = INDEPENDENT | (BETWEEN_DATES | BY_RELATIVE_DAY if overlap else frozenset())
    return Leads(
        design=design,
        tests=leading(design, one_day=v.length == 1),
        assume_independence=tuple(
            key for s in CROSS_EVENT if (key := (s.name, s.variant)) in broken
        ),
        reason=_sentence(design, n, dates),
    )
