r"""Rejection rates to compare a simulation with, and the rule that accepts it.

The stored rates come from an independent program for the parametric designs, with Monte Carlo
error of their own: 5,000 replications, and 20,000 for the most used tests.

.. math::
   d = \frac{|p - p_0|}{\sqrt{p_0 (1 - p_0) (1/R + 1/R_0)}}

A run is accepted when ``d`` is beyond 4.5 in no cell and beyond 3 in at most 2 % of the cells,
under a seed named before the run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventstudy.errors import InputError
from eventstudy.resources import data_dir

__all__ = ["Acceptance", "accept", "compare", "size_targets"]

NOWHERE_BEYOND = 4.5
SELDOM_BEYOND = 3.0
SELDOM = 0.02
# Rates are stored with three or four digits: a rate of 1.000 may be this much less.
HALF_A_DIGIT = 0.0005
CELL = ["design", "name", "variant", "start", "end", "effect"]


def size_targets() -> pd.DataFrame:
    """Return the stored rejection rates of the parametric designs.

    Returns
    -------
    DataFrame
        ``table`` (which run), ``design``, ``name``, ``variant``, ``start``, ``end``, ``effect``
        (added on day 0, decimals), ``target``, ``replications``, ``seed``, ``remark``.

    Examples
    --------
    >>> table = size_targets()
    >>> sorted(set(table["design"]))
    ['a', 'b', 'c', 'd', 'e', 'f']
    """
    path = data_dir() / "reference" / "size_targets.csv"
    return pd.read_csv(path, keep_default_na=False)


def compare(result: pd.DataFrame, targets: pd.DataFrame | None = None) -> pd.DataFrame:
    """Put the rates of a simulation beside the stored ones.

    Parameters
    ----------
    result : DataFrame
        From ``simulate_size``.
    targets : DataFrame, optional
        As :func:`size_targets`.

    Returns
    -------
    DataFrame
        One row a stored rate whose cell the simulation has: the cell, ``rate``, ``target``,
        ``distance`` in standard errors (signed), ``replications`` and ``target_replications``.

    Examples
    --------
    >>> from eventstudy.simulation.size import simulate_size
    >>> run = simulate_size(["a"], [("bmp_t", "published")], replications=8)
    >>> compare(run)["distance"].notna().all()
    np.True_
    """
    known = size_targets() if targets is None else targets
    known = known.rename(columns={"replications": "target_replications", "seed": "target_seed"})
    both = known.merge(result, on=CELL, how="inner", validate="many_to_one")
    p0 = both["target"].clip(HALF_A_DIGIT, 1.0 - HALF_A_DIGIT)
    counted = both["replications"] - both["undefined"]
    error = np.sqrt(p0 * (1.0 - p0) * (1.0 / counted + 1.0 / both["target_replications"]))
    both["distance"] = (both["rate"] - both["target"]) / error
    columns = ["table", *CELL, "rate", "se", "target", "distance", "replications"]
    return both[[*columns, "target_replications", "seed", "remark"]]


@dataclass(frozen=True)
class Acceptance:
    """Verdict on a simulation.

    Attributes
    ----------
    accepted : bool
    cells : int
        Cells compared.
    largest : float
        Largest distance in standard errors.
    beyond_three : int
        Cells farther than 3.
    sentence : str
        The verdict in words.
    """

    accepted: bool
    cells: int
    largest: float
    beyond_three: int
    sentence: str


def accept(comparison: pd.DataFrame) -> Acceptance:
    """Apply the acceptance rule to compared cells.

    Parameters
    ----------
    comparison : DataFrame
        From :func:`compare`. A cell without a rate fails.

    Raises
    ------
    InputError
        If there is nothing to compare.

    Examples
    --------
    >>> accept(pd.DataFrame({"distance": [0.3, -1.2, 2.0]})).accepted
    True
    """
    distance = np.abs(comparison["distance"].to_numpy(dtype=np.float64))
    if not len(distance):
        raise InputError("the simulation has no cell with a stored rejection rate")
    distance = np.where(np.isnan(distance), np.inf, distance)
    far = int((distance > SELDOM_BEYOND).sum())
    largest = float(distance.max())
    good = largest <= NOWHERE_BEYOND and far <= SELDOM * len(distance)
    sentence = (
        f"{len(distance)} cells, largest distance {largest:.2f} standard errors (allowed "
        f"{NOWHERE_BEYOND:g}), {far} beyond {SELDOM_BEYOND:g} (allowed "
        f"{int(SELDOM * len(distance))}): {'accepted' if good else 'not accepted'}"
    )
    return Acceptance(good, len(distance), largest, far, sentence)
