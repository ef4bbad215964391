"""The steps of measurement invariance in words: what holds, what does not, and what cannot be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from cxstats.numerics.invariance import Kind, Model, Models, largest_release, step_test
from cxstats.numerics.mean_scaled import ChiSquare
from cxstats.numerics.one_factor import Flaw
from cxstats.numerics.segment_moments import SegmentMoments
from cxstats.results import shown

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot be told, because "
FALL_OF_CFI = 0.010  # Chen (2007)
GOOD_CFI = 0.95  # Hu & Bentler (1999)
ALPHA = 0.05
FEWEST_ROWS, FEWEST_CLUSTERS = 200, 20  # of a segment
_NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Departure:
    """The loading or intercept of one segment whose release would lower chi-square most.

    Attributes
    ----------
    parameter : {"loading", "intercept"}
    metric, segment : str
        With two segments the second is named: its departure is that of the first, turned round.
    drop : float
        Fall of the mean-scaled chi-square, 1 degree of freedom; the largest of all, so no test of its own.
    estimate, std_error : float
        The segment's own value minus that of the other segments, in points of the metric's scale.
    """

    parameter: Kind
    metric: str
    segment: str
    drop: float
    estimate: float
    std_error: float


@dataclass(frozen=True, kw_only=True)
class Step:
    """One model, and how it compares with the freer one before it.

    Attributes
    ----------
    name : {"configural", "metric", "scalar"}
    chi_square, df, p_value : float
        Mean-scaled, against the moments as they are. Without degrees of freedom 0, 0 and NaN.
    scaling : float
        The normal-theory chi-square over ``chi_square``.
    cfi, rmsea : float
    difference, difference_df, difference_p_value : float
        Scaled difference test against the step before.
    cfi_change : float
        Below 0 where CFI falls.
    verdict : str
        ``"holds"``, ``"does not hold"``, or ``"cannot be told, because ..."``.
    departs : Departure or None
        In the metric step a loading, in the scalar step an intercept.
    """

    name: str
    chi_square: float = _NAN
    df: float = _NAN
    p_value: float = _NAN
    scaling: float = _NAN
    cfi: float = _NAN
    rmsea: float = _NAN
    difference: float = _NAN
    difference_df: float = _NAN
    difference_p_value: float = _NAN
    cfi_change: float = _NAN
    verdict: str
    departs: Departure | None = None


@dataclass(frozen=True)
class Names:
    """What segments and metrics are called."""

    segments: Sequence[str]
    metrics: Sequence[str]

    def flaw(self, flaw: Flaw) -> str:
        """Why there is no fit, in words."""
        if flaw.kind == "no maximum":
            return "the likelihood has no maximum that could be found"
        if flaw.kind == "factor variance":
            return f"the factor has no variance above 0 in segment '{self.segments[flaw.segment]}'"
        metric, segment = self.metrics[flaw.metric], self.segments[flaw.segment]
        return f"the unique variance of '{metric}' in segment '{segment}' is not above 0 (a Heywood case)"


def too_few(names: Sequence[str], sizes: Sequence[int], clusters: Sequence[int] | None) -> str | None:
    """Which segments are too small for a verdict; None where none is."""
    small = [f"'{name}' ({n:,})" for name, n in zip(names, sizes, strict=True) if n < FEWEST_ROWS]
    if small:
        return f"there are fewer than {FEWEST_ROWS} rows in segment {_some(small)}"
    few = [f"'{name}' ({n})" for name, n in zip(names, clusters or (), strict=False) if n < FEWEST_CLUSTERS]
    return f"there are fewer than {FEWEST_CLUSTERS} clusters in segment {_some(few)}" if few else None


def steps(moments: SegmentMoments, models: Models, names: Names, doubt: str | None) -> tuple[Step, Step, Step]:
    """The three steps; ``doubt`` is why no verdict may be given, if so."""
    configural = configural_step(models[0], names, doubt)
    metric = tied_step(moments, (configural, models[0]), models[1], "loading", names, doubt)
    return configural, metric, tied_step(moments, (metric, models[1]), models[2], "intercept", names, doubt)


def configural_step(found: Model | Flaw, names: Names, doubt: str | None) -> Step:
    """The first step: one factor in every segment, nothing tied."""
    if isinstance(found, Flaw):
        return Step(name="configural", verdict=UNKNOWN + (doubt or names.flaw(found)))
    if doubt is None and found.test.df == 0:
        doubt = f"{len(names.metrics)} metrics fit one factor exactly (0 degrees of freedom)"
    return _step("configural", found, doubt or _fit_verdict(found))


def tied_step(
    moments: SegmentMoments,
    before: tuple[Step, Model | Flaw],
    found: Model | Flaw,
    kind: Kind,
    names: Names,
    doubt: str | None,
) -> Step:
    """The metric step (kind loading) or the scalar one (kind intercept)."""
    name = "metric" if kind == "loading" else "scalar"
    if isinstance(found, Flaw):
        return Step(name=name, verdict=UNKNOWN + (doubt or names.flaw(found)))
    departs = _departure(moments, found, kind, names)
    earlier, freer = before
    if isinstance(freer, Flaw):
        return _step(name, found, doubt or f"the {earlier.name} model could not be fitted", departs)
    test = step_test(freer, found)
    if test.scaling <= 0:
        return _step(name, found, doubt or "the scaling of the difference test is not above 0", departs)
    change = found.cfi - freer.cfi
    verdict = doubt or _inherited(earlier, freer) or _tied_verdict(test, change)
    if verdict == HOLDS and earlier.verdict.startswith(UNKNOWN) and freer.test.df > 0:
        verdict = f"the {earlier.name} step cannot be told"
    return _step(name, found, verdict, departs, test, change)


def _fit_verdict(found: Model) -> str:
    if isnan(found.cfi):
        return "the metrics hardly go together"
    if found.cfi >= GOOD_CFI:
        return HOLDS
    if found.test.p_value < ALPHA:
        return FAILS
    return f"CFI is {shown(found.cfi)}, but the misfit is within chance (p = {shown(found.test.p_value)})"


def _inherited(earlier: Step, freer: Model) -> str | None:
    """What follows from the step before."""
    if isnan(freer.cfi):
        return "the metrics hardly go together"
    if earlier.verdict != FAILS:
        return None
    return FAILS if earlier.name == "metric" else "one factor does not describe the metrics in every segment"


def _tied_verdict(test: ChiSquare, change: float) -> str:
    """Both must speak against it: more than chance brings, and more than a trifle."""
    if not change < -FALL_OF_CFI:
        return HOLDS
    if test.p_value < ALPHA:
        return FAILS
    return f"CFI falls by {shown(-change)}, but no more than chance brings (p = {shown(test.p_value)})"


def _step(
    name: str,
    found: Model,
    verdict: str,
    departs: Departure | None = None,
    test: ChiSquare | None = None,
    change: float = _NAN,
) -> Step:
    return Step(
        name=name,
        chi_square=found.test.scaled,
        df=float(found.test.df),
        p_value=found.test.p_value,
        scaling=found.test.scaling,
        cfi=found.cfi,
        rmsea=found.rmsea,
        difference=_NAN if test is None else test.scaled,
        difference_df=_NAN if test is None else float(test.df),
        difference_p_value=_NAN if test is None else test.p_value,
        cfi_change=change,
        verdict=verdict if verdict in (HOLDS, FAILS) else UNKNOWN + verdict,
        departs=departs,
    )


def _departure(moments: SegmentMoments, found: Model, kind: Kind, names: Names) -> Departure | None:
    release = largest_release(moments, found.fitted, kind)
    if release is None:
        return None
    return Departure(
        parameter=kind,
        metric=names.metrics[release.metric],
        segment=names.segments[release.segment],
        drop=release.drop,
        estimate=release.shift,
        std_error=release.std_error,
    )


def _some(told: Sequence[str]) -> str:
    """``'a' (150), 'b' (20) and 3 more``."""
    return ", ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")
