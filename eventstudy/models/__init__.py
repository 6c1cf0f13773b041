"""Models of expected returns, one contract: fit on the estimation block, forecast the event block.

``fit_model(name, block, options)`` is the door; each family has a module.
"""

from __future__ import annotations

from importlib import import_module

from eventstudy.arrays import EventBlock, ModelFit
from eventstudy.errors import InputError, nearest
from eventstudy.models.base import ModelFunction, ModelOptions

__all__ = ["FITTERS", "ModelOptions", "fit_model", "fitter"]

# name -> module and function; modules load when a study asks for them.
FITTERS: dict[str, tuple[str, str]] = {
    "constant_mean": ("linear", "fit_least_squares"),
    "market_adjusted": ("linear", "fit_market_adjusted"),
    "market_model": ("linear", "fit_least_squares"),
    "capm": ("linear", "fit_least_squares"),
    "factor": ("linear", "fit_least_squares"),
    "fama_french_3": ("linear", "fit_least_squares"),
    "carhart_4": ("linear", "fit_least_squares"),
    "fama_french_5": ("linear", "fit_least_squares"),
    "dimson": ("linear", "fit_least_squares"),
    "scholes_williams": ("thin_trading", "fit_scholes_williams"),
    "huber": ("robust", "fit_huber"),
    "lad": ("robust", "fit_lad"),
    "theil_sen": ("robust", "fit_theil_sen"),
    "ewma": ("volatility", "fit_ewma"),
    "garch": ("volatility", "fit_garch"),
    "gjr_garch": ("volatility", "fit_gjr_garch"),
    "egarch": ("volatility", "fit_egarch"),
    "ar1": ("autoregressive", "fit_ar1"),
}


def fitter(name: str) -> ModelFunction:
    """Return the function that fits the model of that name."""
    if name not in FITTERS:
        raise InputError(f"model '{name}' is not known{nearest(name, FITTERS)}")
    module, function = FITTERS[name]
    loaded: ModelFunction = getattr(import_module(f"eventstudy.models.{module}"), function)
    return loaded


def fit_model(name: str, block: EventBlock, *, options: ModelOptions | None = None) -> ModelFit:
    """Fit one model to a block of events.

    Parameters
    ----------
    name : str
        A model name.
    block : EventBlock
        Estimation and event returns of ``n`` events.
    options : ModelOptions, optional

    Returns
    -------
    ModelFit
        Events that could not be fitted carry a reason in ``failure``.

    Raises
    ------
    InputError
        For an unknown name, with the nearest right one.
    """
    return fitter(name)(block, options if options is not None else ModelOptions())
