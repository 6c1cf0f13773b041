"""Tables of docs/size.md from the stored runs: ``python -m tests.outside.size_page``.

With arguments it first gathers the runs that ``eventstudy simulate`` has written: ``size.csv`` and
any number of ``power.csv``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from eventstudy.simulation.targets import accept, compare

DOCS = Path(__file__).resolve().parents[2] / "docs"
STORED = DOCS / "size.csv"
LETTERS = "abcdef"


def stored() -> pd.DataFrame:
    return pd.read_csv(STORED, float_precision="round_trip")


def cell(table: pd.DataFrame, start: int) -> str:
    rate = table.loc[table["start"] == start, "rate"]
    return "-" if rate.isna().all() else f"{rate.iloc[0]:.3f}"


def lines(effect: float) -> list[str]:
    """One line a test: share of rejections on day 0 and over eleven days, by design."""
    table = stored()
    table = table[table["effect"] == effect]
    out = ["| test | " + " | ".join(f"({x})" for x in LETTERS) + " |", "|---" * 7 + "|"]
    for (name, variant), part in table.groupby(["name", "variant"], sort=False):
        cells = []
        for letter in LETTERS:
            own = part[part["design"] == letter]
            cells.append(f"{cell(own, 0)} / {cell(own, -5)}")
        out.append(f"| `{name}` `{variant}` | " + " | ".join(cells) + " |")
    return out


def verdicts() -> dict[str, str]:
    table = stored()
    return {
        "size": accept(compare(table[table["effect"] == 0.0])).sentence,
        "power": accept(compare(table[table["effect"] > 0.0])).sentence,
        "all": accept(compare(table)).sentence,
    }


def tables_of_the_page() -> list[str]:
    return [line for effect in (0.0, 0.005, 0.01) for line in lines(effect)]


def main() -> None:
    if len(sys.argv) > 1:
        runs = pd.concat([pd.read_csv(p) for p in sys.argv[1:]], ignore_index=True)
        runs.to_csv(STORED, index=False, lineterminator="\n")
    for effect in (0.0, 0.005, 0.01):
        sys.stdout.write(f"effect {effect}\n" + "\n".join(lines(effect)) + "\n\n")
    for name, sentence in verdicts().items():
        sys.stdout.write(f"{name}: {sentence}\n")


if __name__ == "__main__":
    main()
