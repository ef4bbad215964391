"""Evidence for claims on the asking itself: trust that follows satisfaction, and which survey is answered."""

from collections.abc import Sequence

from cxstats.cells import Cells
from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Part
from cxstats.claims.metric_race import champion_of
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, Question
from cxstats.errors import listed
from cxstats.methods.elasticity import Elasticity, elasticity
from cxstats.methods.response_rate import ResponseRate, response_rate
from cxstats.results import shown

PERCENT = "percent of trust that go with one percent of satisfaction"
ANSWERED = "relative gain in answered surveys, or, where more than half answer, in unanswered ones"
_NO_PANEL = (
    "That would be enough, but firms are not compared with themselves over time: no more than the direction can be "
    "told."
)


def trust_follows(data: OutcomeData) -> Evidence:
    """How many percent of trust go with a percent of satisfaction, within firms over time."""
    study, declared = data.study, data.study.trust
    if declared is None:
        raise TypeError("no trust is declared")
    metric, guards = champion_of(study.compared_scales, "csat")

    def cells() -> Cells:
        return study.cells(declared.outcome, metrics=(metric,), segment=declared.period, firm=study.firm is not None)

    found = attempted(lambda: elasticity(data.counted("trust", cells), period=declared.period))
    if isinstance(found, Evidence):
        return found
    panel = found.panel and study.firm is not None
    component = Component(
        name="elasticity", effect=found.effect, kind="superiority", smallest=data.smallest("elasticity")
    )
    return Evidence(
        question=Question(components=(component,), capped=not panel, n=found.n),
        headline=_ten_percent(found, _who(data)),
        measured="The elasticity (percent for one percent) is",
        pointed="" if panel else _NO_PANEL,
        guards=(*guards, *found.notes),
        flags=() if panel else ("no-panel",),
        sensitivity=()
        if found.from_low is None
        else (Part.of("with ratings counted from the lowest answer", found.from_low),),
        published_on=found.effect,
        n=found.n,
        n_missing=found.n_missing,
    )


def _who(data: OutcomeData) -> str:
    """What is compared with itself, or with each other."""
    if data.study.firm is not None:
        return "firms"
    return "customers" if data.study.declared.cluster is None else "clusters"


def _ten_percent(found: Elasticity, who: str) -> str:
    """What ten percent of satisfaction go with, where, and how many points they are."""
    change = found.percent(10)
    where = f"within {who} over time" if found.panel else f"between {who}"
    return (
        f"10% more '{found.metric}' (at the mean {shown(found.means[0] / 10, 2)} points) goes with "
        f"{shown(abs(change), 3)}% {'more' if change >= 0 else 'less'} '{found.outcome}', {where}."
    )


def satisfaction_surveys_are_answered(data: OutcomeData) -> Evidence:
    """Whether the satisfaction survey was answered more often than each other one, sent by chance and as long."""
    study, declared = data.study, data.study.invitation
    if declared is None:
        raise TypeError("no invitation is declared")
    if not declared.randomised or not declared.same_length:
        what = " and ".join(
            told
            for told, given in (
                ("that chance decided who was sent which survey (randomised = true)", declared.randomised),
                ("that all surveys had the same number of questions (same_length = true)", declared.same_length),
            )
            if not given
        )
        return blocked(
            f"Nothing in [invitation] says {what}. Where that holds, saying so would make it testable; where it does "
            "not, rates differ for other reasons.",
            looked=False,
        )

    def found_on() -> ResponseRate:
        cells = data.counted("invitation", lambda: study.cells(declared.answered, segment=declared.survey))
        return response_rate(cells, survey=declared.survey)

    found = attempted(found_on)
    if isinstance(found, Evidence):
        return found
    others = [name for name in found.types if name != declared.csat]
    if declared.csat not in found.types or not others:
        return blocked(
            f"It is known of {listed(found.types)} only which invitations were answered, so that the satisfaction "
            f"survey ('{declared.csat}') cannot be compared with another one. Both in one study would make it "
            "testable.",
            looked=False,
        )
    components = tuple(
        Component(
            name=f"{declared.csat} over {other}",
            effect=found.relative(declared.csat, other),
            kind="superiority",
            smallest=data.smallest("relative"),
        )
        for other in others
    )
    limits = found.confidence_interval()
    rates = [f"{100 * float(rate):.1f}% for '{name}'" for name, rate in zip(found.types, found.estimate, strict=False)]
    return Evidence(
        question=Question(components=components, n=found.n),
        headline=f"The shares of invitations that were answered are {_and(rates)}.",
        measured="The relative gain of {name} is",
        guards=found.notes,
        levels=tuple(
            Part(name=name, estimate=float(e), ci_low=float(low), ci_high=float(high))
            for name, e, low, high in zip(found.types, found.estimate, limits.low, limits.high, strict=False)
        ),
        levels_unit="share of the invited who answered",
        n=found.n,
        n_missing=found.n_missing,
        counted="invitations",
    )


def _and(told: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)
