"""The Python front door: run a study from a file, from settings, or from frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import PrivateAttr

from eventstudy import study as settings
from eventstudy import studyfile
from eventstudy.errors import InputError
from eventstudy.names import Alternative, MissingPolicy, ReturnKind
from eventstudy.resources import data_dir
from eventstudy.results import StudyResult

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

    def run(self, *, folder: str | Path | None = None) -> StudyResult:
        """Run the study; relative paths are read against ``folder``, by default its file's."""
        from eventstudy.pipeline import run_study

        return run_study(self, folder=self._folder if folder is None else Path(folder))


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
    model: str = "market_model",
    benchmark: str | Sequence[str] | None = None,
    also: Sequence[str] = (),
    risk_free: str | None = None,
    calendar: str | Mapping[str, str] | None = None,
    close: str | Mapping[str, str] | None = None,
    panel: str | Mapping[str, str] | None = None,
    estimation: Range | None = None,
    window: Range | None = None,
    report: Sequence[Range] | None = None,
    min_observations: int | None = None,
    missing: MissingPolicy | None = None,
    kind: ReturnKind = "simple",
    tests: str | Sequence[str] = "recommended",
    alternative: Alternative = "two-sided",
    timezone: str | None = None,
    name: str = "study",
    seed: int | None = None,
    folder: str | Path = ".",
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
        Model of expected returns and its regressors (columns of the prices).
    calendar, close, panel : str or mapping of asset to str, optional
        Calendar (MIC or ``"observed"``), clock of the price and panel, for all assets or each.
    estimation, window : (int, int), optional
        Sessions relative to day 0, both ends included.
    report : sequence of (int, int), optional
        Windows that are tested besides the single days.
    min_observations, missing, kind, tests, alternative, timezone, name, seed
        As in the study file.
    folder : path
        Folder against which relative paths are read.

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        In one sentence: what is wrong, where, and what to do.

    Examples
    --------
    >>> import eventstudy as es
    >>> es.run().pinned.position.iloc[0]
    'pre-open'
    """
    from eventstudy.pipeline import run_study

    if study is None and events is None:
        study = flagship()
    if study is not None:
        if events is not None or prices is not None or returns is not None:
            raise InputError("give either a study or events and prices, not both")
        if isinstance(study, settings.Study):
            return run_study(study, folder=Path(folder))
        path = Path(study)
        return run_study(studyfile.load_study(path), folder=path.parent)
    data = {
        "study": _given(name=name, returns=kind, missing=missing, seed=seed),
        "events": _events(events, timezone),
        "prices": _prices(prices, returns),
        "model": _given(
            name=model,
            benchmark=_plain(benchmark),
            also=list(also) or None,
            risk_free=risk_free,
        ),
        "windows": _given(
            estimation=_plain(estimation),
            event=_plain(window),
            report=None if report is None else [list(r) for r in report],
            min_observations=min_observations,
        ),
        "tests": {"names": _plain(tests), "alternative": alternative},
    }
    frames = _frames(events, prices, returns)
    data["assets"] = _assets(frames, prices, {"calendar": calendar, "close": close, "panel": panel})
    return run_study(studyfile.study_from_dict(data), folder=Path(folder), frames=frames)


def _given(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return [v if isinstance(v, str) else int(v) for v in value]


def _events(events: object, timezone: str | None) -> dict[str, object]:
    if isinstance(events, pd.DataFrame):
        return _given(frame=True, timezone=timezone)
    return _given(file=str(events), timezone=timezone)


def _prices(prices: object, returns: object) -> dict[str, object]:
    if (prices is None) == (returns is None):
        raise InputError("give prices or returns, one of the two")
    if returns is not None:
        return {"source": "frame", "kind": "returns"}
    if isinstance(prices, pd.DataFrame):
        return {"source": "frame", "kind": "prices"}
    if str(prices) in ("bundled", "yahoo"):
        return {"source": str(prices)}
    return {"source": "file", "file": str(prices)}


def _frames(events: object, prices: object, returns: object) -> dict[str, pd.DataFrame]:
    given = {"events": events, "prices": prices if returns is None else returns}
    return {k: v for k, v in given.items() if isinstance(v, pd.DataFrame)}


def _assets(
    frames: Mapping[str, pd.DataFrame],
    prices: object,
    choices: Mapping[str, str | Mapping[str, str] | None],
) -> dict[str, dict[str, str]]:
    """Return ``[assets]`` tables for what is said of all assets or of each."""
    everyone = [str(c) for c in frames["prices"].columns] if "prices" in frames else []
    out: dict[str, dict[str, str]] = {}
    for key, choice in choices.items():
        if choice is None:
            continue
        if isinstance(choice, str):
            if not everyone:
                raise InputError(
                    f"{key}='{choice}' for all assets needs a frame of prices; with "
                    f"prices='{prices}' give a mapping of asset to {key}"
                )
            choice = dict.fromkeys(everyone, choice)
        for asset, value in choice.items():
            out.setdefault(str(asset), {})[key] = value
    return out


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
    models: Sequence[str] | None = None,
    estimation: Sequence[Range] | None = None,
    windows: Sequence[Range] | None = None,
    tests: str | Sequence[str] | None = None,
    folder: str | Path = ".",
) -> pd.DataFrame:
    """Run a study for every choice of model, estimation window, event window and test.

    Parameters
    ----------
    study : path or Study, optional
        The bundled flagship if not given. Its ``[specification]`` says what is not said here, and
        its other sections what that does not say.
    models : sequence of str, optional
    estimation, windows : sequence of (int, int), optional
        Sessions relative to day 0, both ends included.
    tests : str or sequence of str, optional
        Names of statistics; the ones that lead if not given.
    folder : path
        Folder against which the relative paths of a :class:`Study` are read.

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

    study = flagship() if study is None else study
    if isinstance(study, settings.Study):
        made, where = study, Path(folder)
    else:
        made, where = studyfile.load_study(study), Path(study).parent
    given = _given(
        models=_plain(models), estimation=_pairs(estimation), windows=_pairs(windows),
        tests=_plain(tests),
    )  # fmt: skip
    data = made.model_dump(by_alias=True)
    data["specification"] = (data.get("specification") or {}) | given
    stages = prepare(studyfile.study_from_dict(data), folder=where)
    return specification_table(
        stages.study, stages.panel, stages.plans, stages.pinned, stages.pinned_all
    )


def _pairs(value: Sequence[Range] | None) -> list[list[int]] | None:
    return None if value is None else [list(pair) for pair in value]
