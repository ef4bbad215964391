"""Validations for the tests of the report: every number in them is invented."""

import math
from dataclasses import replace

from cxstats.claims.data_account import Correlation
from cxstats.claims.finding import Finding, Part, PlanUsed, ScoreSummary, Validation
from cxstats.study.parts import TableAccount

INVENTED = "Every number of this study is invented to test the report."

BEST = "Satisfaction predicts whether customers come back better than any other score."
EFFORT = "Effort predicts whether customers come back better than recommendation or satisfaction."
EQUAL = "Recommendation (NPS) predicts whether customers come back no better and no worse than other scores."
DELIGHT = "Exceeding expectations adds no loyalty over meeting them."
ASYMMETRY = "Falling short of expectations hurts more than exceeding them by as much helps."

DE_HAAN = "de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004"
NPS_COUNTS = (31, 22, 40, 58, 71, 190, 214, 602, 1103, 911, 1758)
CSAT_COUNTS = (180, 322, 904, 2011, 1583)


def not_testable(claim: str, sentence: str, reason: str, guards: tuple[str, ...] = ()) -> Finding:
    """A claim that a guard has stopped."""
    return Finding(
        claim=claim,
        declared=bool(guards),
        family="metric",
        kind="conjunction",
        sentence=sentence,
        outcome=None,
        verdict="not-testable",
        smallest_effect=0.01,
        unit="difference in AUC",
        published="Direction only; no size is given.",
        source=DE_HAAN,
        reason=reason,
        guards=guards,
    )


def best() -> Finding:
    """A conjunction that holds."""
    return Finding(
        claim="metric-best-retention",
        family="metric",
        kind="conjunction",
        sentence=BEST,
        outcome="came back within 90 days",
        verdict="supported",
        estimate=0.03117,
        ci_low=0.01902,
        ci_high=0.04333,
        smallest_effect=0.01,
        unit="difference in AUC",
        published="Top-two satisfaction best of all; its lead was not printed where we could read it.",
        source=DE_HAAN,
        flags=("no-baseline",),
        reason="Satisfaction beat each of the other scores by more than .01, the smallest lead that counts.",
        parts=(Part(name="csat − nps", estimate=0.03117, ci_low=0.01902, ci_high=0.04333),
               Part(name="csat − ease", estimate=0.05241, ci_low=0.03871, ci_high=0.06611)),
        levels=(Part(name="csat", estimate=0.68812, ci_low=0.67203, ci_high=0.70421),
                Part(name="nps", estimate=0.65695, ci_low=0.64011, ci_high=0.67379),
                Part(name="ease", estimate=0.63571, ci_low=0.61817, ci_high=0.65325)),
        levels_unit="AUC: one half is the toss of a coin",
        sensitivity=(Part(name="top-two share, not the full scale", estimate=0.0104, ci_low=-0.0021, ci_high=0.0229),
                     Part(name="first purchase only", estimate=0.0287, ci_low=-0.0932, ci_high=0.1506)),
        n=4912,
        n_missing=88,
        rival="ces-beats-all",
    )  # fmt: skip


def effort() -> Finding:
    """The rival of `best`, which then cannot hold."""
    return replace(
        best(),
        claim="ces-beats-all",
        sentence=EFFORT,
        verdict="not-supported",
        estimate=-0.05241,
        ci_low=-0.06611,
        ci_high=-0.03871,
        published="CES is said to predict 1.8 times as well as CSAT and twice as well as NPS.",
        source="Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8), 116-122",
        magnitude="none",
        flags=("opposite", "no-baseline"),
        reason="Effort predicted worse than satisfaction; a lead of .01 or more is ruled out.",
        parts=(Part(name="ease − csat", estimate=-0.05241, ci_low=-0.06611, ci_high=-0.03871),
               Part(name="ease − nps", estimate=-0.02124, ci_low=-0.03512, ci_high=-0.00736)),
        sensitivity=(),
        rival="metric-best-retention",
    )  # fmt: skip


def equal() -> Finding:
    """An equivalence that cannot be told."""
    return replace(
        best(),
        claim="nps-no-superiority",
        kind="conjunction",
        sentence=EQUAL,
        verdict="inconclusive",
        estimate=-0.03117,
        ci_low=-0.04333,
        ci_high=0.00998,
        published="Equal (no number).",
        source="van Doorn, Leeflang & Tijs (2013), International Journal of Research in Marketing 30(3), 314-318",
        flags=("not-after-Holm", "underpowered"),
        reason="The lead of satisfaction over NPS may be as small as nothing or as large as .04.",
        parts=(Part(name="nps − csat", estimate=-0.03117, ci_low=-0.04333, ci_high=0.00998),),
        sensitivity=(),
        guards=("With 4,912 customers, differences below .02 cannot be told apart; about 21,000 would be needed.",),
        rival=None,
    )


