"""Price files: what is read, what is refused, and with which words."""

from __future__ import annotations

import hashlib
import re
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstudy.errors import EventStudyError, InputError
from eventstudy.prices import load_prices
from eventstudy.prices.csvfiles import read_csv
from eventstudy.prices.files import load_file
from eventstudy.prices.frames import panel_from_frame
from eventstudy.prices.tables import to_frame
from eventstudy.pricesettings import PricesSettings
from eventstudy.returns import asset_returns

# A table and its matrix, and what pandas needs around them.
MEMORY_FACTOR = 3.0
# The prices and their returns, both as float64, and what is in between.
RETURNS_FACTOR = 3.0
# Calls and returns of functions: there are 0.12 million, and one function called for each of a
# million cells makes two million.
CALLS_FOR_A_MILLION_CELLS = 500_000


def write(folder: Path, text: str | bytes, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(path: Path, assets: list[str] | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_file(path.name, assets or [], folder=path.parent)
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in message
    return message


WIDE = "date,SP500,DAX\n2022-02-14,4401.67,15113.97\n2022-02-15,4471.07,15412.71\n"


def test_wide(tmp_path: Path) -> None:
    path = write(tmp_path, WIDE)
    panel = load_file("prices.csv", ["DAX", "SP500"], folder=tmp_path)
    assert list(panel.close.columns) == ["DAX", "SP500"]
    assert panel.close["DAX"].tolist() == [15113.97, 15412.71]
    assert panel.close.index.tolist() == [pd.Timestamp("2022-02-14"), pd.Timestamp("2022-02-15")]
    assert panel.assets["DAX"].calendar == "observed"
    assert panel.hashes == {"prices.csv": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert panel.kind == "prices"
    assert panel.base is None


def test_long_in_any_order_of_rows_and_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "asset,close,date,volume\nDAX,2,2022-02-15,9\nSP500,3,2022-02-14,\nDAX,1,2022-02-14,x\n",
    )
    close = load_file(path).close
    assert close.to_dict("list") == {
        "DAX": [1.0, 2.0],
        "SP500": [3.0, pytest.approx(np.nan, nan_ok=True)],
    }


def test_dates_are_sorted(tmp_path: Path) -> None:
    path = write(tmp_path, "date,A\n2022-02-16,3\n2022-02-14,1\n2022-02-15,2\n")
    assert load_file(path).close["A"].tolist() == [1.0, 2.0, 3.0]


def test_names_of_columns_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path, "Day,Ticker,PRC\n2022-02-15,DAX,1\n")
    names = {"date": "Day", "asset": "Ticker", "close": "PRC"}
    assert load_file(path, columns=names).close["DAX"].tolist() == [1.0]
    with pytest.raises(InputError, match="no column 'Tiker'; did you mean 'Ticker'"):
        load_file(path, columns={"asset": "Tiker"})


@pytest.mark.parametrize("word", ["", " ", '""', "NaN", "nan", "NA", "N/A", "null", "None"])
def test_missing_is_missing(tmp_path: Path, word: str) -> None:
    path = write(tmp_path, f"date,A,B\n2022-02-14,{word},1\n2022-02-15,2,3\n")
    column = load_file(path).close["A"]
    assert np.isnan(column.iloc[0])
    assert column.iloc[1] == 2.0


def test_dates_without_any_price_are_no_dates_of_the_source(tmp_path: Path) -> None:
    path = write(tmp_path, "date,A,B\n2022-02-14,,\n2022-02-15,1,\n2022-02-16,,2\n,,\n")
    panel = load_file(path, ["A"])
    assert panel.close.index.strftime("%d").tolist() == ["15", "16"]
    assert np.isnan(panel.close["A"].iloc[1])


def test_zero_and_negative_prices_pass(tmp_path: Path) -> None:
    path = write(tmp_path, "date,WTI\n2020-04-20,-37.63\n2020-04-21,0\n")
    assert load_file(path).close["WTI"].tolist() == [-37.63, 0.0]


def test_returns(tmp_path: Path) -> None:
    path = write(tmp_path, "date,A\n2022-02-14,-0.01\n2022-02-15,0.02\n")
    assert load_file(path, kind="returns").kind == "returns"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + WIDE,
        WIDE.replace("\n", "\r\n"),
        WIDE.replace(",", ";"),
        WIDE.replace(",", "\t"),
        "\n" + WIDE.replace("date", "Date") + "\n\n",
        WIDE.replace("4471.07", '"4471.07"').replace("4401.67", " 4401.67 "),
        WIDE.replace("2022-02-14", "2022-02-14 00:00:00").replace("2022-02-15", "20220215"),
    ],
    ids=["bom", "crlf", "semicolon", "tab", "blank lines", "quotes and blanks", "date forms"],
)
def test_spellings_of_the_same_table(tmp_path: Path, text: str) -> None:
    close = load_file(write(tmp_path, text)).close
    expected = load_file(write(tmp_path, WIDE)).close
    pd.testing.assert_frame_equal(close, expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WIDE.replace("4471.07", "abc"), ["line 3", "'SP500'", "'abc' is no number"]),
        (WIDE.replace("4471.07", "inf"), ["line 3", "'SP500'", "infinite"]),
        (WIDE.replace("15113.97", "-Infinity"), ["line 2", "'DAX'", "infinite"]),
        (WIDE.replace("15113.97", "1e999"), ["line 2", "'DAX'", "infinite"]),
        (WIDE.replace("4471.07", '"4,471.07"'), ["line 3", "'4,471.07' is no number"]),
        (WIDE.replace("4471.07", "#N/A"), ["line 3", "'#N/A' is no number"]),
        (WIDE.replace("4471.07", "True"), ["line 3", "'True' is no number"]),
        (WIDE.replace("2022-02-15", "2022-02-14"), ["2022-02-14", "line 2", "line 3"]),
        (WIDE.replace("2022-02-15", "2022-02-30"), ["line 3", "'2022-02-30' does not exist"]),
        (WIDE.replace("2022-02-15", "15.02.2022"), ["line 3", "'15.02.2022'", "2022-02-15"]),
        (WIDE.replace("2022-02-15", "15/02/2022"), ["line 3", "'15/02/2022'"]),
        (WIDE.replace("2022-02-15", ""), ["line 3", "no date"]),
        (WIDE.replace("2022-02-15", "2022-02-15T00:00:00+00:00"), ["line 3", "time zone"]),
        (WIDE.replace("2022-02-15", "2022-02-15T00:00Z"), ["line 3", "time zone"]),
        (WIDE.replace("2022-02-15", "2022-02-15 16:00"), ["line 3", "time of day"]),
        (WIDE.replace("date", "day"), ["no column 'date'", "known: DAX, SP500, day"]),
        (WIDE.replace("DAX", "SP500"), ["'SP500' stands twice"]),
        (WIDE.replace("DAX", ""), ["column 3 has no name"]),
        (WIDE.replace(",15412.71", ""), ["line 3", "2 fields", "3"]),
        (WIDE.replace("15412.71", "15412.71,7"), ["line 3", "4 fields", "3"]),
        ("", ["empty"]),
        ("\n\n", ["empty"]),
        ("date,A\n", ["no rows"]),
        ("date,A\n,\n", ["no rows"]),
        ("date\n2022-02-15\n", ["no column beside 'date'"]),
        ("date,asset,size\n2022-02-15,A,1\n", ["long table needs a column 'close'"]),
        (
            "date,asset,close\n2022-02-15,A,1\n2022-02-15,B,1\n2022-02-15,A,2\n",
            ["two rows of 2022-02-15 for 'A'", "line 2", "line 4"],
        ),
        ("date,asset,close\n2022-02-15,,1\n", ["line 2", "no name"]),
        ("date,asset,close\n2022-02-15,A,x\n", ["line 2", "'close'", "'x' is no number"]),
        ("date,asset,close\n2022-02-15,A,inf\n", ["line 2", "'A'", "infinite"]),
    ],
)
def test_what_is_refused_and_how(tmp_path: Path, text: str, words: list[str]) -> None:
    message = refused(write(tmp_path, text))
    for word in ["prices.csv", *words]:
        assert word in message


