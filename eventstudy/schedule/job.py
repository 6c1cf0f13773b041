"""The scheduled job: each study on its own, one summary, one index."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eventstudy.errors import EventStudyError, InputError
from eventstudy.report.writers import check_formats
from eventstudy.results import left_out, load
from eventstudy.saving import check_no_input
from eventstudy.schedule.family import Member, adjust_call, leading_p, with_adjusted
from eventstudy.schedule.folders import (
    INDEX,
    SUMMARY,
    WORK,
    json_bytes,
    locked,
    newest,
    prune,
    publish,
    read_state,
    slug_of,
    write_if_changed,
)
from eventstudy.schedule.outcome import DONE, FAULT, LEFT_OUT, JobOptions, Outcome
from eventstudy.schedule.pages import index_page, states_of
from eventstudy.schedule.study_run import (
    Ready,
    content_hash,
    fill,
    finish,
    old_prices,
    restore,
    see,
    store,
)
from eventstudy.study import Study
from eventstudy.studyfile import load_study, study_files

__all__ = ["JobOptions", "Outcome", "Tell", "run_job"]

Tell = Callable[[dict[str, Any]], None]
_ALONE = "Adjusted p-values count the leading tests of this study alone."


@dataclass(frozen=True)
class _Item:
    path: Path
    study: Study
    place: Path

    @property
    def folder(self) -> Path:
        return self.path.parent


def _quiet(event: dict[str, Any]) -> None:
    """Take no notice."""


def run_job(studies: Sequence[Path], options: JobOptions, *, tell: Tell = _quiet) -> list[Outcome]:
    """Write the reports of some studies.

    Parameters
    ----------
    studies : sequence of Path
        Study files; one that is named twice counts once.
    options : JobOptions
    tell : callable
        Called with what happens, as plain values.

    Returns
    -------
    list of Outcome
        One a study, in the order given; a study that fails does not stop the others.

    Raises
    ------
    LockedError
        If another process works on the same folder.
    InputError
        If the folder can't be written to, or a format is unknown.
    """
    check_formats(options.formats, interactive=options.interactive)
    if options.keep is not None and options.keep < 1:
        raise InputError(f"--keep must be 1 or more, not {options.keep}")
    once = list({p.resolve(): p for p in studies}.values())
    with locked(options.out):
        _sweep(options.out)
        items, outcomes = _load(once, options)
        for outcome in outcomes.values():
            tell({"event": "study_done", **outcome.to_json()})
        work = options.out / WORK
        one = _call if options.family == "call" else _each
        outcomes |= one(items, options, work, tell)
        ordered = [outcomes[p] for p in once]
        if any(o.run for o in ordered) or states_of(options.out):
            _overview(ordered, options)
    return ordered


def _sweep(out: Path) -> None:
    """Take away what a run that was killed while it wrote the index has left beside it."""
    for name in (INDEX, SUMMARY):
        for rest in out.glob(f".{name}.*"):
            rest.unlink(missing_ok=True)


def _load(paths: Sequence[Path], options: JobOptions) -> tuple[list[_Item], dict[Path, Outcome]]:
    """Read all study files; those that are wrong, or share a name, fail here."""
    items: list[_Item] = []
    failed: dict[Path, Outcome] = {}
    taken: dict[str, Path] = {}
    for path in paths:
        try:
            study = load_study(path)
            slug = slug_of(study.study.name)
            if slug.casefold() in taken:
                raise InputError(
                    f"{path} and {taken[slug.casefold()]} are both called '{study.study.name}'; "
                    "give one of them another [study] name"
                )
            inputs = [path, *(f for _, f in study_files(study, path.parent))]
            check_no_input(options.out, inputs, [INDEX, SUMMARY])
        except EventStudyError as error:
            failed[path] = Outcome(str(path), path.stem, "failed", error.exit_code, str(error))
            continue
        taken[slug.casefold()] = path
        items.append(_Item(path, study, options.out / slug))
    return items, failed


def _guarded(item: _Item, act: Callable[[], Outcome], options: JobOptions, tell: Tell) -> Outcome:
    """Do one study's part; whatever is wrong with it stays with it."""
    name = item.study.study.name
    tell({"event": "study_started", "study": str(item.path), "name": name})
    try:
        outcome = act()
    except EventStudyError as error:
        outcome = Outcome(str(item.path), name, "failed", error.exit_code, str(error))
    except Exception as error:
        what = " ".join(str(error).split())[:300]
        text = f"fault in the program: {type(error).__name__}: {what}"
        trace = "".join(traceback.format_exception(error))
        outcome = Outcome(str(item.path), name, "failed", FAULT, text, trace=trace)
    if outcome.status == "failed":
        run = newest(item.place)
        where = "" if run is None else run.relative_to(options.out).as_posix()
        outcome = replace(outcome, run=where)
    tell({"event": "study_done", **outcome.to_json(), "trace": outcome.trace})
    return outcome


