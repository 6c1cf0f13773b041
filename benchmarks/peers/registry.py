"""The packages that are measured, what each is asked to do, and those that can't be asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """A package of PyPI.

    Attributes
    ----------
    key : str
        Name of the module beside this one that drives it.
    requirements : tuple of str
        What is installed; the package first, then what it forgot to ask for or to bound.
    does : str
        What one run gives.
    counts : tuple of int
        Numbers of events that it is timed with.
    same : bool
        False where its windows can't be made those of the benchmark, so that its mean CAR is
        another number.
    """

    key: str
    requirements: tuple[str, ...]
    does: str
    counts: tuple[int, ...] = (100, 1000)
    same: bool = True


PEERS = (
    Peer("eventstudy", ("eventstudy==0.1a12",), "one t-test of the mean CAR", (100, 1000, 10_000)),
    Peer(
        "ffjr_eventstudies",
        ("ffjr-eventstudies==0.2.0", "pandas<3"),
        "one t-test of the mean CAR",
        (100, 1000, 10_000),
    ),
    Peer("statspai", ("statspai==1.40.2",), "CARs and eight tests across events"),
    Peer(
        "event_studies",
        ("event-studies==0.1.4", "pandas<2", "numpy<2"),
        "two parametric tests, a rank and a sign test",
    ),
    Peer(
        "event_study_toolkit",
        ("event-study-toolkit==1.0.0", "pandas<3", "setuptools"),
        "five tests of one window",
    ),
    Peer(
        "easy_es",
        ("easy-es==0.1.2", "pandas<3", "joblib"),
        "one t-test of the mean CAR; windows in calendar days",
        same=False,
    ),
    Peer(
        "easyeventstudies",
        ("EasyEventStudies==2.0", "pandas<3"),
        "CAR paths of single events, given the data that it would fetch",
    ),
    Peer(
        "myeventstudy",
        ("myeventstudy==0.1.4", "pandas<3", "openpyxl"),
        "one t-test of the mean CAR of one window; windows in rows after calendar days",
        (100,),
        same=False,
    ),
    Peer("statsmodels_loop", ("statsmodels", "pandas"), "OLS fits in a loop, no test", (100, 1000)),
)

# Looked at and not run: package, reason.
LEFT_OUT = (
    (
        "py-event-studies 0.3.0",
        "reads CRSP's files, one date at a time; on a file in their columns its compiled part "
        "failed, without factors and with them",
    ),
    (
        "robust-eventstudy 0.1.0",
        "fits GARCH models with event dummies by asset: no market model, no test across events",
    ),
    (
        "EventStudySuite 0.1.3.1",
        "asks a database server of its authors for returns",
    ),
    (
        "eventstudystatistics 1.0.0",
        "tests on given abnormal returns; needs numpy 1.22.3, which has no build for this Python",
    ),
    (
        "EventStudy, estudy2, feventr, eventstudies (R), eventstudy2 (Stata)",
        "not on PyPI; R and Stata are not on the machine",
    ),
)
