"""A locked plan: its hash, what it may read, what a change to the study makes of its verdicts."""

import hashlib
import json
import math
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import cxstats as cx
from cxstats.claims.finding import Finding
from cxstats.claims.verdict import Blocked, Component, Question, judge, judge_planned
from cxstats.numerics.effect import Effect

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    for ending in ("csv", "toml"):
        shutil.copy(DATA / f"simulated_cohort.{ending}", tmp_path)
    return tmp_path / "simulated_cohort.toml"


def edited(study_file: Path, old: str, new: str) -> Path:
    text = study_file.read_text(encoding="utf-8")
    assert old in text
    other = study_file.with_name("edited.toml")
    other.write_text(text.replace(old, new), encoding="utf-8")
    return other


def statuses(validation: cx.Validation) -> dict[tuple[str, str | None], str]:
    """The status of what was tested; claims for which nothing is declared have none."""
    return {(f.claim, f.outcome): f.status for f in validation.findings if f.status}


def families(validation: cx.Validation, status: str) -> set[str]:
    return {f.family for f in validation.findings if f.status == status}


def test_hash_against_sha_256_of_the_file(study_file: Path) -> None:
    stored = json.loads(cx.register(study_file, rng=1).to_json())
    stated = stored.pop("hash")
    text = json.dumps(stored, sort_keys=True)
    assert stated == hashlib.sha256(text.encode()).hexdigest()


def test_a_plan_is_read_as_it_was_written(study_file: Path) -> None:
    plan = cx.register(study_file, rng=7)
    file = study_file.with_suffix(".plan.json")
    file.write_text(plan.to_json(), encoding="utf-8")
    assert cx.LockedPlan.read(file).to_json() == plan.to_json()


def test_unchanged_study_is_confirmatory_with_the_seed_of_the_plan(study_file: Path) -> None:
    plan = cx.register(study_file, rng=7)
    validation = cx.validate(cx.Study.read(study_file), plan=plan, sensitivity=False)
    assert validation.seed == 7
    assert validation.plan is not None
    assert (validation.plan.hash, validation.plan.changes) == (plan.hash, ())
    planned = {(row["claim"], row["outcome"]) for row in plan.rows}
    assert statuses(validation) == dict.fromkeys(planned, "confirmatory")
    assert len(planned) == 9


def test_without_a_plan_nothing_is_confirmatory(study_file: Path) -> None:
    validation = cx.validate(cx.Study.read(study_file), rng=1)
    assert validation.plan is None
    assert statuses(validation) == {}


def test_no_outcome_is_read(study_file: Path) -> None:
    """Only the names of columns: with the outcome's values spoilt, or not there yet, the plan is the same."""
    before = cx.register(study_file, rng=1)
    csv = study_file.with_suffix(".csv")
    frame = pd.read_csv(csv)
    frame.assign(repurchase="to come").to_csv(csv, index=False)
    spoilt = cx.register(study_file, rng=1)
    assert (spoilt.rows, spoilt.declared, spoilt.later) == (before.rows, before.declared, ())
    frame.drop(columns="repurchase").to_csv(csv, index=False)
    absent = cx.register(study_file, rng=1)
    assert (absent.rows, absent.declared) == (before.rows, before.declared)
    assert absent.later == (
        "outcome.repurchase.column: 'repurchase' is not a column of table 'cohort'; nearest: 'ease'.",
    )


def test_outcomes_that_come_later_are_no_longer_a_matter_of_trust(study_file: Path) -> None:
    csv = study_file.with_suffix(".csv")
    frame = pd.read_csv(csv)
    frame.drop(columns="repurchase").to_csv(csv, index=False)
    plan = cx.register(study_file, rng=1)
    frame.to_csv(csv, index=False)
    validation = cx.validate(cx.Study.read(study_file), plan=plan, sensitivity=False)
    assert validation.plan is not None
    assert validation.plan.notes == ()
    there = cx.validate(cx.Study.read(study_file), plan=cx.register(study_file, rng=1))
    assert there.plan is not None
    assert there.plan.notes == (
        (
            "The outcomes were in the files already when the plan was locked: that nobody had looked at them rests on "
            "the word of the authors."
        ),
    )


