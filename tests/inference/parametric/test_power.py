"""Closed forms of power and size, as they are printed in the specification's tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference.power import (
    design_effect,
    minimum_detectable_effect,
    panel_detectable_effect,
    power,
    single_event_effect,
    size_ignoring_dependence,
    size_ignoring_variance,
)

FOUR_DIGITS = 0.5e-4 + 1e-12
THREE_DIGITS = 0.5e-3 + 1e-12

# Two-sided 5 %, sd .02 and .04, effects .5, 1, 1.5 and 2 % (Campbell, Lo and MacKinlay's layout).
POWER_TABLE = """
1 0.0572 0.0791 0.1165 0.1701 0.0518 0.0572 0.0663 0.0791
2 0.0644 0.1090 0.1855 0.2930 0.0536 0.0644 0.0828 0.1090
3 0.0717 0.1393 0.2549 0.4100 0.0554 0.0717 0.0996 0.1393
5 0.0865 0.2010 0.3888 0.6088 0.0590 0.0865 0.1336 0.2010
10 0.1241 0.3526 0.6597 0.8854 0.0681 0.1241 0.2203 0.3526
15 0.1624 0.4907 0.8276 0.9721 0.0773 0.1624 0.3062 0.4907
20 0.2010 0.6088 0.9184 0.9940 0.0865 0.2010 0.3888 0.6088
30 0.2778 0.7819 0.9841 0.9998 0.1052 0.2778 0.5375 0.7819
40 0.3526 0.8854 0.9973 1.0000 0.1241 0.3526 0.6597 0.8854
50 0.4239 0.9424 0.9996 1.0000 0.1432 0.4239 0.7554 0.9424
60 0.4907 0.9721 0.9999 1.0000 0.1624 0.4907 0.8276 0.9721
80 0.6088 0.9940 1.0000 1.0000 0.2010 0.6088 0.9184 0.9940
100 0.7054 0.9988 1.0000 1.0000 0.2395 0.7054 0.9633 0.9988
150 0.8647 1.0000 1.0000 1.0000 0.3342 0.8647 0.9958 1.0000
200 0.9424 1.0000 1.0000 1.0000 0.4239 0.9424 0.9996 1.0000
"""
# Rejection rates at 5 % of Patell / BMP when correlation r is ignored, N = 10, 25, 50, 100, 200.
DEPENDENCE_TABLE = """
0.01 0.060 0.059 0.078 0.078 0.108 0.108 0.165 0.165 0.257 0.258
0.02 0.071 0.069 0.107 0.106 0.164 0.164 0.256 0.258 0.380 0.383
0.03 0.082 0.079 0.135 0.134 0.212 0.214 0.325 0.329 0.458 0.463
0.05 0.104 0.100 0.186 0.188 0.291 0.297 0.422 0.430 0.554 0.562
0.10 0.155 0.154 0.288 0.299 0.420 0.436 0.553 0.570 0.668 0.683
0.20 0.241 0.257 0.416 0.451 0.551 0.587 0.667 0.698 0.759 0.783
"""


def _table(text: str) -> list[list[float]]:
    return [[float(v) for v in line.split()] for line in text.strip().splitlines()]


def test_power_table() -> None:
    for n, *cells in _table(POWER_TABLE):
        want = iter(cells)
        for sd in (0.02, 0.04):
            for effect in (0.005, 0.01, 0.015, 0.02):
                assert power(effect, sd, n=int(n)) == pytest.approx(next(want), abs=FOUR_DIGITS)


def test_size_when_dependence_is_ignored() -> None:
    for r, *cells in _table(DEPENDENCE_TABLE):
        want = iter(cells)
        for n in (10, 25, 50, 100, 200):
            for test in ("patell_z", "bmp_t"):
                got = size_ignoring_dependence(test, n=n, rho=r)
                assert got == pytest.approx(next(want), abs=THREE_DIGITS), (r, n, test)


def test_size_when_event_variance_is_ignored() -> None:
    for ratio, both, single in (
        (1.25, 0.0796, 0.0706),
        (1.5, 0.1095, 0.0896),
        (2.0, 0.1658, 0.1224),
        (3.0, 0.2578, 0.1711),
    ):
        assert size_ignoring_variance(ratio) == pytest.approx(both, abs=FOUR_DIGITS)
        assert size_ignoring_variance(ratio, sides=1) == pytest.approx(single, abs=FOUR_DIGITS)
    assert size_ignoring_variance(1.0, level=0.1) == pytest.approx(0.1)


def test_power_by_simulation_of_the_t_test() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(0.5, 1.0, (40_000, 12))
    rejected = stats.ttest_1samp(x, 0.0, axis=1).pvalue < 0.05
    se = 0.5 / math.sqrt(40_000)
    assert power(0.5, 1.0, n=12, reference="t") == pytest.approx(rejected.mean(), abs=4 * se)
    assert power(0.0, 1.0, n=12, reference="t") == pytest.approx(0.05, rel=1e-9)


def test_design_effect_and_detectable_effect() -> None:
    assert design_effect(1, 0.7) == 1.0
    assert design_effect(20, 0.0) == 1.0
    for rho in (0.0, 0.1, 0.4):
        effect = minimum_detectable_effect(0.03, n=25, rho=rho, power=0.9)
        # The tail on the other side is all that the closed form leaves out.
        assert power(effect, 0.03, n=25, rho=rho) == pytest.approx(0.9, abs=1e-5)
    z = stats.norm.isf(0.025) + stats.norm.isf(0.2)
    assert minimum_detectable_effect(0.03, n=9) == pytest.approx(z * 0.01, rel=1e-12)
    equal = minimum_detectable_effect(0.03, n=25, rho=0.1)
    assert equal == pytest.approx(minimum_detectable_effect(0.03, n=1) * math.sqrt(3.4 / 25))


def test_panel_effect() -> None:
    car = np.array([0.01, np.nan, 0.03, -0.02, 0.05])
    sd = np.nanstd(car, ddof=1)
    plain = minimum_detectable_effect(float(sd), n=4)
    assert panel_detectable_effect(car, 0.0) == pytest.approx(plain)
    assert panel_detectable_effect(car, -0.1) == pytest.approx(plain)
    assert panel_detectable_effect(car, math.nan) == pytest.approx(plain)
    want = minimum_detectable_effect(float(sd) / math.sqrt(0.8), n=4, rho=0.2)
    assert panel_detectable_effect(car, 0.2) == pytest.approx(want)
    for wrong, r in ((car[:2], 0.0), (np.full(4, 0.01), 0.0), (car, 1.0)):
        assert math.isnan(panel_detectable_effect(wrong, r))


def test_single_event_effect() -> None:
    law = stats.t(60)
    want = 0.02 * (law.isf(0.05) + law.isf(0.1))
    assert single_event_effect(0.02, 60.0, level=0.1, power=0.9) == pytest.approx(want)
    for se, df in ((math.nan, 60.0), (0.02, math.nan), (0.02, 0.0), (0.0, 60.0)):
        assert math.isnan(single_event_effect(se, df))


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="sd must be positive"):
        power(0.01, 0.0, n=5)
    with pytest.raises(ValueError, match="n must be at least 1"):
        power(0.01, 0.02, n=0)
    with pytest.raises(ValueError, match="level"):
        minimum_detectable_effect(0.02, n=5, level=1.0)
    with pytest.raises(ValueError, match="power must lie"):
        minimum_detectable_effect(0.02, n=5, power=0.01)
    with pytest.raises(ValueError, match="reference"):
        power(0.01, 0.02, n=5, reference="z")
    with pytest.raises(ValueError, match="two events"):
        power(0.01, 0.02, n=1, reference="t")
    with pytest.raises(ValueError, match=r"rho -0\.5 is not possible for 5"):
        power(0.01, 0.02, n=5, rho=-0.5)
    with pytest.raises(ValueError, match="test must be"):
        size_ignoring_dependence("grank_t", n=5, rho=0.1)
    with pytest.raises(ValueError, match="ratio"):
        size_ignoring_variance(0.0)
