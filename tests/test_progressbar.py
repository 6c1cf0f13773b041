"""A bar only where somebody looks: a notebook or a terminal, late, and gone when work is done."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import eventstudy as es
from eventstudy import progressbar
from eventstudy.progressbar import MARK, PATIENCE, Bar


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Screen:
    """What a bar shows."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def show(self, title: str, done: int, total: int) -> None:
        self.told.append((title, done, total))

    def close(self) -> None:
        self.told.append("closed")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progressbar, "time", made)
    return made


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr(progressbar, "_Terminal", lambda: made)
    monkeypatch.setattr(progressbar, "_in_notebook", lambda: False)
    monkeypatch.setattr(progressbar, "_on_terminal", lambda: True)
    return made


def test_short_work_shows_nothing(clock: Clock, screen: Screen) -> None:
    with es.progress("samples") as bar:
        for done in range(4):
            bar.count(done, 3)
    assert screen.told == []


def test_long_work_shows_how_far_it_is(clock: Clock, screen: Screen) -> None:
    with es.progress("samples") as bar:
        bar.count(1, 400)
        clock.now += PATIENCE
        bar.count(2, 400)
        bar.count(3, 400)  # too soon after the last
        clock.now += 1.0
        bar.stage("prices", 5, 400)
        bar.count(400, 400)
    assert screen.told == [("samples", 2, 400), ("prices", 5, 400), ("samples", 400, 400), "closed"]


def test_it_may_be_asked_for_and_turned_off(clock: Clock, screen: Screen) -> None:
    with es.progress("a", show=True) as bar:
        bar.count(1, 2)
    assert screen.told == [("a", 1, 2), "closed"]
    screen.told.clear()
    with es.progress("a", show=False) as bar:
        clock.now += 100.0
        bar.count(1, 2)
    assert screen.told == []


def test_a_fault_takes_the_bar_away(clock: Clock, screen: Screen) -> None:
    with pytest.raises(ZeroDivisionError), es.progress(show=True) as bar:
        bar.count(1, 2)
        raise ZeroDivisionError
    assert screen.told[-1] == "closed"


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch, capsys: Any, clock: Clock) -> None:
    monkeypatch.setattr(progressbar, "_in_notebook", lambda: False)
    bar = Bar(show=True)
    clock.now += 100.0
    bar.count(1, 2)
    bar.close()
    assert capsys.readouterr() == ("", "")


def test_a_run_tells_its_stages(clock: Clock, screen: Screen) -> None:
    study = es.Study(
        events={"list": [{"event_id": "e", "timestamp": "2022-02-15"}]},
        prices={"source": "bundled", "assets": ["XOM"]},
        model={"name": "constant_mean"},
    )
    es.run(study, progress=True)
    stages = [t[0] for t in screen.told[:-1]]
    assert stages[0] == "headlines"
    assert screen.told[-1] == "closed"
    screen.told.clear()
    es.specification(study, windows=[(0, 0)], progress=True)
    assert screen.told == [("specifications", 0, 1), "closed"]


def test_a_notebook_gets_one_output_that_is_emptied(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    ipython = pytest.importorskip("IPython.display")
    shown: list[tuple[str, dict[str, Any]]] = []

    class Handle:
        def update(self, data: dict[str, str], **more: Any) -> None:
            shown.append((data["text/html"], more["metadata"]))

    def display(data: dict[str, str], **more: Any) -> Handle:
        shown.append((data["text/html"], more["metadata"]))
        return Handle()

    monkeypatch.setattr(ipython, "display", display)
    monkeypatch.setattr(progressbar, "_in_notebook", lambda: True)
    with es.progress("<b>", show=True) as bar:
        bar.count(1, 2)
    assert [html for html, _ in shown] == [
        "",
        '<label>&lt;b&gt; <progress value="1" max="2">1 of 2</progress> 1 of 2</label>',
        "",
    ]
    assert all(meta == {MARK: True} for _, meta in shown)


SCRIPT = """import time
import eventstudy as es
with es.progress("samples", show=True) as bar:
    bar.count(1, 2)
    time.sleep(0.2)
print("done")
"""


def test_on_a_real_terminal_the_bar_is_on_stderr_alone(tmp_path: Path) -> None:
    parent, child = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(Path(es.__file__).parent.parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=child, env=env, cwd=tmp_path
    )
    os.close(child)
    out, told = process.communicate()[0], b""
    try:
        while part := os.read(parent, 4096):
            told += part
    except OSError:  # the other end of a terminal is closed
        pass
    finally:
        os.close(parent)
    assert out == b"done\n"
    assert b"samples" in told
