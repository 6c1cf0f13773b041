"""The page of the sizes shows the stored run, and its verdict is the rule's."""

from __future__ import annotations

import math

from eventstudy.inference.power import size_ignoring_dependence, size_ignoring_variance
from eventstudy.simulation.size import default_names

from .size_page import DOCS, stored, tables_of_the_page, verdicts

SEED = 20260711


def test_the_page_shows_the_stored_run() -> None:
    page = (DOCS / "size.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in tables_of_the_page() if line not in page] == []
    text = " ".join(" ".join(page).split())
    for sentence in verdicts().values():
        assert sentence.endswith("accepted")
        assert "not accepted" not in sentence
        assert sentence in text
    assert f"`{SEED}`" in text


def test_the_stored_run_is_whole() -> None:
    table = stored()
    assert set(table["seed"]) == {SEED}
    assert set(table["replications"]) == {5000}
    keys = ["design", "name", "variant", "start", "effect"]
    assert not table.duplicated(keys).any()
    assert len(table) == 3 * 6 * 2 * len(default_names())


def test_limits_that_have_a_formula() -> None:
    """Patell and BMP under doubled variance and under correlation 0.2, 50 events."""
    table = stored()
    table = table[table["effect"] == 0.0]
    for design, name, variant, want in (
        ("c", "patell_z", "forecast_covariance", size_ignoring_variance(2.0)),
        (
            "d",
            "patell_z",
            "forecast_covariance",
            size_ignoring_dependence("patell_z", n=50, rho=0.2),
        ),
        ("d", "bmp_t", "published", size_ignoring_dependence("bmp_t", n=50, rho=0.2)),
    ):
        chosen = table[
            (table["design"] == design) & (table["name"] == name) & (table["variant"] == variant)
        ]
        # Estimated scales take about 0.01 off under correlation, on top of three standard errors.
        room = 3.0 * math.sqrt(want * (1.0 - want) / 5000) + (0.01 if design == "d" else 0.0)
        assert (abs(chosen["rate"] - want) < room).all()
