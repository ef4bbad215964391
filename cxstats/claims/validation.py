"""Put every claim of the register to the test on a study."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

import cxstats
from cxstats.cells import Cells
from cxstats.claims.asked_outcomes import NONE_BESIDES, asked_outcomes
from cxstats.claims.claim import Claim, Evidence, blocked
from cxstats.claims.data_account import metric_correlations
from cxstats.claims.finding import ScoreSummary, Validation
from cxstats.claims.findings import Case, findings_of
from cxstats.claims.locked_plan import LockedPlan
from cxstats.claims.outcome_data import SMALLEST_EFFECT, OutcomeData
from cxstats.claims.plan_changes import compare
from cxstats.claims.register import CLAIMS, FAMILIES
from cxstats.claims.remarks import disagreements, response_rates
from cxstats.claims.robustness import Looks
from cxstats.errors import OffScaleError, ScaleError, StudyError, TooFewError, listed
from cxstats.methods.mean_score import mean_score
from cxstats.methods.net_promoter import net_promoter
from cxstats.methods.top_box import top_box
from cxstats.numerics.resample import seeded
from cxstats.study.study import Study

if TYPE_CHECKING:
    from cxstats.results import TalliedResult


def validate(
    study: Study,
    *,
    plan: LockedPlan | None = None,
    rng: int | np.random.Generator | None = None,
    progress: Callable[[str], None] | None = None,
    sensitivity: bool = True,
) -> Validation:
    """Test each claim of the register on a study's own data, and say honestly what cannot be told.

    Parameters
    ----------
    study : Study
        From a study file (``cx.Study.read``) or made in Python.
    plan : LockedPlan, optional
        The plan that was locked before (`register`). Each verdict is then confirmatory, if it was planned and nothing
        that concerns it is another now, or exploratory; what was changed is told.
    rng : int or numpy Generator, optional
        Seed of the folds and resamples; without one, that of the plan, or else a fresh one that is kept in the result.
    progress : callable, optional
        Told in words what is being done, stage by stage.
    sensitivity : bool
        Whether each verdict is looked at besides in every segment, with each segment left out, with missing answers
        imputed, and by the smallest effect at which it would be another. No verdict depends on it.

    Returns
    -------
    Validation
        A verdict per claim and outcome, with estimates, guards and what the data were.

    Raises
    ------
    StudyError, ColumnError
        The study contradicts itself or its data. What concerns a single claim (a score off its scale, too
        few events, perfect separation) raises nothing: that claim is `not-testable`, with the reason.

    Notes
    -----
    The verdicts follow one rule: each claim is tested against its smallest effect of interest, p-values
    are adjusted by Holm over the claims of a family, and neither the published figure nor the absence of
    significance ever makes a verdict. Under a locked plan the family is that of the planned tests; a test that was
    not planned is adjusted over all that were made, and does not weaken the planned ones.

    Examples
    --------
    >>> import cxstats as cx
    >>> study = cx.Study.read(cx.datasets.load("simulated_cohort").study)
    >>> result = cx.validate(study, rng=1)
    >>> print(result.to_frame().verdict[0])
    supported
    """
    unknown = sorted(set(study.smallest_effect) - set(SMALLEST_EFFECT))
    if unknown:
        raise StudyError(
            f"smallest_effect: {listed(unknown)} is not the name of an effect; known are {listed(SMALLEST_EFFECT)}."
        )
    tell = progress or (lambda _stage: None)
    draws = seeded(plan.seed if rng is None and plan is not None else rng)
    compared = None if plan is None else compare(plan, study, seed=draws.seed)
    outcomes = [OutcomeData(study, name, draws) for name in asked_outcomes(study)]
    whole = OutcomeData(study, "", draws)  # for claims that are about no outcome
    cases = [
        case for claim in CLAIMS for case in _cases(claim, study, outcomes if claim.about_outcome else [whole], tell)
    ]
    tell("verdicts")
    looks = Looks(study, draws) if sensitivity else None
    findings = [
        f
        for family in FAMILIES
        for f in findings_of([c for c in cases if c.claim.family == family], compared, looks, tell)
    ]
    tell("scores")
    scores, notes, cells = _scores(study)
    return Validation(
        title=study.title,
        evidence=study.evidence,
        source=study.source,
        licence=study.licence,
        note=study.note,
        findings=tuple(findings),
        scores=scores,
        tables=study.tables_account,
        correlations=metric_correlations(study),
        unused=study.unused,
        notes=(*disagreements(findings), *response_rates(study), *_late(study), *notes),
        plan=None if compared is None else compared.used(),
        seed=draws.seed,
        version=cxstats.__version__,
        fingerprint=_fingerprint([*outcomes, whole], cells),
    )


def _cases(claim: Claim, study: Study, outcomes: Sequence[OutcomeData], tell: Callable[[str], None]) -> list[Case]:
    """The claim on each outcome; once, without an outcome, where something is not declared at all."""
    missing = claim.missing(study) or ("" if outcomes else NONE_BESIDES)
    if missing:
        return [Case(claim, None, blocked(missing, looked=False))]
    cases = []
    for data in outcomes:
        tell(f"{claim.id} on {data.name}" if claim.about_outcome else claim.id)
        allowed = not claim.timed or (claim.one_sitting and data.one_sitting)
        cases.append(Case(claim, data, (None if allowed else _timed(data)) or claim.evidence(data)))
    return cases


def _timed(data: OutcomeData) -> Evidence | None:
    """The guard of every predictive claim: the outcome must come after the feedback."""
    if data.came_after:
        return None
    detail = data.study.timing(data.name).detail
    return blocked(
        f"Nothing says that '{data.name}' came after the feedback ({detail}); a score cannot predict what "
        "had happened before it was given. An outcome recorded afterwards would make it testable: declare the "
        "column in which its window starts (starts), or after = true.",
        looked=False,
        flags=("timing",),
    )


def _scores(study: Study) -> tuple[tuple[ScoreSummary, ...], tuple[str, ...], list[Cells]]:
    """Distribution and score of each metric; what cannot be scored becomes a note."""
    summaries, notes, tallied = [], [], []
    for name in study.metric_scales:
        try:
            cells = study.cells(None, metrics=(name,))
            summaries.append(_score(cells, name))
            tallied.append(cells)
        except OffScaleError as reason:
            notes.append(reason.in_study())
        except (ScaleError, TooFewError) as reason:
            notes.append(str(reason))
    return tuple(summaries), tuple(notes), tallied


def _score(cells: Cells, name: str) -> ScoreSummary:
    scale = cells.roles.metrics[name]
    analyses: dict[str, tuple[str, Callable[..., TalliedResult]]] = {
        "nps": ("NPS", net_promoter),
        "csat": ("share in the best two boxes", top_box),
    }
    label, analysis = analyses.get(scale.kind, ("mean", mean_score))
    result = analysis(cells, metric=name)
    limits = result.confidence_interval()
    plain = cells.where(cells.observed([name]))
    values, number = np.unique(plain[name], return_inverse=True)
    return ScoreSummary(
        metric=name,
        scale=f"{scale}, up is {'good' if scale.higher_is_better else 'bad'}",
        score=label,
        estimate=float(result.estimate[0]),
        ci_low=float(limits.low[0]),
        ci_high=float(limits.high[0]),
        n=result.n,
        n_missing=result.n_missing,
        values=tuple(map(float, values)),
        counts=tuple(int(c) for c in np.bincount(number, weights=plain.count, minlength=len(values))),
    )


def _late(study: Study) -> tuple[str, ...]:
    """A sentence for each outcome from which late feedback was left out."""
    late = {name: study.n_late(name) for name in study.outcomes}
    return tuple(
        f"{n:,} rows were left out for '{name}': their feedback came after the outcome's window had begun."
        for name, n in late.items()
        if n
    )


def _fingerprint(outcomes: Sequence[OutcomeData], scores: Sequence[Cells]) -> str:
    """One SHA-256 over the fingerprints of all cells that were analysed."""
    lines = [f"{data.name} {what} {print_}" for data in outcomes for what, print_ in sorted(data.fingerprints.items())]
    lines += [cells.fingerprint for cells in scores]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