def test_a_file_of_outcomes_may_come_later(study_file: Path) -> None:
    text = study_file.read_text(encoding="utf-8")
    text = text.replace("[study]", '[study]\nrows = "cohort"').replace(
        '[table.cohort]\nfile = "simulated_cohort.csv"',
        '[table.cohort]\nfile = "simulated_cohort.csv"\nkey = "ease"\n[table.later]\nfile = "later.csv"\nkey = "ease"',
    )
    study_file.write_text(text.replace("[outcome.repurchase]", '[outcome.repurchase]\ntable = "later"'), "utf-8")
    plan = cx.register(study_file, rng=1)
    assert plan.later == ("table.later: 'later.csv' is not there yet.",)
    assert len(plan.rows) == 9


def test_a_metric_that_is_not_there_is_refused(study_file: Path) -> None:
    other = edited(study_file, 'column = "nps"', 'column = "npx"')
    text = f"'{other}': metric.nps.column: 'npx' is not a column of table 'cohort'; nearest: 'nps'."
    with pytest.raises(cx.StudyError, match=f"^{re.escape(text)}$"):
        cx.register(other)


def test_nothing_to_test_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n", encoding="utf-8")
    file = tmp_path / "a.toml"
    file.write_text(
        'cxstats = 1\n[study]\ntitle = "A"\nevidence = "real"\n[table.a]\nfile = "a.csv"\n', encoding="utf-8"
    )
    text = (
        f"'{file}': declares nothing that a claim could be tested on, so there is no plan to lock.\n"
        "'cxstats claims --for' with the file says what each claim needs."
    )
    with pytest.raises(cx.StudyError, match=f"^{re.escape(text)}$"):
        cx.register(file)


@pytest.mark.parametrize(
    ("old", "new", "change", "exploratory"),
    [
        ("met = [0, 0]", "met = [0, 1]", "expectation.met[2]: was 0, is 1.", {"delight"}),
        ('column = "csat"', 'column = "csat"\nmissing = [1]', "metric.csat.missing: was [], is [1.0].", None),
        ('count = "n"', "", "study.count: was 'n', is not given.", None),
        ('title = "Simulated cohort with known truth"', 'title = "Another title"', "", set()),
        (
            "[expectation]", "[smallest_effect]\nauc = 0.02\n[expectation]", "smallest_effect.auc: was 0.01, is 0.02.",
            None,
        ),
    ],
)  # fmt: skip
def test_a_change_makes_exploratory_what_it_concerns(
    study_file: Path, old: str, new: str, change: str, exploratory: set[str] | None
) -> None:
    plan = cx.register(study_file, rng=1)
    other = edited(study_file, old, new)
    validation = cx.validate(cx.Study.read(other), plan=plan, sensitivity=False)
    assert validation.plan is not None
    assert validation.plan.changes == ((change,) if change else ())
    everything = {"metric", "delight"}
    concerned = everything if exploratory is None else exploratory
    assert families(validation, "exploratory") == concerned
    assert families(validation, "confirmatory") == everything - concerned


def test_another_seed_is_a_change(study_file: Path) -> None:
    plan = cx.register(study_file, rng=1)
    validation = cx.validate(cx.Study.read(study_file), plan=plan, rng=2, sensitivity=False)
    assert validation.plan is not None
    assert validation.plan.changes == ("seed: was 1, is 2.",)
    assert families(validation, "confirmatory") == set()


def test_an_added_outcome_is_exploratory_and_the_planned_verdicts_stay(study_file: Path) -> None:
    plan = cx.register(study_file, rng=1)
    before = cx.validate(cx.Study.read(study_file), plan=plan, sensitivity=False)
    again = "\n[outcome.again]\ncolumn = 'repurchase'\ntype = 'binary'\ngood = 1\nafter = true\n"
    other = edited(study_file, "[expectation]", f"{again}[expectation]")
    after = cx.validate(cx.Study.read(other), plan=plan, sensitivity=False)
    assert after.plan is not None
    assert after.plan.changes == ("outcome.again: was not given, is declared.",)
    assert {outcome for (_, outcome), status in statuses(after).items() if status == "exploratory"} == {"again"}

    def planned(validation: cx.Validation) -> list[tuple[str, str]]:
        return [(f.claim, f.verdict) for f in validation.findings if f.status == "confirmatory"]

    assert planned(after) == planned(before)
    assert len(planned(after)) == 9