def delight() -> Finding:
    """A claim of no gain whose interval has no upper end."""
    return Finding(
        claim="delight-no-loyalty",
        family="delight",
        kind="non-superiority",
        sentence=DELIGHT,
        outcome="came back within 90 days",
        verdict="inconclusive",
        estimate=0.081,
        ci_low=-0.024,
        ci_high=0.186,
        smallest_effect=0.1,
        unit="relative change in the share that comes back (exceeded against met)",
        published="About zero.",
        source="Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8), 116-122",
        flags=("underpowered",),
        reason="Customers whose expectations were exceeded may come back as often as others, or up to a fifth more.",
        levels=(Part(name="below expectation", estimate=0.214, ci_low=0.192, ci_high=0.237),
                Part(name="as expected", estimate=0.331, ci_low=0.312, ci_high=0.350),
                Part(name="above expectation", estimate=0.358, ci_low=0.329, ci_high=0.387)),
        levels_unit="share that comes back",
        n=4988,
        n_missing=12,
    )  # fmt: skip


def asymmetry(verdict: str = "supported") -> Finding:
    """A single estimate with a published size."""
    return Finding(
        claim="negative-asymmetry",
        family="delight",
        kind="superiority",
        sentence=ASYMMETRY,
        outcome="stars",
        verdict=verdict,  # type: ignore[arg-type]
        estimate=0.3418,
        ci_low=0.3012,
        ci_high=0.3824,
        smallest_effect=0.1,
        unit="SD of outcome per SD of gap",
        published="Slopes differ by a factor of 1.3 to 2.3.",
        source="Anderson & Sullivan (1993), Marketing Science 12, 125-143; see https://example.org/a?b=1&c=2.",
        magnitude="larger",
        flags=("ceiling",),
        reason="Each day late took more stars away than each day early added, on the stars and behind them.",
        levels=(Part(name="slope when late", estimate=0.3521, ci_low=0.3120, ci_high=0.3922),
                Part(name="slope when early", estimate=0.0103, ci_low=0.0041, ci_high=0.0165)),
        levels_unit="SD of outcome per SD of gap",
        sensitivity=(Part(name="gap not clipped", estimate=0.081, ci_low=0.052, ci_high=0.110),
                     Part(name="only reviews answered after delivery", estimate=0.221, ci_low=0.094, ci_high=0.348)),
        guards=("57% of the ratings are at the top of the scale, so the ordered model had to agree, and it does.",),
        n=14448,
        n_missing=0,
    )  # fmt: skip


def scores() -> tuple[ScoreSummary, ...]:
    """An NPS, and a satisfaction with small counts."""
    nps = ScoreSummary(
        metric="nps", scale="NPS 0-10, up is good", score="NPS", estimate=32.1, ci_low=29.8, ci_high=34.4,
        n=sum(NPS_COUNTS), n_missing=61, values=tuple(map(float, range(11))), counts=NPS_COUNTS,
    )  # fmt: skip
    csat = ScoreSummary(
        metric="csat", scale="CSAT 1-5, up is good", score="share of 4 and 5", estimate=0.7188, ci_low=0.7062,
        ci_high=0.7311, n=sum(CSAT_COUNTS), n_missing=0, values=(1.0, 2.0, 3.0, 4.0, 5.0), counts=CSAT_COUNTS,
    )  # fmt: skip
    return nps, csat