def _each(
    items: Sequence[_Item], options: JobOptions, work: Path, tell: Tell
) -> dict[Path, Outcome]:
    """Do one study after the other; each is adjusted for itself."""
    return {
        item.path: _guarded(item, lambda item=item: _alone(item, options, work), options, tell)  # type: ignore[misc]
        for item in items
    }


def _seen_before(item: _Item, identity: str) -> tuple[Path | None, dict[str, Any], bool]:
    previous = newest(item.place)
    state = read_state(previous)
    return previous, state, state.get("identity") == identity


def _alone(item: _Item, options: JobOptions, work: Path) -> Outcome:
    seen = see(item.study, item.folder, as_of=options.as_of, formats=options.asked,
               family=options.family, offline=options.offline)  # fmt: skip
    if seen is None:
        return _waiting(item)
    previous, state, same = _seen_before(item, seen.identity)
    if same and previous is not None:
        return _unchanged(item, options, previous, state)
    ready = finish(seen, item.folder, as_of=options.as_of, strict=options.strict)
    prices = old_prices(state, seen.stages.panel)
    return _publish(item, options, work, ready, previous, prices, _ALONE)


def _waiting(item: _Item) -> Outcome:
    text = "no headline can be seen yet"
    return Outcome(str(item.path), item.study.study.name, "waiting", message=text)


def _unchanged(item: _Item, options: JobOptions, run: Path, state: dict[str, Any]) -> Outcome:
    prune(item.place, options.keep)
    return Outcome(
        str(item.path), item.study.study.name, "unchanged",
        message=f"nothing new since report {run.name}",
        run=run.relative_to(options.out).as_posix(), pending=int(state.get("pending", 0)),
    )  # fmt: skip


def _publish(
    item: _Item,
    options: JobOptions,
    work: Path,
    ready: Ready,
    previous: Path | None,
    prices: tuple[dict[str, str], dict[str, str]],
    note: str,
) -> Outcome:
    content = content_hash(ready, options.asked, options.family, note)
    state = read_state(previous)
    if previous is not None and state.get("content") == content:
        return _unchanged(item, options, previous, state)
    ready = replace(ready, state=ready.state | {"content": content})
    folder = work / f"{item.place.name}.run"
    folder.mkdir(parents=True)
    try:
        changes = fill(ready, folder, previous=previous, prices=prices, formats=options.formats,
                       family=options.family, note=note,
                       interactive=options.interactive)  # fmt: skip
        run = publish(folder, item.place, str(ready.state["identity"]))
    except OSError as error:
        raise InputError(
            f"--out {options.out} can't be written to: {error.strerror or error}"
        ) from None
    prune(item.place, options.keep)
    left = len(left_out(ready.result).drop_duplicates(["event_id", "asset"]))
    return Outcome(
        str(item.path), item.study.study.name, "new", LEFT_OUT if left else DONE,
        changes.sentence(), run.relative_to(options.out).as_posix(), len(ready.pending), left,
        changes.counts(),
    )  # fmt: skip


