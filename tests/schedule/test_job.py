"""The scheduled job: whole runs, nothing twice, what waits, and what one study does to others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from small_studies import Job, contents, make_study, price_text

import eventstudy as es
from eventstudy.errors import InputError, LockedError
from eventstudy.inference.multiplicity import holm
from eventstudy.schedule import JobOptions, run_job
from eventstudy.schedule.folders import locked, slug_of


def stamps(folder: Path) -> dict[str, int]:
    return {str(p): p.lstat().st_mtime_ns for p in folder.rglob("*") if p.name != ".lock"}


def test_first_report_then_nothing_new(study: Path, job: Job, tmp_path: Path) -> None:
    (first,) = job(study)
    assert (first.status, first.code, first.pending) == ("new", 0, 0)
    out = tmp_path / "out"
    run = out / first.run
    assert run.name.startswith("0001-")
    assert (out / "small" / "latest").resolve() == run.resolve()
    assert {"report.md", "changes.json", "pending.csv", "run.json", "tests.csv"} <= {
        p.name for p in run.iterdir()
    }
    assert json.loads((run / "changes.json").read_text())["previous"] is None
    before, times = contents(out, clock=True), stamps(out)
    (second,) = job(study)
    assert (second.status, second.code, second.run) == ("unchanged", 0, first.run)
    assert contents(out, clock=True) == before
    assert stamps(out) == times


def test_the_newest_run_loads_as_a_result(study: Path, job: Job, tmp_path: Path) -> None:
    job(study)
    result = es.load(tmp_path / "out" / "small" / "latest")
    pd.testing.assert_frame_equal(result.tests, es.run(study).tests, check_dtype=False)


def test_prices_that_go_on_are_no_news(study: Path, job: Job) -> None:
    job(study, as_of=date(2021, 6, 1))
    assert job(study, as_of=date(2021, 6, 2))[0].status == "unchanged"
    assert job(study)[0].status == "unchanged"


def test_windows_wait_and_are_finished(study: Path, job: Job, tmp_path: Path) -> None:
    latest = tmp_path / "out" / "small" / "latest"
    (waiting,) = job(study, as_of=date(2021, 3, 15))
    assert (waiting.status, waiting.code) == ("waiting", 0)
    assert not (tmp_path / "out").exists()
    (first,) = job(study, as_of=date(2021, 3, 16))
    assert (first.status, first.code) == ("new", 0)
    pending = pd.read_csv(latest / "pending.csv")
    assert pending[["event_id", "start", "end"]].to_numpy().tolist() == [
        ["one", 0, 2],
        ["one", -1, 2],
    ]
    held = es.load(latest)
    day = held.windows.set_index(["start", "end"])
    assert day.loc[(0, 0), "car"] == day.loc[(0, 0), "car"]
    assert day.loc[(0, 2), "note"] == "pending"
    assert held.dropped.empty
    (second,) = job(study, as_of=date(2021, 3, 18))
    assert second.pending == 0
    assert second.changes["completed"] == 2
    full = es.run(study).windows.query("event_id == 'one'").reset_index(drop=True)
    done = es.load(latest).windows
    assert done["car"].tolist() == pytest.approx(full["car"].tolist(), rel=1e-12)


def test_a_headline_ahead_of_the_prices_waits_whole(study: Path, job: Job, tmp_path: Path) -> None:
    study.with_name("prices.csv").write_text(price_text("2021-05-17"))
    (first,) = job(study)
    assert first.code == 0
    pending = pd.read_csv(tmp_path / "out" / "small" / "latest" / "pending.csv")
    assert set(pending["event_id"]) == {"two"}
    assert set(es.load(tmp_path / "out" / "small" / "latest").events["event_id"]) == {"one"}
    study.with_name("prices.csv").write_text(price_text("2021-05-20"))
    (second,) = job(study)
    assert second.pending == 0
    # It was told as pending, so it is no news; now all three windows of both assets are there.
    assert second.changes == {"completed": 6}


NEW_YORK = '[assets.AAA]\ncalendar = "XNYS"\n[assets.BBB]\ncalendar = "XNYS"\n'


def ahead(study: Path, stamp: str, policy: str, assets: str) -> None:
    """Prices end on Monday 2021-05-17; the second headline comes after that."""
    study.with_name("prices.csv").write_text(price_text("2021-05-17"))
    events = study.with_name("events.csv")
    events.write_text(events.read_text().replace("2021-05-18", stamp))
    line = f'file = "events.csv"\npolicy = "{policy}"'
    study.write_text(study.read_text().replace('file = "events.csv"', line) + assets)


@pytest.mark.parametrize(
    ("stamp", "assets", "policy"),
    [
        *(("2021-05-18", "", policy) for policy in ("next", "previous", "exclude", "error")),
        # Of a calendar that the prices make nobody knows yet whether a Saturday is a session.
        ("2021-05-22", "", "error"),
        ("2021-05-18", NEW_YORK, "error"),
        ("2027-03-01", NEW_YORK, "error"),
    ],
)
def test_a_date_after_the_last_price_waits_under_every_policy(
    stamp: str, assets: str, policy: str, study: Path, job: Job
) -> None:
    ahead(study, stamp, policy, assets)
    (outcome,) = job(study)
    assert (outcome.status, outcome.code, outcome.pending) == ("new", 0, 6), outcome.message


@pytest.mark.parametrize(("policy", "code", "pending"), [
    ("next", 0, 6), ("previous", 0, 6), ("exclude", 3, 0), ("error", 2, 0),
])  # fmt: skip
def test_a_date_that_an_exchange_knows_for_no_session_is_judged_at_once(
    policy: str, code: int, pending: int, study: Path, job: Job
) -> None:
    ahead(study, "2021-05-22", policy, NEW_YORK)
    (outcome,) = job(study)
    assert (outcome.code, outcome.pending) == (code, pending)
    assert ("2021-05-22 is no session of XNYS" in outcome.message) == (policy == "error")


def test_with_skip_an_event_waits_until_its_window_is_there(study: Path, job: Job) -> None:
    text = study.read_text()
    study.write_text(text.replace('name = "small"', 'name = "small"\nmissing = "skip"'))
    (first,) = job(study, as_of=date(2021, 5, 19))
    assert (first.code, first.pending) == (0, 4)
    assert set(es.load(study.parent.parent / "out" / first.run).events["event_id"]) == {"one"}


def test_as_of_sees_nothing_after_it(study: Path, tmp_path: Path) -> None:
    day = date(2021, 5, 19)
    run_job([study], JobOptions(tmp_path / "a", ("md",), as_of=day))
    cut = make_study(tmp_path / "cut", last="2021-05-19")
    cut.with_name("events.csv").write_text(study.with_name("events.csv").read_text())
    study.with_name("events.csv").write_text(
        study.with_name("events.csv").read_text() + "three,2021-06-01,AAA,a third headline\n"
    )
    run_job([study], JobOptions(tmp_path / "b", ("md",), as_of=day))
    run_job([cut], JobOptions(tmp_path / "c", ("md",), as_of=day))
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")


def test_what_changed_is_told(study: Path, job: Job, tmp_path: Path) -> None:
    job(study)
    events = study.with_name("events.csv")
    events.write_text(events.read_text().replace("2021-03-16", "2021-03-18")
                      + "three,2021-06-01,AAA,a third headline\n")  # fmt: skip
    lines = price_text().split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("2021-05-18"))
    day, market, own, other = lines[at].split(",")
    lines[at] = f"{day},{market},{float(own) * 1.2:.4f},{other}"
    study.with_name("prices.csv").write_text("\n".join(lines))
    (second,) = job(study)
    assert second.changes["new_event"] == 1
    assert second.changes["day_0"] == 1
    assert second.changes["revised_price"] == 1
    assert second.changes["crossed"] >= 1
    assert second.changes["moved"] >= 1
    run = tmp_path / "out" / second.run
    told = json.loads((run / "changes.json").read_text())
    assert told["counts"] == second.changes
    moved = next(c for c in told["changes"] if c["kind"] == "day_0")
    assert (moved["event_id"], moved["old"], moved["new"]) == ("one", "2021-03-16", "2021-03-18")
    price = next(c for c in told["changes"] if c["kind"] == "revised_price")
    assert price["asset"] == "AAA"
    assert price["new"] == pytest.approx(1.2 * price["old"], rel=1e-4)
    text = (run / "report.md").read_text()
    assert text.index("What changed since the last report") < text.index("What did prices do")


def test_a_price_far_from_any_chart_is_seen_to_be_revised(study: Path, job: Job) -> None:
    job(study)
    prices = study.with_name("prices.csv")
    lines = prices.read_text().split("\n")
    day, market, own, other = lines[3].split(",")
    lines[3] = f"{day},{market},{float(own) + 9},{other}"
    prices.write_text("\n".join(lines))
    assert job(study)[0].changes["revised_price"] == 1


def test_settings_that_change_are_told(study: Path, job: Job, tmp_path: Path) -> None:
    job(study)
    study.write_text(study.read_text().replace("[[0, 0], [0, 2]]", "[[0, 0], [0, 1]]"))
    (second,) = job(study)
    told = json.loads((tmp_path / "out" / second.run / "changes.json").read_text())
    assert [c["what"] for c in told["changes"] if c["kind"] == "settings"] == ["windows.report"]


def test_keep(study: Path, job: Job, tmp_path: Path) -> None:
    for day in (16, 17, 18):
        job(study, as_of=date(2021, 3, day), keep=2)
    runs = sorted(p.name[:4] for p in (tmp_path / "out" / "small").iterdir() if p.is_dir()
                  and not p.is_symlink())  # fmt: skip
    assert runs == ["0002", "0003"]
    with pytest.raises(InputError, match="--keep"):
        job(study, keep=0)


def test_a_failure_stops_nobody_else(study: Path, job: Job, tmp_path: Path) -> None:
    wrong = make_study(tmp_path / "wrong", "wrong")
    wrong.with_name("prices.csv").write_text("date,MKT,AAA\n2021-01-04,1,x\n")
    bad = tmp_path / "in" / "bad.toml"
    bad.write_text("[event]\n")
    outcomes = job(bad, wrong, study)
    assert [o.status for o in outcomes] == ["failed", "failed", "new"]
    assert [o.code for o in outcomes] == [2, 2, 0]
    assert "wrong" in (tmp_path / "out" / "index.html").read_text()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [f["study"] for f in summary["failed"]] == ["bad", "wrong"]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        ".lock", "index.html", "summary.json", "small"
    }  # fmt: skip


def test_who_fails_later_keeps_the_last_report(study: Path, job: Job, tmp_path: Path) -> None:
    (good,) = job(study)
    study.with_name("events.csv").write_text("event_id,timestamp\none,never\n")
    (failed,) = job(study)
    assert (failed.status, failed.code, failed.run) == ("failed", 2, good.run)
    assert (tmp_path / "out" / "small" / "latest" / "report.md").exists()


def test_only_wrong_studies_leave_nothing(tmp_path: Path, job: Job) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[event]\n")
    assert job(bad)[0].code == 2
    assert not (tmp_path / "out").exists()


def test_two_studies_of_one_name(study: Path, job: Job, tmp_path: Path) -> None:
    twin = make_study(tmp_path / "twin")
    outcomes = job(study, twin, study)
    assert [o.code for o in outcomes] == [0, 2]
    assert "both called 'small'" in outcomes[1].message


def test_an_input_is_never_overwritten(study: Path, job: Job) -> None:
    events = study.parent / "summary.json"
    events.write_text('[{"event_id": "one", "timestamp": "2021-03-16"}]')
    study.write_text(study.read_text().replace("events.csv", "summary.json"))
    before = events.read_bytes()
    (outcome,) = job(study, out=study.parent)
    assert outcome.code == 2
    assert events.read_bytes() == before


def test_the_second_of_two_leaves_at_once(study: Path, job: Job, tmp_path: Path) -> None:
    with locked(tmp_path / "out"), pytest.raises(LockedError, match="another run holds the lock"):
        job(study)
    assert job(study)[0].status == "new"


def test_strict(study: Path, job: Job, tmp_path: Path) -> None:
    prices = study.with_name("prices.csv")
    rows = prices.read_text().split("\n")
    at = next(i for i, row in enumerate(rows) if row.startswith("2021-05-11"))
    day, market, _, other = rows[at].split(",")
    rows[at] = f"{day},{market},-5.0,{other}"
    prices.write_text("\n".join(rows))
    assert job(study, strict=True)[0].code == 6
    assert not (tmp_path / "out").exists()


def test_the_family_of_a_call(study: Path, job: Job, tmp_path: Path) -> None:
    other = make_study(tmp_path / "other", "other")
    other.with_name("events.csv").write_text(
        "event_id,timestamp,asset\nx,2021-04-06,AAA\ny,2021-05-04,BBB\n"
    )
    alone = {o.name: o for o in job(study, other)}
    out = tmp_path / "out"
    raw = {n: es.load(out / o.run).tests for n, o in alone.items()}
    call = {o.name: o for o in job(study, other, family="call")}
    assert [o.status for o in call.values()] == ["new", "new"]
    known = "leads and pvalue == pvalue"
    p = pd.concat([raw[n].query(known)["pvalue"] for n in ("small", "other")])
    done = {n: es.load(out / call[n].run).tests for n in ("small", "other")}
    got = pd.concat([frame.query(known)["pvalue_adjusted"] for frame in done.values()])
    assert len(got) > 3
    assert got.tolist() == holm(p.to_numpy()).tolist()
    for o in call.values():
        assert "all 2 studies of this call" in (out / o.run / "report.md").read_text()
    assert "all 2 studies" in json.loads((out / "summary.json").read_text())["family"]["note"]
    before = contents(out, clock=True)
    assert [o.status for o in job(study, other, family="call")] == ["unchanged", "unchanged"]
    assert contents(out, clock=True) == before


@pytest.mark.slow
def test_one_more_study_changes_the_family_of_all(study: Path, job: Job, tmp_path: Path) -> None:
    other = make_study(tmp_path / "other", "other")
    job(study, family="call")
    outcomes = job(study, other, family="call")
    assert [o.status for o in outcomes] == ["new", "new"]
    assert outcomes[0].run.startswith("small/0002-")


def test_names_of_folders() -> None:
    assert slug_of("a/b") != slug_of("a b") != slug_of("a-b")
    assert slug_of("..") not in ("..", ".")
    assert slug_of("index.html") != "index.html"
    assert slug_of("\u0434\u0430") != slug_of("\u043d\u0435\u0442")


def test_what_is_gone_and_what_is_left_out_is_told(study: Path, job: Job, tmp_path: Path) -> None:
    job(study)
    study.with_name("events.csv").write_text(
        "event_id,timestamp,asset\ntwo,2021-05-18,\nzero,2021-01-06,AAA\n"
    )
    (second,) = job(study)
    assert (second.code, second.left_out) == (3, 1)
    assert second.changes == {"new_event": 1, "gone_event": 1, "left_out": 1}
    told = json.loads((tmp_path / "out" / second.run / "changes.json").read_text())["changes"]
    left = next(c for c in told if c["kind"] == "left_out")
    assert (left["event_id"], left["what"]) == ("zero", "too few estimation returns")
