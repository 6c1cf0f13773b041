"""The Python front door: run a study from a file, from settings, or from frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd
from pydantic import PrivateAttr

from eventstudy import study as settings
from eventstudy import studyfile
from eventstudy.given import Inputs, open_study
from eventstudy.names import Alternative, MissingPolicy, ReturnKind
from eventstudy.progressbar import progress as bar
from eventstudy.resources import data_dir
from eventstudy.results import StudyResult
from eventstudy.stream.backend import BackendName
from eventstudy.stream.executor import given_resources
from eventstudy.studytext import study_text

__all__ = ["Study", "flagship", "load_study", "pin", "run", "specification"]

Range = tuple[int, int]


class Study(settings.Study):
    """A study as validated values; :meth:`run` does it.

    Examples
    --------
    >>> s = Study(events={"list": [{"event_id": "e", "timestamp": "2022-02-15T08:00Z"}]},
    ...           prices={"source": "bundled", "assets": ["XOM"]},
    ...           model={"name": "market_model", "benchmark": "SP500"})
    >>> round(float(s.run().windows.query("start == 0 and end == 0").car.iloc[0]), 4)
    -0.0284
    """

    _folder: Path = PrivateAttr(default=Path())

    def run(self, *, folder: str | Path | None = None, progress: bool | None = None) -> StudyResult:
        """Run the study; relative paths are read against ``folder``, by default its file's."""
        return run(self, folder=folder, progress=progress)

    def __repr__(self) -> str:
        """Return the study as a study file, without what has its default."""
        return study_text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(study_text(self))}</pre>"


def load_study(path: str | Path) -> Study:
    """Read and check a study file, without running it.

    Raises
    ------
    InputError
        With file, line, key and the nearest right key.

    Examples
    --------
    >>> load_study(flagship()).study.name
    'partial-withdrawal'
    """
    study = Study.model_validate(studyfile.load_study(path).model_dump(by_alias=True))
    study._folder = Path(path).parent
    return study


def flagship() -> Path:
    """Return the study file of the bundled flagship study."""
    return data_dir() / "studies" / "partial-withdrawal.toml"


def run(
    study: str | Path | settings.Study | None = None,
    *,
    events: pd.DataFrame | str | Path | None = None,
    prices: pd.DataFrame | str | Path | None = None,
    returns: pd.DataFrame | None = None,
    model: str | None = None,
    benchmark: str | Sequence[str] | None = None,
    also: Sequence[str] | None = None,
    risk_free: str | None = None,
    calendar: str | Mapping[str, str] | None = None,
    close: str | Mapping[str, str] | None = None,
    panel: str | Mapping[str, str] | None = None,
    estimation: Range | None = None,
    window: Range | None = None,
    report: Sequence[Range] | None = None,
    min_observations: int | None = None,
    missing: MissingPolicy | None = None,
    kind: ReturnKind | None = None,
    tests: str | Sequence[str] | None = None,
    alternative: Alternative | None = None,
    regression: Mapping[str, object] | None = None,
    signed: bool | None = None,
    group_similar: bool | None = None,
    group_threshold: float | None = None,
    group_hours: float | None = None,
    timezone: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    streamed: bool | None = None,
    executor: str | None = None,
    threads: int | None = None,
    backend: BackendName | None = None,
    scheduler: str | None = None,
    folder: str | Path | None = None,
    progress: bool | None = None,
) -> StudyResult:
    """Run an event study.

    Parameters
    ----------
    study : path or Study, optional
        A study file or a study; without it and without ``events`` the bundled flagship runs.
    events : DataFrame or path, optional
        Columns ``event_id``, ``timestamp``, ``asset``, ``headline`` and more; see the study file.
    prices, returns : DataFrame, optional
        Date index, one column an asset, as prices or as returns in decimals. ``prices`` may also
        be the path of a file, or ``"bundled"`` or ``"yahoo"``.
    model, benchmark, also, risk_free
        Model of expected returns, ``market_model`` unless told otherwise, and its regressors
        (columns of the prices).
    calendar, close, panel : str or mapping of asset to str, optional
        Calendar (MIC or ``"observed"``), clock of the price and panel, for all assets or each.
    estimation, window : (int, int), optional
        Sessions relative to day 0, both ends included.
    report : sequence of (int, int), optional
        Windows that are tested besides the single days.
    regression : mapping, optional
        ``{"on": ["surprise"], "window": (0, 1)}``: CARs explained by columns of ``events``.
    signed, group_similar, group_threshold, group_hours
        Events of ``sign`` -1 turned around in the tests across events; headlines near in words
        (up to 100) and hours taken for one story.
    min_observations, missing, kind, tests, alternative, timezone, name, seed, streamed
        As in the study file, whose defaults hold for what is not given.
    executor, threads, backend, scheduler
        Who computes a streamed study: ``"threads"``, ``"serial"`` or ``"dask"``, how many threads
        (2) or processes of a cluster on this machine, ``"auto"``, ``"numpy"`` or ``"numba"``, and
        the address of a dask scheduler. Results do not depend on them, beyond the last digits of
        one backend or another.
    folder : path, optional
        Folder against which relative paths are read; by default that of the study file.
    progress : bool, optional
        Whether a notebook or a terminal shows how far the work has come; by default after two
        seconds.

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        In one sentence: what is wrong, where, and what to do.
    ClusterError
        Where the cluster is out of reach, or runs something else.

    Examples
    --------
    >>> import eventstudy as es
    >>> es.run().pinned.position.iloc[0]
    'pre-open'
    """
    from eventstudy.pipeline import run_study

    resources = given_resources(executor, threads, backend, scheduler)
    inputs = Inputs(events, prices, returns)
    opened = open_study(
        flagship() if study is None and not inputs.names() else study,
        inputs,
        {
            "study": {
                "name": name, "returns": kind, "missing": missing, "seed": seed,
                "streamed": streamed,
            },
            "events": {
                "timezone": timezone, "signed": signed, "group_similar": group_similar,
                "group_threshold": group_threshold, "group_hours": group_hours,
            },
            "model": {"name": model, "benchmark": benchmark, "also": also, "risk_free": risk_free},
            "windows": {
                "estimation": estimation, "event": window, "report": report,
                "min_observations": min_observations,
            },
            "tests": {"names": tests, "alternative": alternative},
            "regression": regression,
        },
        {"calendar": calendar, "close": close, "panel": panel},
        folder,
    )  # fmt: skip
    with bar(show=progress) as shown:
        return run_study(
            opened.study,
            folder=opened.folder,
            frames=opened.frames,
            progress=shown.stage,
            resources=resources,
        )


