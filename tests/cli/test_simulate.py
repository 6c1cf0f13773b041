"""``eventstudy simulate``: tables, files, the same numbers again, and wrong words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def command(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "eventstudy", "simulate", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_size_gives_a_table_a_chart_and_the_same_bytes_for_any_worker(tmp_path: Path) -> None:
    for workers in (1, 2):
        done = command(
            "size", "--design", "a,d", "-n", 6, "--tests", "bmp_t", "--workers", workers,
            "--out", tmp_path / str(workers), "--quiet",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    names = sorted(p.name for p in (tmp_path / "1").iterdir())
    assert names == ["size.csv", "size.svg"]
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_power_as_json_names_its_seed() -> None:
    done = command(
        "power", "--design", "a", "-n", 20, "--tests", "bmp_t", "--effect", 0.02, "--seed", 7,
        "--workers", 1, "--json",
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["seed"] == 7
    day = [r for r in told["power"] if (r["start"], r["end"]) == (0, 0)]
    assert all(r["rate"] > 0.5 for r in day)
    assert "seed 7, named before the run" in done.stderr


def test_placebo_on_the_bundled_study() -> None:
    done = command("placebo", "-n", 3, "--tests", "bmp_t", "--json")
    rows = json.loads(done.stdout)["placebo"]
    assert {"US stocks", "Oil"} <= {r["panel"] for r in rows}
    assert all(0 <= r["rate"] <= 1 for r in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["size", "--design", "z"], "--design 'z' is unknown"),
        (["size", "--tests", "bmpt"], "did you mean 'bmp_t'"),
        (["size", "-n", "0"], "--replications must be at least 1"),
        (["size", "--returns", "nosuch.csv"], "nosuch.csv"),
        (["power", "--effect", "much"], "--effect 'much' must be numbers"),
        (["placebo", "nosuch.toml"], "there is no study file nosuch.toml"),
    ],
)
def test_wrong_words_end_with_2_and_one_sentence(words: list[str], said: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
