"""``cxstats features``: the file that is written, what is told, and what is refused without a trace of it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx

Run = Callable[..., Result]
BASE = ("--sequence", "visit", "--order", "minute", "--value", "mood", "--neutral", "5")
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "neutral": 5}


@pytest.fixture
def moments(folder: Path) -> pd.DataFrame:
    """90 simulated visits, also as ``moments.csv`` in the folder."""
    frame: pd.DataFrame = cx.simulate.visits(90, rng=4, moments=(2, 6))
    frame.to_csv(folder / "moments.csv", index=False)
    return frame


def read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".csv":
        return pd.read_csv(path)
    frame: pd.DataFrame = cx.scan(str(path)).df()
    return frame


@pytest.mark.parametrize("out", ["visits.csv", "visits.parquet", "VISITS.CSV"])
def test_the_file_holds_the_features(run: Run, folder: Path, moments: pd.DataFrame, out: str) -> None:
    result = run("features", "moments.csv", *BASE, "--out", out)
    known = cx.sequence_features(moments, **ROLES)
    assert (result.exit_code, result.stderr) == (0, "")
    found = read(folder / out)
    assert found.columns.tolist() == known.columns.tolist()
    for name in known:
        np.testing.assert_array_equal(found[name].to_numpy(float), known[name].to_numpy(float))
    ties = 100 * (known.peak_ties > 1).mean()
    short = int((known.n < 3).sum())
    assert result.stdout.splitlines() == [
        f"90 sequences of {len(moments):,} moments: {out}",
        f"The peak is the latest of several equally far moments in {ties:.3g}% of the sequences.",
        f"{short} sequences have fewer than 3 moments: peak, end and mean hardly differ there.",
    ]
    assert {path.name for path in folder.iterdir()} == {"moments.csv", out}


def test_parquet_is_read_too(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    assert run("features", "moments.csv", *BASE, "--out", "first.parquet").exit_code == 0
    cx.scan("moments.csv").write_parquet("moments.parquet")
    assert run("features", "moments.parquet", *BASE, "--out", "second.parquet").exit_code == 0
    pd.testing.assert_frame_equal(read(folder / "first.parquet"), read(folder / "second.parquet"))


def test_the_end_the_scale_and_columns_to_keep(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    options = ("--end", "2", "--scale", "0-10:bad", "--keep", "guest", "--keep", "memory")
    assert run("features", "moments.csv", *BASE, *options, "--out", "visits.csv").exit_code == 0
    known = cx.sequence_features(
        moments, **ROLES, end=2, scale=cx.Scale(0, 10, higher_is_better=False), keep=["guest", "memory"]
    )
    pd.testing.assert_frame_equal(read(folder / "visits.csv"), known, check_exact=True)


def test_a_share_of_the_time_is_an_end(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    assert run("features", "moments.csv", *BASE, "--end", "0.25", "--out", "visits.csv").exit_code == 0
    known = cx.sequence_features(moments, **ROLES, end=0.25)
    assert read(folder / "visits.csv").end.tolist() == known.end.tolist()


def test_two_columns_name_a_sequence(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    named = ("--sequence", "guest", "--sequence", "visit", *BASE[2:])
    assert run("features", "moments.csv", *named, "--out", "visits.csv").exit_code == 0
    found = read(folder / "visits.csv")
    assert found.columns.tolist()[:2] == ["guest", "visit"]
    assert len(found) == 90


def test_moments_at_one_time_become_their_mean_if_asked(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    pd.concat([moments, moments.head(1).assign(mood=0)]).to_csv(folder / "moments.csv", index=False)
    refused = run("features", "moments.csv", *BASE, "--out", "visits.csv")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "visit 1" in refused.stderr
    assert not (folder / "visits.csv").exists()
    assert run("features", "moments.csv", *BASE, "--same-time", "mean", "--out", "visits.csv").exit_code == 0


def test_moments_without_a_value_and_visits_without_any_are_told(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    moments.assign(mood=moments.mood.where(moments.visit > 3)).to_csv(folder / "moments.csv", index=False)
    result = run("features", "moments.csv", *BASE, "--out", "visits.csv")
    gone = int((moments.visit <= 3).sum())
    assert f"{gone} moments have no value and were left out." in result.stdout
    assert f"90 sequences of {len(moments) - gone} moments: visits.csv" in result.stdout
    found = read(folder / "visits.csv")
    assert found.visit.tolist() == [*range(4, 91), 1, 2, 3]
    assert found.n.tolist()[-3:] == [0, 0, 0]
    one = moments.assign(mood=moments.mood.where(moments.index > 0))
    one.to_csv(folder / "moments.csv", index=False)
    assert "1 moment has no value and was left out." in run("features", "moments.csv", *BASE, "--out", "v.csv").stdout


RISKY = ("=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "plain", "a=b", "'quoted", "1")


def test_text_that_a_spreadsheet_would_run_is_shown_as_text(run: Run, folder: Path) -> None:
    """In csv, keys, kept columns and names of columns; in parquet everything stays as it was."""
    frame = pd.DataFrame(
        {"visit": np.repeat(RISKY, 3), "minute": [0, 1, 2] * len(RISKY), "mood": [1, -9, 3] * len(RISKY)}
    )
    frame = frame.assign(**{"=shop": frame.visit})
    frame.to_csv(folder / "moments.csv", index=False)
    for out in ("visits.csv", "visits.parquet"):
        assert run("features", "moments.csv", *BASE, "--keep", "=shop", "--out", out).exit_code == 0
    text = (folder / "visits.csv").read_bytes().decode()
    found = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    shown = {f"'{one}" if one[0] in "=+-@\t" else one for one in RISKY}
    assert set(found.visit) == set(found.iloc[:, 1]) == shown
    assert found.columns.tolist()[1] == "'=shop"
    assert found["min"].tolist() == ["-9.0"] * len(RISKY)  # a number is no text
    parquet = read(folder / "visits.parquet")
    assert set(parquet.visit) == set(parquet["=shop"]) == set(RISKY)


def spoilt(**columns: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**columns)


def same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], tuple[str, ...], str]] = {
    "no such column": (lambda d: d.rename(columns={"mood": "moood"}), (), "Nearest to 'mood': 'moood'"),
    "text": (spoilt(mood="good"), (), "'mood' must hold numbers, but it holds text: 'good'"),
    "off the scale": (same, ("--scale", "0-5:good"), "'mood' must hold whole numbers 0 to 5 (its scale), but "),
    "no scale": (same, ("--scale", "0-10"), "'0-10' is no scale."),
    "neutral off": (same, ("--scale", "0-4:good"), "The neutral point must lie on the scale, 0 to 4, but neutral=5."),
    "neutral nan": (same, ("--neutral", "nan"), "neutral must be a finite number"),
    "end 0": (same, ("--end", "0"), "end must be a number of moments (1, 2, ...) or a share of the time"),
    "end 1.5": (same, ("--end", "1.5"), "end must be a number of moments (1, 2, ...) or a share of the time"),
    "same time": (same, ("--same-time", "max"), "same_time must be 'raise' or 'mean', not 'max'."),
    "one role": (same, ("--order", "mood"), "A column can have one role only, but 'mood' has more."),
    "name of a feature": (lambda d: d.assign(peak=1), ("--keep", "peak"), "'peak' has the name of a feature."),
    "changes": (same, ("--keep", "minute_"), "Nearest to 'minute_': 'minute'"),
    "changing": (lambda d: d.assign(x=range(len(d))), ("--keep", "x"), "'x' must hold one value per sequence"),
    "no key": (
        lambda d: d.assign(visit=d.visit.where(d.index > 2)), (), "'visit' must name a sequence in every row, but 3 of",
    ),
    "no rows": (lambda d: d.iloc[:0], (), "At least one moment is needed, but the data hold no rows."),
    "kind of file": (same, ("--out", "visits.xlsx"), "--out must be a file that ends in .parquet or .csv, but 'v"),
    "no ending": (same, ("--out", "visits"), "--out must be a file that ends in .parquet or .csv, but 'v"),
    "no folder": (same, ("--out", "no/visits.csv"), "--out must name a file that can be written, but 'no/visits.csv'"),
    "what is read": (
        same, ("--out", "moments.csv"), "--out must name a file of its own, but 'moments.csv' is also what is read.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_refused(run: Run, folder: Path, moments: pd.DataFrame, case: str) -> None:
    spoil, more, message = BAD[case]
    spoil(moments).to_csv(folder / "moments.csv", index=False)
    before = (folder / "moments.csv").read_bytes()
    result = run("features", "moments.csv", *BASE, "--out", "visits.csv", *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cxstats: ")
    assert result.stderr.count("cxstats: ") == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert {path.name for path in folder.iterdir()} == {"moments.csv"}
    assert (folder / "moments.csv").read_bytes() == before


@pytest.mark.parametrize("option", ["--sequence", "--order", "--value", "--neutral", "--out"])
def test_what_is_needed_is_asked_for(run: Run, folder: Path, moments: pd.DataFrame, option: str) -> None:
    given = [*BASE, "--out", "visits.csv"]
    at = given.index(option)
    result = run("features", "moments.csv", *given[:at], *given[at + 2 :])
    assert result.exit_code == 2
    assert option in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "visits.csv").exists()


def test_a_file_that_was_there_stays_until_all_is_well(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    (folder / "visits.csv").write_text("older")
    moments.assign(mood="bad").to_csv(folder / "moments.csv", index=False)
    assert run("features", "moments.csv", *BASE, "--out", "visits.csv").exit_code == 2
    assert (folder / "visits.csv").read_text() == "older"
    moments.to_csv(folder / "moments.csv", index=False)
    assert run("features", "moments.csv", *BASE, "--out", "visits.csv").exit_code == 0
    assert len(read(folder / "visits.csv")) == 90


def test_a_folder_that_cannot_be_written_to(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    (folder / "visits.csv").mkdir()
    result = run("features", "moments.csv", *BASE, "--out", "visits.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--out must name a file that can be written, but 'visits.csv' cannot: it is a folder." in result.stderr


def test_a_pattern_does_not_overwrite_what_it_reads(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    """``*.csv`` reads every csv file here, that of an earlier run included."""
    before = (folder / "moments.csv").read_bytes()
    result = run("features", "*.csv", *BASE, "--out", "moments.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--out must name a file of its own, but 'moments.csv' is also what is read." in result.stderr
    assert (folder / "moments.csv").read_bytes() == before


def test_dates_are_times(run: Run, folder: Path, moments: pd.DataFrame) -> None:
    at = pd.Timestamp("2024-01-31 10:00") + pd.to_timedelta(moments.minute, unit="min")
    moments.assign(minute=at).to_csv(folder / "moments.csv", index=False)
    assert run("features", "moments.csv", *BASE, "--out", "visits.csv").exit_code == 0
    known = cx.sequence_features(moments, **ROLES)
    assert read(folder / "visits.csv").duration.to_numpy() == pytest.approx(60 * known.duration.to_numpy())
