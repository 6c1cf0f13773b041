"""Which backend serves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventstudy.errors import InputError
from eventstudy.stream import backend
from eventstudy.stream.backend import COMPILED_FROM, choose_backend
from eventstudy.stream.inputs import StreamData
from tests.stream.worlds import world


def repeated(count: int) -> StreamData:
    """As many events, all the same."""
    data = world(n=20).data()
    return data.take(np.zeros(count, dtype=np.int64))


@pytest.mark.parametrize(
    ("count", "name"), [(1, "numpy"), (COMPILED_FROM - 1, "numpy"), (COMPILED_FROM, "numba")]
)
def test_auto_compiles_for_many_events(count: int, name: str) -> None:
    pytest.importorskip("numba")
    assert choose_backend("auto", repeated(count)).name == name


def test_auto_does_what_numba_cannot() -> None:
    data = replace(repeated(COMPILED_FROM), missing="skip")
    assert choose_backend("auto", data).name == "numpy"
    with pytest.raises(InputError, match="missing='exclude'"):
        choose_backend("numba", data)


def test_auto_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "find_spec", lambda _: None)
    data = repeated(COMPILED_FROM)
    assert choose_backend("auto", data).name == "numpy"
    with pytest.raises(InputError, match=r"market-eventstudy\[fast\]"):
        choose_backend("numba", data)