def test_line_numbers_count_lines_of_the_file(tmp_path: Path) -> None:
    text = 'date,A\n\n2022-02-14,1\n\n"2022-02-15",x\n'
    assert "line 5" in refused(write(tmp_path, text))


def test_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path, b"date,A\n2022-02-15,1\xff\n")
    message = refused(path)
    assert "line 2" in message
    assert "UTF-8" in message


def test_missing_column_and_file(tmp_path: Path) -> None:
    path = write(tmp_path, WIDE)
    assert "no column 'DAXX'; did you mean 'DAX'" in refused(path, ["DAXX"])
    with pytest.raises(InputError, match=r"'price.csv' does not exist; did you mean 'prices.csv'"):
        load_file("price.csv", folder=tmp_path)
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        load_file(write(tmp_path, "x", "prices.xls"))


def test_shared_flagship_panel(shared_data: Path) -> None:
    path = shared_data / "flagship_panel_2021_2022.csv"
    assets = ["DAX", "CAC40", "FTSE100", "BRENT_SPOT_EIA", "WTI_SPOT_EIA", "IMOEX"]
    panel = load_file(path, assets)
    before, day = panel.close.loc["2022-02-14"], panel.close.loc["2022-02-15"]
    percent = (100 * (day / before - 1)).round(2).to_dict()
    assert percent == {
        "DAX": 1.98,
        "CAC40": 1.86,
        "FTSE100": 1.03,
        "BRENT_SPOT_EIA": -3.18,
        "WTI_SPOT_EIA": -3.61,
        "IMOEX": 3.42,
    }
    # Moscow's only days stand in the index too: the dates are the source's, not one asset's.
    saturday = pd.Timestamp("2021-02-20")
    assert saturday in panel.close.index
    assert panel.close.loc[saturday].notna().tolist() == [False] * 5 + [True]
    assert set(panel.dates_differ()) == set(assets)