def real() -> Validation:
    """A study labelled real in which one claim can be tested (an example: the numbers are invented)."""
    events = "Only 27 customers came back; comparing scores needs at least 100."
    return Validation(
        title="Example: deliveries of a shop",
        evidence="real",
        source="Invented for this test; a true study names its data here: https://example.org/deliveries",
        licence="MIT",
        note=INVENTED,
        findings=(
            asymmetry(),
            not_testable("metric-best-retention", BEST, "The data hold one score only; add NPS or CES.",
                         ("A comparison needs at least two scores.",)),
            replace(delight(), verdict="not-testable", estimate=math.nan, ci_low=math.nan, ci_high=math.nan,
                    flags=("underpowered",), guards=(events,), reason=events, n=12695, n_missing=1753),
        ),
        scores=(scores()[1],),
        tables=(TableAccount(table="deliveries", read=15000, used=14448, filtered=552),),
        unused=("moments",),
        notes=("The gap was clipped to -11 to 20 days: 312 rows.",),
        seed=20260101,
        version="0.1.0",
        fingerprint="5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    )  # fmt: skip


def untestable() -> Validation:
    """A study in which no claim can be tested."""
    reason = "No outcome that lies after the survey is in the data; add whether customers came back."
    claims = (("metric-best-retention", BEST), ("ces-beats-all", EFFORT), ("nps-no-superiority", EQUAL),
              ("delight-no-loyalty", DELIGHT), ("negative-asymmetry", ASYMMETRY))  # fmt: skip
    return replace(
        real(),
        title="Example: guests of an airport",
        note=INVENTED,
        findings=tuple(not_testable(claim, sentence, reason) for claim, sentence in claims),
        scores=scores(),
        notes=(),
        tables=(TableAccount(table="guests", read=5100, used=5000, filtered=60, superseded=30, unmatched=10),),
        unused=(),
        seed=7,
    )


def simulated() -> Validation:
    """A simulated study in which every claim is tested."""
    return replace(
        real(),
        title="Example: a simulated cohort",
        evidence="simulated",
        source="A program of this test",
        licence="MIT",
        note=INVENTED,
        findings=(best(), effort(), equal(), delight(), asymmetry("direction-only")),
        scores=scores(),
        notes=(),
        tables=(TableAccount(table="customers", read=5000, used=5000),),
        unused=(),
        seed=1,
    )


def figure() -> Finding:
    """A claim of a number, with the band in which it must lie."""
    return Finding(
        claim="delight-cost",
        family="delight",
        kind="figure",
        sentence="About one contact in six has an attempt to delight.",
        outcome=None,
        verdict="supported",
        estimate=0.158,
        ci_low=0.149,
        ci_high=0.167,
        smallest_effect=0.11,
        band=(0.11, 0.21),
        unit="share of contacts",
        published="16% of contacts.",
        source="Figures whose method was not published",
        magnitude="as-published",
        reason="15.8% of contacts had an attempt.",
        n=6000,
    )


def looked() -> Validation:
    """A study with a locked plan, in which everything was looked at twice: flips, segments, methods, correlations."""
    region = tuple(
        Part(name=name, estimate=estimate, ci_low=estimate - 0.02, ci_high=estimate + 0.02)
        for name, estimate in (("north", 0.0412), ("south", 0.0287), ("east", -0.0511))
    )
    first = replace(
        best(), status="confirmatory", flips_at=0.0191, flips_to="direction-only", segments=region,
        reversed_in=("east",),
        segments_told="The regions differ by more than chance (p .004)", methods=("league_table", "held_out"),
    )  # fmt: skip
    other = replace(asymmetry(), status="exploratory", methods=("asymmetry",))
    scales = [("nps", "csat", 0.5512, 4851), ("nps", "ease", -0.0314, 4660), ("csat", "ease", math.nan, 2800)]
    return replace(
        simulated(),
        title="Example: a study with a plan",
        findings=(first, other, figure(), untestable().findings[2]),
        correlations=tuple(Correlation(first=a, second=b, r=r, n=n) for a, b, r, n in scales),
        plan=PlanUsed(
            hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            registered="2026-01-01T00:00:00Z",
            version="0.1.0",
            changes=("The outcome 'stars' was not part of the plan.",),
        ),
    )


HOSTILE = '<script>alert("x")</script>'
SNEAKY = "\" onmouseover='alert(1)' `|*_[a](javascript:alert(1))"
TURNED = "\u202eevil\x07 $x^2$ مرحبا שלום 日本 🙂"


def hostile() -> Validation:
    """Every text of a study is an attack on the page."""
    attack = replace(
        best(),
        claim=HOSTILE,
        sentence=f"{HOSTILE} & {TURNED}",
        outcome=SNEAKY,
        unit=f"$\\frac{{1}}{{2}}$ {HOSTILE}",
        published=SNEAKY,
        source=f"javascript:alert(1) {HOSTILE} https://example.org/\"onclick='x' doi:10.1/x",
        flags=("<b>new</b>", "ceiling"),
        reason=f"{SNEAKY} </bdi></p></article>",
        parts=(
            Part(name=f"{HOSTILE} {TURNED}", estimate=0.02, ci_low=-math.inf, ci_high=math.inf),
            Part(name="a" * 300, estimate=math.nan, ci_low=math.nan, ci_high=math.nan),
        ),
        levels=(Part(name="مستوى الرضا", estimate=3.2, ci_low=3.1, ci_high=3.3),),
        levels_unit=HOSTILE,
        sensitivity=(Part(name=TURNED, estimate=0.5, ci_low=0.1, ci_high=0.9),),
        guards=(HOSTILE, "{{ 7 * 7 }} {% raw %}"),
        rival=SNEAKY,
    )
    metric = ScoreSummary(
        metric=f"{HOSTILE}{TURNED}", scale=SNEAKY, score=HOSTILE, estimate=1.0, ci_low=math.nan, ci_high=math.nan,
        n=23, n_missing=1, values=(-1.0, 0.0, 2.5), counts=(3, 12, 8),
    )  # fmt: skip
    return replace(
        real(),
        title=f"{HOSTILE} {TURNED}",
        source="javascript:alert(1) data:text/html,<b>x</b>",
        licence=SNEAKY,
        note=HOSTILE,
        findings=(attack,),
        scores=(metric,),
        tables=(TableAccount(table=HOSTILE, read=24, used=24),),
        unused=(HOSTILE, SNEAKY),
        notes=(HOSTILE, TURNED),
        seed=None,
        fingerprint=HOSTILE,
    )