def pin(
    timestamp: str,
    *,
    calendar: str | Sequence[str],
    close: str | None = None,
    uncertainty_minutes: float = 0.0,
) -> pd.DataFrame:
    """Say to which session a headline belongs on each calendar, and why.

    Parameters
    ----------
    timestamp : str
        ISO 8601 with an offset or ``Z``, or a bare date.
    calendar : str or sequence of str
        ISO 10383 MIC, or ``24/7``.
    close : str, optional
        Clock of the price where it is not the calendar's close, ``"14:30 America/New_York"``.
    uncertainty_minutes : float
        Half-width of what is known about the instant.

    Returns
    -------
    DataFrame
        One row a calendar, as in the table ``pinned``.

    Examples
    --------
    >>> pin("2022-02-15T08:00Z", calendar="XNYS").position.iloc[0]
    'pre-open'
    """
    from eventstudy.events.readers import read_catalogue
    from eventstudy.pinpoint import pin_on_calendars

    names = [calendar] if isinstance(calendar, str) else list(calendar)
    row = {"event_id": "1", "timestamp": timestamp, "uncertainty_minutes": uncertainty_minutes}
    return pin_on_calendars(read_catalogue([row]), names, clock=close).pinned


def specification(
    study: str | Path | settings.Study | None = None,
    *,
    events: pd.DataFrame | str | Path | None = None,
    prices: pd.DataFrame | str | Path | None = None,
    returns: pd.DataFrame | None = None,
    models: Sequence[str] | None = None,
    estimation: Sequence[Range] | None = None,
    windows: Sequence[Range] | None = None,
    tests: str | Sequence[str] | None = None,
    benchmark: str | Sequence[str] | None = None,
    risk_free: str | None = None,
    calendar: str | Mapping[str, str] | None = None,
    close: str | Mapping[str, str] | None = None,
    panel: str | Mapping[str, str] | None = None,
    window: Range | None = None,
    min_observations: int | None = None,
    missing: MissingPolicy | None = None,
    kind: ReturnKind | None = None,
    alternative: Alternative | None = None,
    signed: bool | None = None,
    timezone: str | None = None,
    seed: int | None = None,
    folder: str | Path | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Run a study for every choice of model, estimation window, event window and test.

    Parameters
    ----------
    study : path or Study, optional
        The bundled flagship if neither it nor ``events`` is given. Its ``[specification]`` says
        what is not said here, and its other sections what that does not say.
    models : sequence of str, optional
    estimation, windows : sequence of (int, int), optional
        Sessions relative to day 0, both ends included.
    tests : str or sequence of str, optional
        Names of statistics; the ones that lead if not given.
    events, prices, returns
        In place of a study, as in :func:`run`.
    benchmark, risk_free, calendar, close, panel, window, min_observations, missing, kind, \
alternative, signed, timezone, seed
        What all specifications share, as in :func:`run`.
    folder : path, optional
        Folder against which relative paths are read; by default that of the study file.
    progress : bool, optional
        As in :func:`run`.

    Returns
    -------
    DataFrame
        One row a specification and test, with ``pvalue_adjusted`` by Holm over all of them: every
        choice that was tried is in the family. Returns are decimals, a number that does not exist
        is NaN.

    Raises
    ------
    InputError
        For a choice that can't be, such as a model without the benchmark that it needs.

    Examples
    --------
    >>> table = specification(models=["constant_mean"], estimation=[(-130, -11), (-110, -11)],
    ...                       windows=[(0, 0)])
    >>> table["estimation_start"].unique().tolist()
    [-130, -110]
    """
    from eventstudy.pipeline import prepare
    from eventstudy.specifications import specification_table

    inputs = Inputs(events, prices, returns)
    opened = open_study(
        flagship() if study is None and not inputs.names() else study,
        inputs,
        {
            "study": {"returns": kind, "missing": missing, "seed": seed},
            "events": {"timezone": timezone, "signed": signed},
            "model": {"benchmark": benchmark, "risk_free": risk_free},
            "windows": {"event": window, "min_observations": min_observations},
            "tests": {"alternative": alternative},
        },
        {"calendar": calendar, "close": close, "panel": panel},
        folder,
        choices={"models": models, "estimation": estimation, "windows": windows, "tests": tests},
    )
    stages = prepare(opened.study, folder=opened.folder, frames=opened.frames)
    with bar("specifications", show=progress) as shown:
        return specification_table(
            stages.study,
            stages.panel,
            stages.plans,
            stages.pinned,
            stages.pinned_all,
            progress=shown.count,
        )
