"""Claims 17 to 22 on real answers: films felt second by second, and days remembered in the evening."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import cxstats as cx

FILMS = """
cxstats = 1
[study]
title = "Films seen in virtual reality"
evidence = "real"
rows = "moments"
[table.moments]
file = "{moments}"
[table.overall]
file = "{overall}"
[moments]
sequence = ["participant", "video"]
order = "time_s"
value = "valence"
neutral = 5
scale = [1, 9]
overall = "overall_valence"
overall_scale = [1, 9]
higher_is_better = true
whole = false
overall_table = "overall"
person = "participant"
stimulus = "video"
same_sitting = false
"""
DAYS = """
cxstats = 1
[study]
title = "Days and evenings"
evidence = "real"
[table.days]
file = "days.csv"
[moments]
sequence = ["participant", "day_n"]
order = "obs_n_day"
value = "slider_happy"
neutral = 50
overall = "evening_slider_happy"
person = "participant"
"""


def memory(validation: cx.Validation) -> dict[str, cx.Finding]:
    return {f.claim: f for f in validation.findings if f.family == "memory"}


@pytest.fixture
def films(real_data: Callable[[str], Path], tmp_path: Path) -> Path:
    paths = {
        "moments": real_data("ceap360vr/ceap_sequences_2hz.csv.gz"),
        "overall": real_data("ceap360vr/ceap_overall.csv"),
    }
    path = tmp_path / "films.toml"
    path.write_text(FILMS.format(**{name: file.as_posix() for name, file in paths.items()}), encoding="utf-8")
    return path


def test_films_cannot_tell_peak_and_end_from_the_mean(films: Path) -> None:
    """24 people, 8 films of a minute each; peak-end and mean correlate .91 within people."""
    validation = cx.validate(cx.Study.read(films, allow_outside=True), rng=1)
    found = memory(validation)
    claim = found["peak-end-vs-mean"]
    assert claim.verdict == "inconclusive"
    assert claim.n == 192
    assert claim.ci_low < 0 < claim.ci_high
    assert any(told.startswith("Peak-end correlates 0.91") for told in claim.guards)
    assert found["duration-neglect"].verdict == "not-testable"
    assert found["duration-neglect"].reason.startswith("It cannot be estimated: ")
    assert "'log duration'" in found["duration-neglect"].reason
    assert "supported" not in {f.verdict for f in found.values()}
    accounts = {account.table: account for account in validation.tables}
    assert (accounts["moments"].read, accounts["moments"].used, accounts["moments"].filtered) == (23_232, 23_232, 0)
    assert (accounts["overall"].read, accounts["overall"].used) == (192, 192)


def test_the_file_and_frames_give_the_same(films: Path, real_data: Callable[[str], Path]) -> None:
    moments = pd.read_csv(real_data("ceap360vr/ceap_sequences_2hz.csv.gz"))
    overall = pd.read_csv(real_data("ceap360vr/ceap_overall.csv"))
    made = cx.Study(
        tables={"moments": moments, "overall": overall},
        rows="moments",
        evidence="real",
        moments=cx.Moments(
            sequence=["participant", "video"],
            order="time_s",
            value="valence",
            neutral=5,
            scale=cx.Scale(1, 9, whole=False),
            overall="overall_valence",
            overall_scale=cx.Scale(1, 9, whole=False),
            overall_table="overall",
            person="participant",
            stimulus="video",
        ),
    )
    read = cx.Study.read(films, allow_outside=True)
    pd.testing.assert_frame_equal(read.moment_rows, made.moment_rows)
    joined = moments.merge(overall, on=["participant", "video"])
    assert len(read.moment_rows) == len(joined)
    assert (read.moment_rows.overall_valence.to_numpy() == joined.overall_valence.to_numpy()).all()


def test_a_study_file_may_name_no_data_outside_its_folder(films: Path) -> None:
    with pytest.raises(cx.StudyError, match="must stay in the folder of the study file"):
        cx.Study.read(films)


def test_days_of_eighteen_people_are_too_few(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    """One of the 18 has a single day, which is compared with none."""
    rows = pd.read_csv(real_data("mpath_esm/mpath_esm.csv.gz"))
    evening = rows[rows.questionnaire == "evening_questionnaire"][["participant", "day_n", "evening_slider_happy"]]
    beeps = rows[rows.questionnaire == "main_questionnaire"][["participant", "day_n", "obs_n_day", "slider_happy"]]
    beeps.merge(evening, on=["participant", "day_n"], how="left").to_csv(tmp_path / "days.csv", index=False)
    (tmp_path / "study.toml").write_text(DAYS, encoding="utf-8")
    found = memory(cx.validate(cx.Study.read(tmp_path / "study.toml"), rng=1))
    assert {f.verdict for f in found.values()} == {"not-testable"}
    for claim in found.values():
        assert claim.reason == (
            "17 people with two experiences or more are too few (fewer than 20) for an interval that would hold for "
            "others. More people would make it testable."
        )
