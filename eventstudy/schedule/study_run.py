"""One study of a scheduled call: what it sees, whether that is new, and its folder of files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.asof import NothingYetError, catalogue_hash, panel_hash
from eventstudy.errors import InputError, QualityError
from eventstudy.pipeline import Stages, complete, prepare
from eventstudy.prices.panel import PricePanel
from eventstudy.prices.quality import gate_failed
from eventstudy.report import facts, words
from eventstudy.report.writers import Extras, report_files, write_reports
from eventstudy.results import SCHEMA_VERSION, StudyResult, load, plain_rows, text_columns
from eventstudy.saving import csv_bytes
from eventstudy.schedule.changepage import changes_part, pending_part
from eventstudy.schedule.changes import Changes, compare, leading_tests
from eventstudy.schedule.folders import STATE, json_bytes, read_state
from eventstudy.schedule.pending import PENDING_COLUMNS, hold, horizons, without_pending
from eventstudy.study import Study
from eventstudy.version import __version__

MOST_LEADS = 200

__all__ = ["Ready", "Seen", "content_hash", "fill", "finish", "restore", "see", "store"]


@dataclass(frozen=True, eq=False)
class Seen:
    """A study as far as its headlines and prices, before anything is estimated.

    Attributes
    ----------
    stages : Stages
        Without the events that wait.
    pending : DataFrame
    identity : str
        SHA-256 of all that the report is made from.
    last : dict of str to datetime64
        Asset -> date to which its abnormal returns can be known.
    """

    stages: Stages
    pending: pd.DataFrame
    identity: str
    last: dict[str, np.datetime64]


@dataclass(frozen=True, eq=False)
class Ready:
    """A result that waits to be written, with what the state of its run says."""

    result: StudyResult
    pending: pd.DataFrame
    state: dict[str, Any]


def see(
    study: Study,
    folder: Path,
    *,
    as_of: date | None,
    formats: tuple[str, ...],
    family: str,
    offline: bool = False,
) -> Seen | None:
    """Read and pin what can be seen; None where no headline can be seen yet."""
    stages = _prepared(study, folder, as_of, offline=offline)
    if stages is None:
        return None
    held, pending = hold(stages)
    if held.pinned.empty and pending.empty and held.dropped.empty:
        return None
    basis = [SCHEMA_VERSION, __version__, study.to_dict(), list(formats), family,
             catalogue_hash(stages.catalogue), panel_hash(stages.panel)]  # fmt: skip
    digest = hashlib.sha256(json.dumps(basis, sort_keys=True).encode())
    for asset, plan in stages.plans.items():
        digest.update(asset.encode("utf-8", "backslashreplace"))
        digest.update(plan.calendar.sessions.astype("<i8").tobytes())
        digest.update(plan.calendar.measured_until.astype("<i8").tobytes())
    return Seen(held, pending, digest.hexdigest(), horizons(stages.panel, stages.plans))


def _prepared(study: Study, folder: Path, as_of: date | None, *, offline: bool) -> Stages | None:
    try:
        return prepare(study, folder=folder, as_of=as_of, offline=offline)
    except NothingYetError:
        return None


def finish(seen: Seen, folder: Path, *, as_of: date | None, strict: bool) -> Ready:
    """Estimate and test what is seen.

    Raises
    ------
    QualityError
        With ``strict``, where the prices fail the gate.
    """
    result = without_pending(complete(seen.stages, folder=folder), seen.pending, seen.last)
    if strict and gate_failed(result.quality):
        first = result.quality[result.quality["severity"] == "error"].iloc[0]
        raise QualityError(
            f"--strict: the prices of {first['asset']} failed the quality gate: {first['detail']}"
        )
    edge = max(seen.last.values(), default=None)
    run = dict(result.run) | {"as_of": None if as_of is None else as_of.isoformat(),
                              "pending": len(seen.pending)}  # fmt: skip
    if as_of is not None:
        # The file's own hash would tell of lines that this run has not seen.
        run["hashes"] = {"headlines": catalogue_hash(seen.stages.catalogue),
                         "prices": panel_hash(seen.stages.panel)}  # fmt: skip
    state = {
        "schema_version": 1,
        "study": result.name,
        "identity": seen.identity,
        "prices_to": "" if edge is None else str(edge),
        "pending": len(seen.pending),
        "prices": _price_hashes(seen.stages.panel),
    }
    return Ready(replace(result, run=run), seen.pending, state)


def _price_hashes(
    panel: PricePanel, spans: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, dict[str, str]]:
    """Return first and last date and hash of each column, or of the spans that are given."""
    out = {}
    for name in map(str, panel.close.columns):
        column = panel.close[name].dropna()
        if spans is not None:
            if name not in spans:
                continue
            column = column.loc[spans[name]["first"] : spans[name]["last"]]
        days = column.index.to_numpy().astype("datetime64[D]").astype("<i8")
        digest = hashlib.sha256(days.tobytes())
        digest.update(np.ascontiguousarray(column.to_numpy(dtype="<f8")).tobytes())
        first, last = (str(column.index[i].date()) if len(column) else "" for i in (0, -1))
        out[name] = {"first": first, "last": last, "sha256": digest.hexdigest()}
    return out


def old_prices(
    state: Mapping[str, Any], panel: PricePanel
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the hashes of the last report's prices, and those of the same dates now."""
    was = {k: v for k, v in state.get("prices", {}).items() if v.get("first")}
    now = _price_hashes(panel, was)
    return {k: v["sha256"] for k, v in was.items()}, {k: v["sha256"] for k, v in now.items()}