def test_settings_with_symbols(tmp_path: Path) -> None:
    write(tmp_path, WIDE)
    wanted = PricesSettings(source="file", file="prices.csv", symbols={"Germany": "DAX"})
    every = load_prices(wanted, [], folder=tmp_path)
    assert list(every.close.columns) == ["Germany", "SP500"]
    assert every.assets["Germany"].name == "Germany"
    some = load_prices(wanted, ["Germany"], folder=tmp_path)
    assert list(some.close.columns) == ["Germany"]
    wrong = PricesSettings(source="file", file="prices.csv", symbols={"Germany": "DAXX"})
    with pytest.raises(InputError, match="no column 'DAXX'"):
        load_prices(wrong, ["Germany"], folder=tmp_path)


def test_unknown_source_and_no_names() -> None:
    with pytest.raises(InputError, match="did you mean 'yahoo'"):
        load_prices(SimpleNamespace(source="yaho", file=None, kind="prices"), ["A"])
    with pytest.raises(InputError, match="needs the names"):
        load_prices(PricesSettings(source="bundled"), [])


# --- Parquet -------------------------------------------------------------------------------


def wide_frame() -> pd.DataFrame:
    days = pd.DatetimeIndex(["2022-02-14", "2022-02-15", "2022-02-16"])
    return pd.DataFrame({"A": [1.0, np.nan, 3.0], "B": [4.0, 5.0, np.nan]}, index=days)


def long_frame() -> pd.DataFrame:
    wide = wide_frame().rename_axis("date").reset_index()
    return wide.melt("date", var_name="asset", value_name="close")


@pytest.mark.parametrize("shape", ["index", "column", "text", "unsorted", "float32", "long"])
def test_parquet_shapes(tmp_path: Path, shape: str) -> None:
    frame, path = wide_frame(), tmp_path / "prices.parquet"
    column = frame.rename_axis("date").reset_index()
    match shape:
        case "index":
            frame.to_parquet(path)
        case "column":
            column.to_parquet(path, index=False)
        case "text":
            column.assign(date=column["date"].dt.strftime("%Y-%m-%d")).to_parquet(path)
        case "unsorted":
            column.iloc[[2, 0, 1]].to_parquet(path, index=False)
        case "float32":
            frame.astype("float32").to_parquet(path)
        case "long":
            long_frame().iloc[::-1].to_parquet(path, index=False)
    panel = load_file(path, ["A", "B"])
    pd.testing.assert_frame_equal(
        panel.close,
        frame.rename_axis("date"),
        check_freq=False,
        check_index_type=False,
        check_column_type=False,
    )
    one = load_file(path, ["A"])
    assert len(one.close) == 3  # the second day is one of B


