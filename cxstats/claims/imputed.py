"""Missing answers filled in several times, for a look beside the complete rows that decide."""

import math
import warnings
from collections.abc import Sequence

import numpy as np

from cxstats.arrays import Bools
from cxstats.numerics.effect import Effect
from cxstats.roles import Survival
from cxstats.study.study import Study

IMPUTATIONS = 5
MOST_ROWS = 50_000  # beyond which the chained regressions would take minutes
_CYCLES = 5  # of all columns, between one imputation and the next


def imputed_studies(study: Study, outcome: str, seed: int) -> list[Study]:
    """The study with missing metrics and numeric controls filled in, `IMPUTATIONS` times.

    Predictive mean matching in chained equations (MICE of statsmodels, van Buuren & Groothuis-Oudshoorn 2011,
    doi:10.18637/jss.v045.i03): a missing answer becomes one that was given by somebody alike in all other columns,
    the outcome among them. Rows without the outcome stay as they are. None where nothing is missing, where rows
    carry weights or counts, where the outcome is a time until an event, or beyond `MOST_ROWS`.
    """
    columns = _columns(study, outcome)
    if not columns or study.weighted or study.counted or isinstance(study.outcomes[outcome], Survival):
        return []
    observed = np.asarray(study.column(outcome).notna())
    frame = study.frame_of([*columns, outcome])[observed].astype("float64")
    missing = np.asarray(frame[columns].isna())
    if not missing.any() or not 2 * len(columns) < len(frame) <= MOST_ROWS or (missing.mean(axis=0) > 0.8).any():
        return []
    return [_filled(study, columns, observed, values) for values in _chained(frame, columns, seed)]


def pooled(effects: Sequence[Effect]) -> Effect:
    """One effect from those of the imputations, by Rubin's rules; Rubin (1987), doi:10.1002/9780470316696."""
    m = len(effects)
    estimates = np.array([effect.estimate for effect in effects])
    inside = float(np.mean([_variance(effect) for effect in effects]))
    between = (1 + 1 / m) * float(estimates.var(ddof=1))
    df = math.inf if between == 0 else (m - 1) * (1 + inside / between) ** 2
    fewest = min(effect.df for effect in effects)
    return Effect(a=float(estimates.mean()), var_a=inside + between, df=min(df, fewest))


def _variance(effect: Effect) -> float:
    return (effect.std_error_at(effect.estimate) / effect.b) ** 2


def _columns(study: Study, outcome: str) -> list[str]:
    """The numeric columns of the analysis beside the outcome: metrics and controls."""
    asked = [*study.compared_scales, *study.controls]
    return [name for name in asked if name != outcome and study.column(name).dtype.kind in "fiub"]


def _chained(frame: object, columns: Sequence[str], seed: int) -> list[object]:
    """The filled frames; columns go by number, since names come from the data."""
    from statsmodels.imputation.mice import MICEData

    named = {name: f"x{number}" for number, name in enumerate(frame.columns)}  # type: ignore[attr-defined]
    filled = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chain = MICEData(frame.rename(columns=named), rng=np.random.default_rng(seed))  # type: ignore[attr-defined]
        for _ in range(IMPUTATIONS):
            chain.update_all(_CYCLES)
            filled.append(chain.data[[named[name] for name in columns]].to_numpy(copy=True))
    return filled


def _filled(study: Study, columns: Sequence[str], observed: Bools, values: object) -> Study:
    new = {}
    for number, name in enumerate(columns):
        whole = study.column(name).to_numpy(dtype="float64", na_value=np.nan).copy()
        whole[observed] = values[:, number]  # type: ignore[index]
        new[name] = whole
    return study.filled(new)
