"""What a call from Python gives: a study or its file, or frames and keywords that make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eventstudy import study as settings
from eventstudy.errors import InputError
from eventstudy.studyfile import load_study, study_from_dict

__all__ = ["Inputs", "Opened", "open_study"]

PLACES = ("bundled", "yahoo")
MODEL = "market_model"
# Keywords that are not called as the key of the study file is.
KEYWORDS = {
    ("study", "returns"): "kind",
    ("model", "name"): "model",
    ("windows", "event"): "window",
    ("tests", "names"): "tests",
    ("regression", "on"): "regression",
}


@dataclass(frozen=True, eq=False)
class Inputs:
    """Headlines and prices or returns: frames, paths of files, or the name of a source."""

    events: pd.DataFrame | str | Path | None = None
    prices: pd.DataFrame | str | Path | None = None
    returns: pd.DataFrame | None = None

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames that Python hands over, as the pipeline takes them."""
        given = {"events": self.events, "prices": self.prices}
        given |= {} if self.returns is None else {"prices": self.returns}
        return {k: v for k, v in given.items() if isinstance(v, pd.DataFrame)}

    def names(self) -> list[str]:
        """Return what is given."""
        return [k for k in ("events", "prices", "returns") if getattr(self, k) is not None]


@dataclass(frozen=True, eq=False)
class Opened:
    """A study that is ready to run: its settings, its folder, and the frames it needs."""

    study: settings.Study
    folder: Path
    frames: dict[str, pd.DataFrame]


def open_study(
    study: str | Path | settings.Study | None,
    inputs: Inputs,
    sections: Mapping[str, Mapping[str, Any] | None],
    assets: Mapping[str, str | Mapping[str, str] | None],
    folder: str | Path | None,
    *,
    choices: Mapping[str, Any] | None = None,
) -> Opened:
    """Return the study of a call.

    Parameters
    ----------
    study : path, Study or None
        None where ``inputs`` and ``sections`` make it.
    inputs : Inputs
    sections : mapping
        Section of a study file -> its keys; None stands for a key that is not given.
    assets : mapping
        Key of ``[assets.<name>]`` -> its value for all assets, or for each.
    folder : path or None
        Folder against which relative paths are read; None takes that of the study file, or ".".
    choices : mapping, optional
        Keys of ``[specification]``, which may stand beside a study.

    Raises
    ------
    InputError
        If a study stands beside what makes one, or a value is wrong.
    """
    given = {name: _given(keys) for name, keys in sections.items()}
    tried = _given(choices) or {}
    if study is None:
        data = _study(inputs, given, assets, tried)
        return Opened(study_from_dict(data), Path(folder or "."), inputs.frames())
    beside = [*inputs.names(), *(k for k, v in assets.items() if v is not None)]
    beside += [KEYWORDS.get((s, k), k) for s, keys in given.items() for k in keys or ()]
    if beside:
        one = "s" * (len(beside) == 1)
        raise InputError(
            f"{', '.join(beside)} stand{one} beside a study; a study says that itself: change it "
            "there, or give events and prices in place of the study"
        )
    if isinstance(study, settings.Study):
        where = getattr(study, "_folder", Path())
    else:
        where, study = Path(study).parent, load_study(study)
    if tried:
        full = study.model_dump(by_alias=True)
        full["specification"] = (full.get("specification") or {}) | tried
        study = study_from_dict(full)
    return Opened(study, where if folder is None else Path(folder), {})


def _study(
    inputs: Inputs,
    given: Mapping[str, Mapping[str, Any] | None],
    assets: Mapping[str, str | Mapping[str, str] | None],
    choices: dict[str, Any],
) -> dict[str, Any]:
    data: dict[str, Any] = {k: dict(v) for k, v in given.items() if v is not None}
    data["model"].setdefault("name", _leading(choices.get("models"), data["model"]))
    if choices:
        data["specification"] = choices
    data["events"] = _events(inputs.events) | data.get("events", {})
    data["prices"] = _prices(inputs)
    data["assets"] = _assets(inputs, assets)
    return data


def _leading(models: Any, keys: Mapping[str, Any]) -> Any:
    """Return the model by which panels are named: the first that takes what is given."""
    if not isinstance(models, list) or not models:
        return models or MODEL
    served = [m for m in models if "benchmark" in keys and settings.takes_benchmark(str(m))]
    return [*served, *models][0]


def _given(keys: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if keys is None:
        return None
    return {k: _plain(v) for k, v in keys.items() if v is not None}


def _plain(value: Any) -> Any:
    """Return lists in place of other sequences, and whole numbers of any kind as int."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        return value.item()
    try:
        return [_plain(v) for v in value]
    except TypeError:
        return value


def _events(events: object) -> dict[str, object]:
    if events is None:
        raise InputError("prices stand without headlines; give events, a frame or a file")
    return {"frame": True} if isinstance(events, pd.DataFrame) else {"file": str(events)}


def _prices(inputs: Inputs) -> dict[str, object]:
    if (inputs.prices is None) == (inputs.returns is None):
        raise InputError("give prices or returns, one of the two")
    if inputs.returns is not None:
        return {"source": "frame", "kind": "returns"}
    if isinstance(inputs.prices, pd.DataFrame):
        return {"source": "frame", "kind": "prices"}
    if str(inputs.prices) in PLACES:
        return {"source": str(inputs.prices)}
    return {"source": "file", "file": str(inputs.prices)}


def _assets(
    inputs: Inputs, choices: Mapping[str, str | Mapping[str, str] | None]
) -> dict[str, dict[str, str]]:
    """Return ``[assets]`` tables for what is said of all assets or of each."""
    frame = inputs.frames().get("prices")
    everyone = [] if frame is None else [str(c) for c in frame.columns]
    out: dict[str, dict[str, str]] = {}
    for key, choice in choices.items():
        if choice is None:
            continue
        if isinstance(choice, str):
            if not everyone:
                raise InputError(
                    f"{key}='{choice}' for all assets needs a frame of prices; with "
                    f"prices='{inputs.prices}' give a mapping of asset to {key}"
                )
            choice = dict.fromkeys(everyone, choice)
        for asset, value in choice.items():
            out.setdefault(str(asset), {})[key] = value
    return out