def _call(
    items: Sequence[_Item], options: JobOptions, work: Path, tell: Tell
) -> dict[Path, Outcome]:
    """Do all studies first, then adjust over all of them, then write.

    Between the two steps the results lie in files, so that memory holds one at a time.
    """
    done: dict[Path, Outcome] = {}
    members: dict[Path, Member] = {}
    hashes: dict[Path, tuple[dict[str, str], dict[str, str]]] = {}
    for item in items:
        outcome = _guarded(
            item,
            lambda item=item: _first_step(item, options, work, members, hashes),  # type: ignore[misc]
            options,
            lambda event: None if event.get("status") == "ready" else tell(event),
        )
        if outcome.status != "ready":
            done[item.path] = outcome
    adjusted = dict(zip(members, adjust_call(list(members.values())), strict=True))
    total = sum(len(p) for m in members.values() for p in m.pvalues.values())
    note = (
        f"Adjusted p-values count the {total} leading tests of all {len(members)} studies of this "
        "call, by Holm's method: those across events and those of single events each as one family."
    )
    for item in items:
        if item.path in adjusted:
            member, pair = adjusted[item.path], hashes[item.path]
            done[item.path] = _guarded(
                item,
                lambda i=item, m=member, p=pair: _second_step(i, options, work, m, p, note),  # type: ignore[misc]
                options,
                tell,
            )
    return done


def _first_step(
    item: _Item,
    options: JobOptions,
    work: Path,
    members: dict[Path, Member],
    hashes: dict[Path, tuple[dict[str, str], dict[str, str]]],
) -> Outcome:
    seen = see(item.study, item.folder, as_of=options.as_of, formats=options.asked,
               family=options.family, offline=options.offline)  # fmt: skip
    if seen is None:
        return _waiting(item)
    previous, state, same = _seen_before(item, seen.identity)
    if same and previous is not None:
        result = load(previous)
    else:
        ready = finish(seen, item.folder, as_of=options.as_of, strict=options.strict)
        result = ready.result
        store(ready, work / f"{item.place.name}.ready")
    members[item.path] = leading_p(result, item.study.study.name)
    hashes[item.path] = old_prices(state, seen.stages.panel)
    return Outcome(str(item.path), item.study.study.name, "ready")


def _second_step(
    item: _Item,
    options: JobOptions,
    work: Path,
    adjusted: Member,
    prices: tuple[dict[str, str], dict[str, str]],
    note: str,
) -> Outcome:
    previous = newest(item.place)
    state = read_state(previous)
    stored = work / f"{item.place.name}.ready"
    if not stored.exists() and previous is not None:
        if state.get("family_digest") == adjusted.digest() and state.get("family_note") == note:
            return _unchanged(item, options, previous, state)
        stored = previous
    ready = restore(stored)
    more = {"family_digest": adjusted.digest(), "family_note": note}
    ready = Ready(with_adjusted(ready.result, adjusted), ready.pending, ready.state | more)
    outcome = _publish(item, options, work, ready, previous, prices, note)
    if stored != previous:
        shutil.rmtree(stored, ignore_errors=True)
    return outcome


def _overview(outcomes: Sequence[Outcome], options: JobOptions) -> None:
    """Write the index and the summary, unless they say the same already."""
    states = states_of(options.out)
    failed = {o.name: o.message for o in outcomes if o.status == "failed"}
    notes = [s.get("family_note") for s in states.values() if s.get("family_note")]
    family = (
        str(notes[0])
        if options.family == "call" and notes
        else ("Adjusted p-values count the leading tests of one study each.")
    )
    write_if_changed(options.out / INDEX, index_page(states, failed, family))
    summary = {
        "schema_version": 1,
        "family": {"kind": options.family, "note": family},
        "studies": [_summary(slug, state) for slug, state in states.items()],
        "failed": [{"study": k, "message": v} for k, v in sorted(failed.items())],
    }
    write_if_changed(options.out / SUMMARY, json_bytes(summary))


def _summary(slug: str, state: dict[str, Any]) -> dict[str, Any]:
    keys = ("study", "run", "identity", "prices_to", "pending", "family", "previous", "changed",
            "question", "answer", "leads")  # fmt: skip
    return {"folder": slug} | {key: state.get(key) for key in keys}
