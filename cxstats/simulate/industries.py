"""Industries in which one metric is the best, or in which each has its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from types import MappingProxyType
from typing import Any

import numpy as np

from cxstats.errors import RoleError, TooFewError, listed
from cxstats.simulate.answers import cohort, size
from cxstats.simulate.parameters import finite
from cxstats.simulate.population import SCORES, truth
from cxstats.simulate.tables import TIED, best_of

# Satisfaction is the best metric in retail, the recommendation in telecoms.
_CROSSING = MappingProxyType(
    {
        "retail": MappingProxyType({"nps": 0.60, "csat": 0.66, "ease": 0.58}),
        "telecoms": MappingProxyType({"nps": 0.66, "csat": 0.60, "ease": 0.58}),
    }
)
_OPTIONS = (*SCORES, "repurchase", "shortfall", "excess", "share_met", "share_late", "halo")


@dataclass(frozen=True, kw_only=True, eq=False)
class IndustriesTruth:
    """What holds in the population that `industries` draws from.

    Attributes
    ----------
    auc : mapping from industry to (mapping from metric to float)
        Area under the ROC curve for repurchase, within the industry.
    best : mapping from industry to str or None
        The metric with the largest area; None where two share it.
    crossing : float
        The largest x such that, for some two metrics and two industries, the first metric is better by x
        in one industry and worse by x in the other; 0 where no two metrics change places.
    """

    auc: Mapping[str, Mapping[str, float]]
    best: Mapping[str, str | None]
    crossing: float


def industries_truth(people: Mapping[str, Mapping[str, float]] = _CROSSING) -> IndustriesTruth:
    """The population quantities behind `industries`, as exact as those of `truth`."""
    auc = {name: truth(**options).auc for name, options in _checked(people).items()}
    return IndustriesTruth(
        auc=MappingProxyType(auc),
        best=MappingProxyType({name: best_of(areas) for name, areas in auc.items()}),
        crossing=_crossing(list(auc.values())),
    )


def industries(n: int, *, rng: int | np.random.Generator, people: Mapping[str, Mapping[str, float]] = _CROSSING) -> Any:
    """Simulated customers of several industries, each a `cohort` of its own.

    Use it to see whether a method tells "another metric is best here" from the luck of the sample.

    Parameters
    ----------
    n : int
        Number of customers of each industry.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    people : mapping from industry to (mapping from parameter to float)
        The parameters of `cohort` in each industry; those not named have their default there, e.g.
        ``{"retail": {"nps": 0.6, "csat": 0.66}, "banks": {"nps": 0.6, "csat": 0.66, "repurchase": 0.4}}``.

    Returns
    -------
    pandas.DataFrame
        industry (text), then the columns of `cohort`; n rows per industry.

    Raises
    ------
    RoleError
        A parameter that `cohort` does not have, or no population has.
    TooFewError
        Fewer than two industries; ``n`` is not a whole number from 1 up.

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.industries(1000, rng=1)
    >>> customers["industry"].value_counts().to_dict()
    {'retail': 1000, 'telecoms': 1000}
    >>> dict(cx.simulate.industries_truth().best)
    {'retail': 'csat', 'telecoms': 'nps'}
    """
    import pandas as pd

    n, checked = size("n", n), _checked(people)
    generator = np.random.default_rng(rng)
    frames = {name: cohort(n, rng=generator, **options) for name, options in checked.items()}
    frame = pd.concat(frames.values(), ignore_index=True)
    frame.insert(0, "industry", np.repeat(list(frames), n).astype(object))
    return frame


def _crossing(areas: list[Mapping[str, float]]) -> float:
    found = [
        min(here[j] - here[k], there[k] - there[j])
        for here, there in permutations(areas, 2)
        for j, k in permutations(SCORES, 2)
    ]
    return max(found) if max(found) > TIED else 0.0


def _checked(people: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    parts: list[object] = [people, *getattr(people, "values", tuple)()]
    if not all(isinstance(part, Mapping) for part in parts):
        raise RoleError(
            f'people must be a mapping such as {{"retail": {{"nps": 0.6}}, ...}}, but {people!r} was given.'
        )
    if len(people) < 2:
        raise TooFewError(f"people must name at least two industries, but it names {len(people)}.")
    for name, options in people.items():
        unknown = sorted(set(options) - set(_OPTIONS))
        if unknown:
            raise RoleError(f"people[{name!r}] may hold {listed(_OPTIONS, 9)}, but it holds {listed(unknown)}.")
    return {
        name: {key: finite(f"people[{name!r}][{key!r}]", value) for key, value in options.items()}
        for name, options in people.items()
    }
