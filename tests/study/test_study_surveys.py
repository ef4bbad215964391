"""Trust from wave to wave, and who was invited to which survey; also which change it was, and errors and dwell time."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxstats as cx
from cxstats.study.as_declared import differences, plain_values

FRAME = pd.DataFrame(
    {
        "firm": ["a", "a", "b", "b"],
        "wave": [1, 2, 1, 2],
        "trusts": [3, 4, 5, 2],
        "stars": [4, 4, 5, 1],
        "sent": ["csat", "nps", "csat", None],
        "form": [1.0, 2.0, 1.0, 2.0],
        "replied": [1, 0, 1, 0],
        "spend": [1.5, 2.5, 0.5, 9.0],
        "new": [1, 1, 0, 0],
        "faults": [0.0, 0.25, 0.5, None],
        "minutes": [3, 9, None, 4],
        "done": [1, 0, 1, 1],
    }
)
FILE = """
cxstats = 1
[study]
title = "Waves"
evidence = "simulated"
firm = "firm"
[table.answers]
file = "answers.csv"
[metric.stars]
column = "stars"
scale = "CSAT5"
[outcome.trust]
type = "rating"
column = "trusts"
scale = "CSAT5"
[outcome.reply]
type = "binary"
column = "replied"
good = 1
[outcome.spend]
type = "continuous"
column = "spend"
good = "high"
[segments]
columns = ["wave", "sent", "new"]
[trust]
outcome = "trust"
period = "wave"
[invitation]
survey = "sent"
answered = "reply"
csat = "csat"
randomised = true
same_length = true
[change]
treated = "new"
period = "wave"
start = 2
what = "free upgrade"
[service]
errors = "faults"
dwell = "minutes"
success = "done"
"""
INVITATION = cx.Invitation(survey="sent", answered="reply", csat="csat", randomised=True, same_length=True)


def in_python(**more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {"answers": FRAME},
        "metrics": {"stars": cx.CSAT5},
        "outcomes": {
            "trust": cx.Rating("trusts", cx.CSAT5), "reply": cx.Binary("replied"), "spend": cx.Continuous("spend"),
        },
        "segments": ["wave", "sent", "new"], "firm": "firm", "evidence": "simulated",
    }  # fmt: skip
    return cx.Study(**{**given, **more})


def whole() -> cx.Study:
    return in_python(
        title="Waves",
        trust=cx.Trust(outcome="trust", period="wave"),
        invitation=INVITATION,
        change=cx.Change(treated="new", period="wave", start=2, what="free upgrade"),
        service=cx.Service(errors="faults", dwell="minutes", success="done"),
    )


def from_file(folder: Path, text: str) -> cx.Study:
    FRAME.to_csv(folder / "answers.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return cx.Study.read(folder / "study.toml")


# --- what is read ----------------------------------------------------------------------------------------------------


def test_the_file_and_python_say_the_same(tmp_path: Path) -> None:
    read, made = from_file(tmp_path, FILE), whole()
    assert read.trust == made.trust == cx.Trust(outcome="trust", period="wave")
    assert read.invitation == made.invitation == INVITATION
    assert read.change == made.change
    assert read.service == made.service
    assert read.unused == ()
    asked: list[dict[str, Any]] = [
        {"segment": "wave", "firm": True}, {"segment": "sent"}, {"service": ("errors", "dwell", "success")},
    ]  # fmt: skip
    for more in asked:
        frames = [s.cells("trust", metrics=["stars"], **more).to_frame() for s in (read, made)]
        pd.testing.assert_frame_equal(*frames)


def test_both_flags_are_false_unless_it_is_said(tmp_path: Path) -> None:
    text = FILE.replace("randomised = true\nsame_length = true\n", "").replace('what = "free upgrade"\n', "")
    read = from_file(tmp_path, text)
    assert read.invitation == cx.Invitation(survey="sent", answered="reply", csat="csat")
    assert read.change == cx.Change(treated="new", period="wave", start=2, what="journey")


def test_without_the_sections_there_is_nothing() -> None:
    study = in_python()
    assert (study.trust, study.invitation, study.change) == (None, None, None)


def test_a_survey_may_be_told_by_a_number() -> None:
    invitation = cx.Invitation(survey="form", answered="reply", csat="1")
    assert in_python(invitation=invitation, segments=["form"]).invitation == invitation


def test_errors_and_dwell_become_strata_with_all_their_values() -> None:
    cells = whole().cells("trust", metrics=["stars"], service=("errors", "dwell", "success"))
    assert cells.roles.strata == ("service.errors", "service.dwell", "service.success")
    frame = cells.to_frame()
    assert sorted(frame["service.errors"].dropna()) == [0.0, 0.25, 0.5]
    assert sorted(frame["service.dwell"].dropna()) == [3.0, 4.0, 9.0]
    assert sorted(frame["service.success"]) == [0.0, 1.0, 1.0, 1.0]


def test_dwell_may_be_effort_besides() -> None:
    study = in_python(service=cx.Service(dwell="minutes", success="done", objective=["minutes"]))
    cells = study.cells("trust", service=("dwell", "objective"))
    assert cells.roles.strata == ("service.dwell", "service.objective.minutes")


def test_the_declaration_as_plain_values() -> None:
    found = plain_values(whole().declared)
    assert found["trust"] == {"outcome": "trust", "period": "wave"}
    assert found["invitation"]["same_length"] is True
    assert found["change"]["what"] == "free upgrade"
    assert found["service"]["errors"] == "faults"
    other = plain_values(in_python(invitation=cx.Invitation(survey="sent", answered="reply", csat="nps")).declared)
    told = {path for path, _, _ in differences(found, other)}
    assert {"trust", "change", "invitation.csat", "invitation.randomised", "invitation.same_length"} <= told


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"trust": "trust"}, "trust: must be cx.Trust(outcome=\"trust\", period=\"wave\"), not 'trust'."),
    (
        {"trust": cx.Trust(outcome="trusts", period="wave")},
        "trust.outcome: must name one of the outcomes, but 'trusts' is none; nearest: 'trust'.",
    ),
    (
        {"trust": cx.Trust(outcome=None, period="wave")},  # type: ignore[arg-type]
        "trust.outcome: must name one of the outcomes, but None is none.",
    ),
    (
        {"trust": cx.Trust(outcome="reply", period="wave")},
        "trust.outcome: must name an outcome that is continuous or a rating, but 'reply' is Binary.",
    ),
    (
        {"trust": cx.Trust(outcome="spend", period="waves")},
        "trust.period: must name one of the segments, but 'waves' is none; nearest: 'wave'.",
    ),
    (
        {"invitation": "sent"},
        "invitation: must be cx.Invitation(survey=\"survey\", answered=\"answered\", csat=\"csat\"), not 'sent'.",
    ),
    (
        {"invitation": cx.Invitation(survey="send", answered="reply", csat="csat")},
        "invitation.survey: must name one of the segments, but 'send' is none; nearest: 'sent'.",
    ),
    (
        {"invitation": cx.Invitation(survey="sent", answered="replied", csat="csat")},
        "invitation.answered: must name one of the outcomes, but 'replied' is none; nearest: 'reply'.",
    ),
    (
        {"invitation": cx.Invitation(survey="sent", answered="spend", csat="csat")},
        "invitation.answered: must name an outcome that is binary, but 'spend' is Continuous.",
    ),
    (
        {"invitation": cx.Invitation(survey="sent", answered="reply", csat=1)},  # type: ignore[arg-type]
        "invitation.csat: must be the value of survey that stands for the satisfaction survey, as text, not 1.",
    ),
    (
        {"invitation": cx.Invitation(survey="sent", answered="reply", csat="CSAT")},
        "invitation.csat: must be a value of 'sent', but 'CSAT' is none: it holds 'csat' (2 rows), 'nps' (1 row).",
    ),
    (
        {
            "invitation": cx.Invitation(survey="sent", answered="reply", csat="csat"),
            "tables": {"answers": FRAME.assign(sent=None)},
        },
        "invitation.csat: must be a value of 'sent', but 'csat' is none: it holds no value at all.",
    ),
    (
        {
            "invitation": cx.Invitation(
                survey="sent", answered="reply", csat="csat", randomised=1, same_length="no",  # type: ignore[arg-type]
            )
        },
        (
            "2 problems.\ninvitation.randomised: must be true or false, not 1."
            "\ninvitation.same_length: must be true or false, not 'no'."
        ),
    ),
    (
        {"change": cx.Change(treated="new", period="wave", start=2, what="upgrade")},  # type: ignore[arg-type]
        "change.what: must be 'journey', 'training' or 'free upgrade', not 'upgrade'.",
    ),
    (
        {"change": cx.Change(treated="new", period="wave", start=float("nan"))},
        "change.start: must be a number, not nan.",
    ),
    (
        {"service": cx.Service(dwell="minutes")},
        (
            "service.dwell: needs success, which says whether the task was done: time means another thing where it "
            "was not.\nName its column too."
        ),
    ),
    (
        {"service": cx.Service(success="done")},
        "service.success: needs dwell, the time that the task took.\nName its column too.",
    ),
    (
        {"service": cx.Service(errors="fault")},
        "service.errors: 'fault' is not a column of table 'answers'; nearest: 'faults'.",
    ),
    (
        {"service": cx.Service(errors="faults", objective=["faults"])},
        "service.objective[1]: must be another column than errors, but both are 'faults'.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_what_contradicts_itself_is_refused_with_its_path(given: dict[str, Any], message: str) -> None:
    with pytest.raises(cx.StudyError) as caught:
        in_python(**given)
    assert str(caught.value) == message


def test_errors_must_be_numbers() -> None:
    with pytest.raises(cx.StudyError, match=r"^service\.errors: must hold numbers, but holds text: 'a' \(2 rows\)"):
        in_python(service=cx.Service(errors="firm"))


@pytest.mark.parametrize(
    ("line", "replaced", "message"),
    [
        ('outcome = "trust"\n', "", "trust.outcome: is required."),
        ('outcome = "trust"', "outcome = 1", "trust.outcome: must be text, not 1."),
        ('csat = "csat"', "csat = 1", "invitation.csat: must be text, not 1."),
        ('csat = "csat"', 'csat = ""', "invitation.csat: must not be empty."),
        ("randomised = true", 'randomised = "yes"', "invitation.randomised: must be true or false, not 'yes'."),
        ("same_length = true", "same_length = 1", "invitation.same_length: must be true or false, not 1."),
        ("randomised = true", "random = true", "invitation.random: is no key of the format; nearest: 'randomised'."),
        (
            'what = "free upgrade"', 'what = "upgrade"',
            "change.what: must be 'journey', 'training' or 'free upgrade', not 'upgrade'.",
        ),
        ('errors = "faults"', "errors = 2", "service.errors: must be text, not 2."),
        ('success = "done"', 'succes = "done"', "service.succes: is no key of the format; nearest: 'success'."),
    ],
)  # fmt: skip
def test_bad_sections_are_refused_by_the_file_reader(tmp_path: Path, line: str, replaced: str, message: str) -> None:
    assert FILE.count(line) == 1
    with pytest.raises(cx.StudyError, match=re.escape(f"study.toml': {message}") + "$"):
        from_file(tmp_path, FILE.replace(line, replaced))