def test_parquet_folder_and_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    table = long_frame()
    for name, part in table.groupby("asset"):
        part.to_parquet(folder / f"{name}.parquet", index=False)
    whole = load_file(folder)
    assert set(whole.hashes) == {f"{folder}: A.parquet", f"{folder}: B.parquet"}
    by_pattern = load_file("store/*.parquet", folder=tmp_path)
    pd.testing.assert_frame_equal(whole.close, by_pattern.close)
    np.testing.assert_array_equal(whole.close["B"], [4.0, 5.0, np.nan])
    with pytest.raises(InputError, match="no file has a name like this"):
        load_file("other/*.parquet", folder=tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"holds no \.parquet file"):
        load_file("none", folder=tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.assign(A="x"), "not numbers"),
        (lambda t: t.assign(A=[1.0, np.inf, 2.0]), "row 2: the price of 'A' is infinite"),
        (lambda t: t.assign(date=t["date"].dt.tz_localize("UTC")), "time zone"),
        (lambda t: t.assign(date=t["date"] + pd.Timedelta(hours=16)), "time of day"),
        (lambda t: t.assign(date=[t["date"][0]] * 3), "two rows of 2022-02-14 (rows 1 and 2)"),
        (lambda t: t.assign(date=[None, None, None]), "no date"),
        (lambda t: t.assign(date=["2022-02-14", "x", "2022-02-16"]), "row 2: the date 'x'"),
        (lambda t: t.assign(date=[1.0, 2.0, 3.0]), "not dates"),
        (lambda t: t.rename(columns={"date": "day"}), "no column 'date'"),
        (lambda t: t.iloc[:0], "no prices"),
    ],
)
def test_parquet_refusals(tmp_path: Path, change, words: str) -> None:
    path = tmp_path / "prices.parquet"
    change(wide_frame().rename_axis("date").reset_index()).to_parquet(path, index=False)
    assert words in refused(path)


def test_long_parquet_refusals(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    table = long_frame()
    pd.concat([table, table.iloc[[0]]]).to_parquet(path, index=False)
    assert "row 7: a second row of 2022-02-14 for 'A'" in refused(path)
    table.assign(close=[np.inf, *table["close"][1:]]).to_parquet(path, index=False)
    assert "row 1: the price of 'A' is infinite" in refused(path)
    table.to_parquet(path, index=False)
    assert "no asset 'C'" in refused(path, ["C"])
    table.assign(asset=[None, *table["asset"][1:]]).to_parquet(path, index=False)
    assert "a row has no asset" in refused(path)


def test_no_parquet(tmp_path: Path) -> None:
    assert "can't be read as Parquet" in refused(write(tmp_path, "date,A\n", "prices.parquet"))


# --- frames --------------------------------------------------------------------------------


def test_frame_is_taken_and_not_changed() -> None:
    frame = wide_frame().iloc[::-1]
    kept = frame.copy()
    panel = panel_from_frame(frame)
    pd.testing.assert_frame_equal(frame, kept)
    assert panel.close.index.is_monotonic_increasing
    frame.iloc[0, 0] = 99.0
    assert not (panel.close == 99.0).any(axis=None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.tz_localize("UTC"), "time zone"),
        (lambda f: f.assign(A=["x", "1", "2"]), "holds 'x', which is no number"),
        (lambda f: f.assign(A=np.inf), "infinite"),
        (lambda f: f.set_index(pd.Index([1, "x", 3])), "index must hold dates"),
        (lambda f: f.set_index(f.index[[0, 0, 1]]), "two rows of 2022-02-14"),
        (lambda f: f.set_axis(["A", "A"], axis=1), "two columns 'A'"),
        (lambda f: f.set_index(f.index + pd.Timedelta(hours=1)), "time of day"),
        (lambda f: f.assign(A=True), "holds True, which is no number"),
    ],
)
def test_frame_refusals(change, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        panel_from_frame(change(wide_frame()))


# --- properties and limits -----------------------------------------------------------------

CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=64).map(repr),
    st.sampled_from(["", "NaN", "1e5", "x", "inf", "-0.0", "1,5", '"']),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_fast_and_slow_readers_agree(rows: list[list[str]]) -> None:
    """Arrow's reading equals the careful one, or the table is refused with an error of ours."""
    lines = [f"2022-02-{day:02d},{','.join(row)}" for day, row in enumerate(rows, start=1)]
    content = "\n".join(["date,A,B", *lines]).encode()
    expected = []
    try:
        table = read_csv(content, "p.csv")
        frame = to_frame(table)
    except EventStudyError:
        return
    for row in rows:
        numbers = [float(cell) if cell not in ("", "NaN") else np.nan for cell in row]
        if not all(np.isnan(numbers)):
            expected.append(numbers)
    np.testing.assert_array_equal(frame.to_numpy(), np.array(expected).reshape(-1, 2))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_data_or_in_an_error_of_ours(content: bytes) -> None:
    for start in (b"", b"date,A\n", b"date,A\n2022-02-15,"):
        try:
            to_frame(read_csv(start + content, "p.csv"))
        except InputError as error:
            assert str(error)


