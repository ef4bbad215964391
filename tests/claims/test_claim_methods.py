"""The methods that the register names for each claim are those that its evidence calls."""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats import claims
from cxstats.catalogue import METHODS
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.register import CLAIMS
from cxstats.claims.validation import _cases
from cxstats.numerics.resample import seeded

ROOT = Path(__file__).parents[2]
BUNDLED = (
    "olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service", "simulated_visits",
)  # fmt: skip
LATER = {"repurchase": cx.Binary("repurchase", after=True)}
TWO = {"nps": cx.NPS, "csat": cx.CSAT5}
METHOD = {method.function: method.resolve() for method in METHODS}


def made(frame: pd.DataFrame, **more: Any) -> cx.Study:
    return cx.Study(**{"tables": {"customers": frame}, "outcomes": LATER, "evidence": "simulated", **more})


def second_score(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(nps=2 * frame.csat)


def branches(what: str) -> cx.Study:
    rng = np.random.default_rng(1)
    branch, month = np.array([(b, m) for b in range(40) for m in range(6) for _ in range(10)]).T
    treated = (branch < 20).astype(int)
    score = 50 + 8 * treated * (month >= 3) + rng.normal(0, 5, len(branch))
    frame = pd.DataFrame({"branch": branch, "month": month, "treated": treated, "score": score})
    change = cx.Change(treated="treated", period="month", start=3, what=what)
    outcomes = {"score": cx.Continuous("score")}
    return made(frame, cluster="branch", outcomes=outcomes, segments=["month", "treated"], change=change)


def service() -> cx.Study:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({name: rng.integers(0, 2, 4000) for name in ("problem", "complained", "wow", "failed")})
    frame["complained"] = frame.complained.where(frame.problem == 1)
    frame["fixed"] = pd.Series(rng.integers(0, 2, 4000)).where(frame.problem == 1)
    frame["repurchase"], frame["called"] = rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    frame["dwell"], frame["success"] = rng.exponential(5, 4000).round(), rng.integers(0, 2, 4000)
    frame["errors"] = rng.poisson(2, 4000)
    frame["cost"], frame["minutes"] = np.exp(rng.normal(size=4000)), np.exp(rng.normal(size=4000))
    frame["spring"], frame["autumn"] = rng.integers(0, 11, 4000), rng.integers(0, 11, 4000)
    frame["csat"], frame["stars"] = rng.integers(1, 6, 4000), rng.integers(1, 6, 4000)
    declared = cx.Service(
        problem="problem", complained="complained", recovered="fixed", attempt="wow", failure="failed", cost="cost",
        handling="minutes", errors="errors", dwell="dwell",
        success="success", before="spring", after="autumn", contact="called",
    )  # fmt: skip
    metrics = {"spring": cx.NPS, "autumn": cx.NPS, "csat": cx.CSAT5}
    outcomes = {**LATER, "stars": cx.Rating("stars", cx.CSAT5, after=True)}
    return made(frame, metrics=metrics, outcomes=outcomes, service=declared)


def encounters() -> cx.Study:
    visits = cx.simulate.encounters(600, rng=1)
    customers = pd.DataFrame({"customer": visits.customer.unique()})
    customers["repurchase"] = np.random.default_rng(3).integers(0, 2, len(customers))
    return cx.Study(
        tables={"customers": cx.Table(customers, key="customer"), "visits": visits},
        rows="customers",
        outcomes=LATER,
        encounters=cx.Encounters(
            customer="customer", order="visit", perk="perk", rating="rating", expectation="expectation", table="visits",
            scale=cx.Scale(-20, 20, whole=False),
        ),
        evidence="simulated",
    )  # fmt: skip


def surveys() -> Iterator[cx.Study]:
    """Trust from wave to wave, invitations, and what was expected and performed."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {name: rng.integers(1, 6, 4000) for name in ("csat", "trusts", "expected", "performed", "wave")}
    )
    frame["firm"], frame["sent"] = np.arange(4000) % 40, np.where(rng.random(4000) < 0.5, "csat", "nps")
    frame["replied"] = rng.integers(0, 2, 4000)
    trusts = {"trust": cx.Rating("trusts", cx.CSAT5, after=True)}
    trust = cx.Trust(outcome="trust", period="wave")
    yield made(second_score(frame), metrics=TWO, outcomes=trusts, firm="firm", segments=["wave"], trust=trust)
    invitation = cx.Invitation(survey="sent", answered="reply", csat="csat", randomised=True, same_length=True)
    yield made(frame, outcomes={"reply": cx.Binary("replied")}, segments=["sent"], invitation=invitation)
    expectation = cx.Expectation(expected="expected", performed="performed", met=(0, 0))
    yield made(frame, outcomes=trusts, cluster="firm", expectation=expectation)


def studies() -> Iterator[cx.Study]:
    """The bundled studies, and one for each claim that they cannot test, or not in every way."""
    yield from (cx.Study.read(ROOT / "data" / f"{name}.toml") for name in BUNDLED)
    cohort = cx.simulate.cohort(3000, rng=1)
    yield made(cohort.assign(before=np.arange(3000) % 5), metrics=TWO, controls=["before"])
    yield made(cx.simulate.industries(6000, rng=10), metrics=TWO, segments=["industry"])
    yield made(second_score(cx.simulate.firms(40, rng=12, answers=50)), metrics=TWO, firm="firm")
    intent = cx.Rating("intention", cx.Scale(1, 7), kind="intention", after=True)
    said = second_score(cx.simulate.intentions(4000, rng=14))
    yield made(said, metrics=TWO, outcomes={**LATER, "intent": intent})
    met = cx.Expectation(disconfirmation="days_early", met=(0, 0))
    tiers = cx.Expectation(disconfirmation="days_early", met=(0, 0), tiers={"meet": 0, "exceed": 1})
    yield made(cohort, expectation=tiers)
    yield made(cohort.assign(before=np.arange(3000) % 5), expectation=met, controls=["before"])
    yield from (branches(what) for what in ("journey", "training", "free upgrade"))
    yield service()
    yield encounters()
    yield from surveys()


def claim_modules() -> list[ModuleType]:
    """Every module of the claims."""
    names = [module.name for module in pkgutil.iter_modules(claims.__path__)]
    return [importlib.import_module(f"cxstats.claims.{name}") for name in names]


@pytest.fixture(scope="module")
def called() -> dict[str, set[str]]:
    """By claim, the methods that its evidence called; every claim starts with nothing known."""
    heard: set[str] = set()
    found: dict[str, set[str]] = defaultdict(set)

    def listening(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def listened(*values: Any, **keys: Any) -> Any:
            heard.add(name)
            return function(*values, **keys)

        return listened

    with pytest.MonkeyPatch.context() as patch:
        for module in claim_modules():
            for name, function in METHOD.items():
                if vars(module).get(name) is function:
                    patch.setattr(module, name, listening(name, function))
        for study in studies():
            for claim in CLAIMS:
                heard.clear()
                _evidence(claim, study)
                found[claim.id] |= heard
    return found


def _evidence(claim: Any, study: cx.Study) -> None:
    draws = seeded(1)
    names = list(study.outcomes) if claim.about_outcome else [""]
    _cases(claim, study, [OutcomeData(study, name, draws) for name in names], lambda _: None)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_register_names_what_the_evidence_calls(claim: Any, called: dict[str, set[str]]) -> None:
    assert len(set(claim.methods)) == len(claim.methods)
    assert set(claim.methods) == called[claim.id]
    assert set(claim.methods) <= set(METHOD)


def test_methods_are_imported_by_their_own_name_at_the_top() -> None:
    """Else the test above would not hear of them."""
    for path in sorted((ROOT / "cxstats" / "claims").glob("*.py")):
        for line in path.read_text("utf-8").splitlines():
            if "cxstats.methods" in line and "import" in line:
                assert line.startswith("from cxstats.methods."), f"{path.name}: {line}"
                assert " as " not in line, f"{path.name}: {line}"


def test_a_finding_names_the_methods_of_its_claim() -> None:
    of_claim = {claim.id: claim.methods for claim in CLAIMS}
    for finding in cx.validate(cx.Study.read(ROOT / "data" / "simulated_cohort.toml"), rng=1).findings:
        assert finding.methods == (() if finding.verdict == "not-testable" else of_claim[finding.claim])
