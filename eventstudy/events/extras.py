"""Libraries of the extra ``words``, loaded when they are needed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from eventstudy.errors import InputError

__all__ = ["need"]


def need(module: str, purpose: str) -> ModuleType:
    """Return a module of the extra ``words``.

    Raises
    ------
    InputError
        Where it is not installed, with the command that installs it.

    Examples
    --------
    >>> need("nowhere_at_all", "reading tea leaves")
    Traceback (most recent call last):
    ...
    eventstudy.errors.InputError: reading tea leaves needs the package 'nowhere_at_all'; install \
it with: pip install 'market-eventstudy[words]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError:
        top = module.split(".")[0]
        raise InputError(
            f"{purpose} needs the package '{top}'; install it with: "
            "pip install 'market-eventstudy[words]'"
        ) from None