def test_no_function_is_called_for_each_of_a_million_cells(tmp_path: Path) -> None:
    days = pd.bdate_range("2003-01-01", periods=5000)
    numbers = np.random.default_rng(1).normal(100, 1, (5000, 200)).round(4)
    names = [f"A{k}" for k in range(200)]
    path = tmp_path / "big.csv"
    pd.DataFrame(numbers, index=days, columns=names).rename_axis("date").to_csv(path)
    calls = [0]

    def count(*_: object) -> None:
        calls[0] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        panel = load_file(path)
    finally:
        sys.setprofile(before)
    assert calls[0] < CALLS_FOR_A_MILLION_CELLS
    np.testing.assert_array_equal(panel.close.to_numpy(), numbers)


@pytest.mark.parametrize("shape", ["wide", "long"])
def test_memory_of_a_large_parquet_panel(tmp_path: Path, shape: str) -> None:
    """20 years of 600 assets here; docs/prices.md has the figures of 3,000."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    days, assets = pd.bdate_range("2003-01-01", periods=5000), 600
    numbers = np.random.default_rng(1).normal(100, 1, (5000, assets))
    path = tmp_path / "big.parquet"
    if shape == "wide":
        columns = {f"A{k}": numbers[:, k] for k in range(assets)}
        table = pa.table({"date": days.to_numpy().astype("datetime64[D]"), **columns})
    else:
        names = pa.DictionaryArray.from_arrays(
            np.tile(np.arange(assets, dtype=np.int32), 5000), [f"A{k}" for k in range(assets)]
        )
        stamps = np.repeat(days.to_numpy().astype("datetime64[D]"), assets)
        table = pa.table({"date": stamps, "asset": names, "close": numbers.ravel()})
    parquet.write_table(table, path, row_group_size=500_000)
    del table
    pool = pa.default_memory_pool()
    pool.release_unused()
    tracemalloc.start()
    panel = load_prices(PricesSettings(source="file", file=path), [])
    peak = tracemalloc.get_traced_memory()[1]
    sessions = panel.close.index.to_numpy().astype("datetime64[D]")
    returns = np.full((assets, sessions.size), np.nan)
    for row, name in enumerate(panel.assets):
        returns[row] = asset_returns(panel, name, sessions=sessions).values
    whole = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY_FACTOR * numbers.nbytes
    assert whole < RETURNS_FACTOR * numbers.nbytes
    np.testing.assert_allclose(returns[7, 1:], numbers[1:, 7] / numbers[:-1, 7] - 1, rtol=1e-12)
    np.testing.assert_array_equal(panel.close["A7"], numbers[:, 7])
