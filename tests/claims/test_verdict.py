"""The decision rule: every kind, verdict and flag by hand, and its error rates by simulation."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from cxstats.claims.verdict import (
    Blocked,
    Component,
    PValues,
    Question,
    component_p_values,
    judge,
    magnitude,
    needed_n,
    question_p_values,
)
from cxstats.numerics.effect import Effect
from cxstats.numerics.multiplicity import holm

ROUNDING = 1e-12


def component(kind: str, estimate: float, std_error: float = 1.0, smallest: float = 1.0, **more: object) -> Component:
    effect = Effect(a=estimate, var_a=std_error**2)
    return Component(name="x", effect=effect, kind=kind, smallest=smallest, **more)  # type: ignore[arg-type]


def verdict_of(*components: Component, latent: tuple[Component, ...] = (), n: int = 0) -> tuple[str, tuple[str, ...]]:
    judged = judge([Question(components=components, latent=latent, n=n)])[0]
    return judged.verdict, judged.flags


# One row per cell of the rule's table: kind, estimate in standard errors with smallest effect 1, verdict, flags.
TABLE = [
    ("superiority", 3.1, "supported", ()),  # (3.1 - 1) / 1 = 2.1 > 1.96
    ("superiority", 2.9, "direction-only", ()),  # 1.9 from 1, 2.9 from 0
    ("superiority", 1.5, "inconclusive", ()),
    ("superiority", 0.5, "inconclusive", ("small",)),
    ("superiority", -1.1, "not-supported", ()),  # 2.1 below 1, the interval reaches 0
    ("superiority", -2.5, "not-supported", ("opposite",)),
    ("non-superiority", -1.1, "supported", ()),
    ("non-superiority", -2.5, "supported", ("harmful",)),
    ("non-superiority", 0.0, "inconclusive", ()),
    ("non-superiority", 3.1, "not-supported", ()),
    ("equivalence", 0.0, "inconclusive", ()),
    ("equivalence", 3.1, "not-supported", ()),
    ("equivalence", -3.1, "not-supported", ()),
]


@pytest.mark.parametrize(("kind", "estimate", "verdict", "flags"), TABLE)
def test_verdict_against_the_table(kind: str, estimate: float, verdict: str, flags: tuple[str, ...]) -> None:
    assert verdict_of(component(kind, estimate)) == (verdict, flags)


@pytest.mark.parametrize(
    ("kind", "estimate", "verdict", "flags"),
    [
        ("superiority", 0.5, "not-supported", ("trivial",)),
        ("equivalence", 0.0, "supported", ()),
        ("equivalence", 0.5, "supported", ("nonzero-trivial",)),
        ("non-superiority", 0.5, "supported", ()),
    ],
)
def test_verdict_with_a_small_error(kind: str, estimate: float, verdict: str, flags: tuple[str, ...]) -> None:
    assert verdict_of(component(kind, estimate, std_error=0.1)) == (verdict, flags)


def test_figure_against_the_table() -> None:
    band = (3.0, 5.0)
    figures = {4.0: "supported", 6.0: "not-supported", 2.0: "not-supported"}
    for estimate, verdict in figures.items():
        assert verdict_of(component("figure", estimate, 0.1, band=band, null=1.0))[0] == verdict
    assert verdict_of(component("figure", 4.0, 1.0, band=band, null=1.0))[0] == "direction-only"
    assert verdict_of(component("figure", 2.0, 1.0, band=band, null=1.0))[0] == "inconclusive"


def test_p_values_by_hand() -> None:
    p = component_p_values(component("superiority", 3.0))
    assert p.supported == pytest.approx(2 * norm.sf(2), rel=ROUNDING)
    assert p.not_supported == 1.0
    assert p.direction == pytest.approx(2 * norm.sf(3), rel=ROUNDING)
    p = component_p_values(component("equivalence", 0.25))
    assert p.supported == pytest.approx(norm.sf(0.75), rel=ROUNDING)  # the larger of two, not doubled
    assert p.not_supported == pytest.approx(1.0)
    assert math.isnan(p.direction)


def test_conjunction_is_as_weak_as_its_weakest() -> None:
    strong, weak, failed = (component("superiority", e) for e in (6.0, 1.2, -2.0))
    both = question_p_values((strong, weak))
    assert both.supported == component_p_values(weak).supported
    assert both.not_supported == min(1.0, 2 * component_p_values(weak).not_supported)
    assert verdict_of(strong, strong)[0] == "supported"
    assert verdict_of(strong, weak)[0] == "inconclusive"
    # One component fails at alpha / 2: 3 standard errors below the smallest effect.
    assert verdict_of(strong, failed)[0] == "not-supported"
    # Kept kinds: an equivalence has no direction, so neither has the conjunction.
    assert math.isnan(question_p_values((strong, component("equivalence", 0.0))).direction)


def test_holm_by_hand_and_after_holm_flag() -> None:
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    borderline = component("superiority", 1 + norm.isf(0.015))  # doubled p = .03
    alone = judge([Question(components=(borderline,))])
    together = judge([Question(components=(borderline,)), Blocked(looked_at_outcome=True)])
    assert alone[0].verdict == "supported"
    assert together[0].verdict == "direction-only"
    assert "not-after-Holm" in together[0].flags


def test_a_guard_that_did_not_look_leaves_the_family() -> None:
    borderline = component("superiority", 1 + norm.isf(0.015))
    family = [Question(components=(borderline,)), Blocked(looked_at_outcome=False)]
    assert [j.verdict for j in judge(family)] == ["supported", "not-testable"]


def test_ceiling_needs_both_scales() -> None:
    observed, latent_none = component("superiority", 4.0), component("superiority", 0.5)
    assert verdict_of(observed, latent=(observed,)) == ("supported", ())
    assert verdict_of(observed, latent=(latent_none,))[0] == "inconclusive"
    assert verdict_of(observed, latent=(latent_none,))[1][0] == "ceiling"
    # Without support on the observed scale there is nothing to take away.
    assert "ceiling" not in verdict_of(latent_none, latent=(latent_none,))[1]


def test_magnitude_by_hand() -> None:
    band = (1.3, 2.3)
    cases = {(1.8, 0.1): "as-published", (1.0, 0.1): "smaller", (2.8, 0.1): "larger", (1.8, 0.5): "cannot-tell"}
    for (estimate, error), expected in cases.items():
        assert magnitude(Effect(a=estimate, var_a=error**2), band) == expected
    assert magnitude(Effect(a=1.8, var_a=0.01), None) == "none"


def test_needed_n_against_the_textbook() -> None:
    # Two-sided 5%, power 80%: (1.959964 + 0.841621)^2 = 7.848880; equivalence: (1.644854 + 1.281552)^2 = 8.563847.
    assert needed_n(component("superiority", 0.0, std_error=0.1, smallest=0.1), 100) == pytest.approx(
        784.8880, rel=1e-6
    )
    assert needed_n(component("equivalence", 0.0, std_error=0.1, smallest=0.1), 100) == pytest.approx(
        856.3847, rel=1e-6
    )


def test_relative_effect_against_fieller_by_hand() -> None:
    # p1 = .30, p0 = .25 of 1,000 each: theta = .2. "theta <= .1" is p1 - 1.1 p0 <= 0.
    v1, v0 = 0.3 * 0.7 / 1000, 0.25 * 0.75 / 1000
    effect = Effect(a=0.05, b=0.25, var_a=v1 + v0, cov=-v0, var_b=v0)
    assert effect.estimate == pytest.approx(0.2)
    z = (0.30 - 1.1 * 0.25) / math.sqrt(v1 + 1.1**2 * v0)
    assert effect.p_not_above(0.1) == pytest.approx(norm.sf(z), rel=ROUNDING)
    low, high = effect.interval()
    for end in (low, high):  # at its ends the two-sided p-value is exactly 5%
        assert min(effect.p_not_above(end), effect.p_not_below(end)) == pytest.approx(0.025, rel=1e-9)
    assert low < 0.2 < high
    unknown = Effect(a=0.05, b=0.25, var_a=1.0, var_b=1.0)
    assert unknown.interval() == (-math.inf, math.inf)


def test_no_variation_rejects_nothing() -> None:
    still = component("superiority", 5.0, std_error=0.0)
    assert verdict_of(still)[0] == "inconclusive"


def _family_error(kind: str, truth: float, wrong: str, rng: np.random.Generator, runs: int) -> float:
    """Share of simulated families of ten claims (estimates correlated .5) with a verdict that is wrong."""
    shared = rng.standard_normal((runs, 1)) * math.sqrt(0.5)
    estimates = truth + shared + rng.standard_normal((runs, 10)) * math.sqrt(0.5)
    false = 0
    for row in estimates:
        judged = judge([Question(components=(component(kind, float(e)),)) for e in row])
        false += any(j.verdict == wrong for j in judged)
    return false / runs


@pytest.mark.parametrize(
    ("kind", "truth", "wrong"),
    [
        ("superiority", 1.0, "supported"),  # exactly the smallest effect: not more
        ("superiority", 1.0, "not-supported"),
        ("superiority", 0.0, "direction-only"),
        ("non-superiority", 1.0, "supported"),
        ("non-superiority", 1.0, "not-supported"),
        ("equivalence", 1.0, "supported"),
        ("equivalence", 1.0, "not-supported"),
    ],
)
def test_family_error_in_simulation(kind: str, truth: float, wrong: str) -> None:
    runs = 1000
    share = _family_error(kind, truth, wrong, np.random.default_rng(20261123), runs)
    assert share <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)


def test_family_is_not_asleep_in_simulation() -> None:
    """A rule that never says anything would pass the error rates: true effects must be found."""
    share = _family_error("superiority", 6.0, "supported", np.random.default_rng(7), 200)
    assert share == 1.0


def test_a_capped_question_gets_no_further_than_its_direction() -> None:
    """One questionnaire for both sides: the direction may be told, a refutation too, but no support."""
    clear = Component(name="x", effect=Effect(a=1.0, var_a=0.01), kind="superiority", smallest=0.1)
    against = Component(name="x", effect=Effect(a=-1.0, var_a=0.01), kind="superiority", smallest=0.1)
    verdicts = [
        judge([Question(components=(c,), capped=capped, n=100)])[0].verdict
        for c, capped in ((clear, False), (clear, True), (against, True))
    ]
    assert verdicts == ["supported", "direction-only", "not-supported"]


def test_p_values_of_their_own_stand_for_those_of_the_components() -> None:
    """The strongest of many is judged by what it cost to find it."""
    effect = Effect(a=1.0, var_a=0.01)
    component = Component(name="x", effect=effect, kind="superiority", smallest=0.1)
    found = [
        judge([Question(components=(component,), own=PValues(p, q, math.nan), n=100)])[0].verdict
        for p, q in ((0.01, 1.0), (0.2, 1.0), (1.0, 0.01))
    ]
    assert found == ["supported", "inconclusive", "not-supported"]


def test_a_direction_must_show_behind_the_rating_too() -> None:
    """The end of a scale must make no direction out of nothing either."""
    directed, nothing = component("superiority", 2.5), component("superiority", 0.0)
    assert verdict_of(directed)[0] == "direction-only"
    assert verdict_of(directed, latent=(directed,))[0] == "direction-only"
    assert verdict_of(directed, latent=(nothing,))[0] == "inconclusive"


def test_a_capped_question_is_no_ceiling_where_both_scales_hold() -> None:
    strong, nothing = component("superiority", 4.0), component("superiority", 0.5)
    for latent, verdict, ceiling in (((strong,), "direction-only", False), ((nothing,), "inconclusive", True)):
        (judged,) = judge([Question(components=(strong,), latent=latent, capped=True)])
        assert judged.verdict == verdict
        assert ("ceiling" in judged.flags) == ceiling