def test_a_test_that_was_left_out_is_told(study_file: Path) -> None:
    plan = cx.register(study_file, rng=1)
    text = study_file.read_text(encoding="utf-8")
    other = study_file.with_name("edited.toml")
    other.write_text(text[: text.index("[expectation]")], encoding="utf-8")
    validation = cx.validate(cx.Study.read(other), plan=plan, sensitivity=False)
    assert validation.plan is not None
    assert validation.plan.changes == (
        "expectation: was declared, is not given.",
        "delight-no-loyalty on repurchase: was planned, and is not tested now.",
        "negative-asymmetry on repurchase: was planned, and is not tested now.",
    )
    assert families(validation, "confirmatory") == {"metric"}


def tampered(plan: str, how: str) -> str:
    stored = json.loads(plan)
    if how == "value":
        stored["smallest_effects"]["auc"] = 0.001
    elif how == "row":
        stored["rows"].pop()
    elif how == "time":
        stored["registered"] = "2020-01-01T00:00:00Z"
    elif how == "key":
        stored["extra"] = 1
    elif how == "kind":
        stored["rows"] = "none"
    else:
        stored["hash"] = "0" * 64
    return json.dumps(stored)


@pytest.mark.parametrize("how", ["value", "row", "time", "key", "kind", "hash"])
def test_a_plan_that_was_edited_is_refused(study_file: Path, how: str) -> None:
    file = study_file.with_suffix(".plan.json")
    file.write_text(tampered(cx.register(study_file, rng=1).to_json(), how), encoding="utf-8")
    text = (
        f"'{file}' was changed after the plan was locked: it no longer has the hash that it states."
        "\nRestore the file as it was; or lock a new plan with 'cxstats register' under another name, and say so."
    )
    with pytest.raises(cx.StudyError, match=f"^{re.escape(text)}$"):
        cx.LockedPlan.read(file)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[1]", "its schema is not 'cxstats-plan/1'"),
        ('{"schema": "cxstats-validate/1"}', "its schema is not 'cxstats-plan/1'"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(content, encoding="utf-8")
    text = f"'{file}' must be a plan that 'cxstats register' wrote, but {why}.\nName the right file."
    with pytest.raises(cx.StudyError, match=f"^{re.escape(text)}$"):
        cx.LockedPlan.read(file)


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    text = f"'{file}' cannot be opened: No such file or directory."
    with pytest.raises(cx.ReadError, match=f"^{re.escape(text)}$"):
        cx.LockedPlan.read(file)


def _question(estimate: float) -> Question:
    effect = Effect(a=estimate, var_a=0.01**2)
    return Question(components=(Component(name="a", effect=effect, kind="superiority", smallest=0.01),), n=100)


def test_planned_rows_are_judged_among_themselves_against_families_made_by_hand() -> None:
    strong, weak = _question(0.06), _question(0.033)  # p of the weak one: .021, over the limit among two or more
    family = [strong, weak, weak, Blocked(looked_at_outcome=True)]
    planned = [True, True, False, False]
    found = judge_planned(family, planned)
    assert [j.verdict for j in found[:2]] == [j.verdict for j in judge([strong, weak])]
    assert found[2].verdict == judge(family)[2].verdict
    assert [j.verdict for j in judge_planned(family, [True] * 4)] == [j.verdict for j in judge(family)]


def test_findings_without_a_number_have_no_flip() -> None:
    finding = Finding(
        claim="a", family="b", kind="superiority", sentence="", outcome=None, verdict="not-testable",
        smallest_effect=0.1, unit="", published="", source="", reason="",
    )  # fmt: skip
    assert math.isnan(finding.flips_at)