def store(ready: Ready, folder: Path) -> None:
    """Save what is ready, so that it need not stay in memory."""
    ready.result.save(folder)
    (folder / "pending.csv").write_bytes(_pending_csv(ready.pending))
    (folder / STATE).write_bytes(json_bytes(ready.state))


def content_hash(ready: Ready, formats: tuple[str, ...], family: str, note: str) -> str:
    """Return the SHA-256 of what a reader is told: the tables, not how far the inputs reach."""
    basis = [__version__, ready.result.run.get("study"), ready.result.run.get("warnings"),
             list(formats), family, note]  # fmt: skip
    digest = hashlib.sha256(json.dumps(basis, sort_keys=True).encode())
    for name, frame in ready.result.tables().items():
        digest.update(name.encode() + csv_bytes(text_columns(frame, name)))
    # How far prices reach is no news while the same windows wait.
    digest.update(_pending_csv(ready.pending.drop(columns="reason")))
    return digest.hexdigest()


def _pending_csv(pending: pd.DataFrame) -> bytes:
    return csv_bytes(text_columns(pending, "windows"))


def restore(folder: Path) -> Ready:
    """Read back what :func:`store` saved."""
    pending = pd.read_csv(folder / "pending.csv", dtype=str, keep_default_na=False)
    pending["session"] = pd.to_datetime(pending["session"].replace("", None))
    pending = pending.astype({"start": "int64", "end": "int64"})[PENDING_COLUMNS]
    return Ready(load(folder), pending, read_state(folder))


def fill(
    ready: Ready,
    folder: Path,
    *,
    previous: Path | None,
    prices: tuple[Mapping[str, str], Mapping[str, str]],
    formats: tuple[str, ...],
    family: str,
    note: str,
    interactive: bool = False,
) -> Changes:
    """Write everything of a run into a folder that nobody sees yet.

    Parameters
    ----------
    ready : Ready
    folder : Path
    previous : Path or None
        Run of the last report.
    prices : (mapping, mapping)
        Hashes of old and new prices, see :func:`compare`.
    formats : tuple of str
    family : str
    note : str
        On the family of the adjusted p-values.
    interactive : bool
        Charts of the page can be asked.

    Returns
    -------
    Changes
    """
    old = _previous(previous)
    changes = compare(
        None if old is None else old.result,
        ready.result,
        previous=previous.name if previous else "",
        prices=prices,
        pending=None if old is None else (old.pending, ready.pending),
    )
    first = [changes_part(changes)]
    if len(ready.pending):
        first.append(pending_part(ready.pending, facts.asset_titles(ready.result)))
    extras = Extras(tuple(first), (note,), _sheets(ready, changes))
    files = [*report_files(formats), "changes.json", "pending.csv"]
    state = ready.state | {
        "formats": list(formats),
        "family": family,
        "previous": changes.previous or None,
        "changed": changes.sentence(),
        "question": words.question(ready.result),
        "answer": _newest_answer(ready.result),
        "leads": leading_rows(ready.result),
    }
    store(Ready(ready.result, ready.pending, state), folder)
    write_reports(ready.result, folder, formats, extras=extras, interactive=interactive)
    (folder / "changes.json").write_bytes(json_bytes(changes.to_json()))
    (folder / STATE).write_bytes(json_bytes(state | {"files": sorted(files)}))
    return changes


def _newest_answer(result: StudyResult) -> str:
    """Return the answer for the newest headline, or for all where they are not told one by one."""
    told = words.answer(result)
    if len(result.events) and not facts.is_panel_study(result):
        newest = str(result.events.sort_values("session", kind="stable")["event_id"].iloc[-1])
        label = facts.headlines(result).get(newest, newest)
        found = [f"{one}: {text}" for one, text in told if one == label]
        return found[0] if found else told[0][1]
    return told[0][1]


def leading_rows(result: StudyResult) -> list[dict[str, Any]]:
    """Return the leading tests of the reported windows with both p-values, at most ``MOST_LEADS``.

    Tests across events come before those of single events.
    """
    keys = ["panel", "event_id", "asset", "model", "start", "end", "name", "variant", "pvalue",
            "pvalue_adjusted"]  # fmt: skip
    out: list[dict[str, Any]] = []
    for frame in leading_tests(result):
        known = frame[frame["pvalue"].notna()] if len(frame) else frame
        out += plain_rows(known.reindex(columns=keys).dropna(axis="columns", how="all"))
    return out[:MOST_LEADS]


def _previous(run: Path | None) -> Ready | None:
    if run is None:
        return None
    try:
        return restore(run)
    except (InputError, OSError, ValueError, KeyError):
        # A run of another version, or one that somebody has cleared, has nothing to compare with.
        return None


def _sheets(ready: Ready, changes: Changes) -> dict[str, pd.DataFrame]:
    sheets = {"changes": changes.rows, "pending": ready.pending}
    return {name: frame for name, frame in sheets.items() if len(frame)}
