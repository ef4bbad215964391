"""The sequences of which we know how they were remembered: what every method about memory stands on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.columns import codes, is_missing
from cxstats.errors import ColumnError, RoleError, TooFewError, listed, number
from cxstats.moments.roles import SameTime, moment_roles
from cxstats.moments.sequences import IntoSequences, Sequences, each_part, merged
from cxstats.numerics.moments import Moments
from cxstats.numerics.within import within
from cxstats.outcomes import good_is_high
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.computed_memory import refuse_computed
from cxstats.values import check_numbers, check_scale

FEWEST_MOMENTS = 3  # with fewer, peak and end are nearly all that there is, and no rule can be told from another


@dataclass(frozen=True, kw_only=True)
class MemoryRoles:
    """What the columns are, beyond the moments; as in the methods about memory."""

    sequence: str | Sequence[str] | None
    order: str | None
    value: str | None
    overall: str | Rating | Continuous
    neutral: float | None
    scale: Scale | None = None
    person: str | None = None
    stimulus: str | None = None
    cluster: str | None = None
    treated: str | None = None
    same_time: SameTime = "raise"

    @property
    def extra(self) -> list[str]:
        """Columns besides the overall rating that hold one value per sequence."""
        return [name for name in (self.person, self.stimulus, self.cluster, self.treated) if name is not None]


@dataclass(frozen=True, eq=False)
class Remembered:
    """S sequences of at least three moments with an overall rating.

    Attributes
    ----------
    moments : Moments
        Values turned so that up is good.
    neutral : float
    overall : array, shape (S,)
        What was remembered, turned so that up is good.
    name : str
        Of the overall rating.
    person, stimulus, cluster : int array, shape (S,), or None
        Numbered. The cluster is the person where none was declared.
    treated : bool array, shape (S,), or None
    n_missing, n_short : int
        Sequences left out: without overall rating, person, stimulus, cluster, group or any value; with fewer than
        three moments.
    n_moments_missing : int
        Moments without a value in the sequences that are used.
    """

    moments: Moments
    neutral: float
    overall: Floats
    name: str
    person: Ints | None
    stimulus: Ints | None
    cluster: Ints | None
    treated: Bools | None
    n_missing: int
    n_short: int
    n_moments_missing: int

    @property
    def n(self) -> int:
        """Sequences used."""
        return len(self.overall)

    @property
    def compared(self) -> Bools:
        """Which sequences can be compared with others of the same person, shape (S,); without people, all."""
        if self.person is None:
            return np.ones(self.n, dtype=bool)
        several: Bools = np.bincount(self.person)[self.person] > 1
        return several


def remembered(data: IntoSequences, roles: MemoryRoles) -> Remembered:
    """Bring the moments into order, and keep the sequences that can be used.

    Raises
    ------
    TooFewError
        No sequence can be used; the overall rating does not vary; people have one sequence each, or rate all of theirs
        alike.
    ColumnError, ScaleError, RoleError
        As for `sequences`; an overall rating that is no number, off its scale, or computed from the moments; a person
        in several clusters.
    """
    overall, extra = _outcome(roles.overall), roles.extra
    found = in_sequences(data, roles)
    columns = {**found.keys, **found.kept}
    rated = _rating(columns[overall.column], overall)
    complete = ~np.isnan(rated)
    for name in extra:
        complete &= ~is_missing(columns[name])
    long = found.moments.n >= FEWEST_MOMENTS
    used = np.flatnonzero(complete & long)
    _refuse_none(len(used), found)
    numbers = {name: codes(columns[name][used])[0] for name in extra}
    person = None if roles.person is None else numbers[roles.person]
    made = Remembered(
        moments=found.moments.of_sequences(used),
        neutral=found.neutral,
        overall=good_is_high(overall, rated[used]),
        name=overall.column,
        person=person,
        stimulus=None if roles.stimulus is None else numbers[roles.stimulus],
        cluster=person if roles.cluster is None else numbers[roles.cluster],
        treated=None if roles.treated is None else _groups(roles.treated, columns[roles.treated][used]),
        n_missing=int((~complete).sum()) + len(found.n_empty),
        n_short=int((complete & ~long).sum()),
        n_moments_missing=int(found.n_missing[used].sum()),
    )
    _refuse(made, roles)
    return made


def _outcome(overall: str | Rating | Continuous) -> Rating | Continuous:
    given: object = overall
    if isinstance(given, str):
        return Continuous(given)
    if not isinstance(given, Rating | Continuous):
        raise RoleError(
            f"overall must be a column, a Rating or a Continuous outcome, but {given!r} was given."
            '\nPass overall="verdict", or overall=cx.Rating("verdict", cx.Scale(1, 7)).'
        )
    return given


def in_sequences(data: IntoSequences, roles: MemoryRoles) -> Sequences:
    """The sequences themselves, or those that the moments make."""
    keep = [_outcome(roles.overall).column, *roles.extra]
    if isinstance(data, Sequences):
        _refuse_other(data, roles, keep)
        return data
    if roles.sequence is None or roles.order is None or roles.value is None or roles.neutral is None:
        raise RoleError(
            "Moments need sequence, order, value and neutral: which experience, when, what was felt, and which value "
            "is neither good nor bad.\nOnly the result of cx.sequences(...) brings them along."
        )
    keys = (roles.sequence,) if isinstance(roles.sequence, str) else tuple(roles.sequence)
    made = moment_roles(
        sequence=keys,
        order=roles.order,
        value=roles.value,
        neutral=roles.neutral,
        scale=roles.scale,
        keep=[name for name in dict.fromkeys(keep) if name not in keys],
        same_time=roles.same_time,
    )
    return merged(each_part(data, made, lambda part: part))


def _refuse_other(given: Sequences, roles: MemoryRoles, keep: list[str]) -> None:
    """Roles that sequences do not have, or have otherwise."""
    has = given.roles
    keys = (roles.sequence,) if isinstance(roles.sequence, str) else roles.sequence
    said = {
        "sequence": (None if keys is None else tuple(keys), has.sequence),
        "order": (roles.order, has.order),
        "value": (roles.value, has.value),
        "neutral": (roles.neutral, has.neutral),
        "scale": (roles.scale, has.scale),
    }
    other = [name for name, (asked, held) in said.items() if asked is not None and asked != held]
    if other:
        raise RoleError(
            f"The roles of sequences are fixed when they are made, but {listed(other)} differs from what was declared "
            "there.\nLeave it out, or make the sequences again."
        )
    absent = [name for name in keep if name not in (*has.sequence, *has.keep)]
    if absent:
        raise RoleError(
            f"The sequences do not hold {listed(absent)}.\nMake them with cx.sequences(..., keep=[...]) that names it."
        )


def _rating(values: Column, overall: Rating | Continuous) -> Floats:
    """The overall rating of each sequence, checked."""
    ones = np.ones(len(values), dtype=np.int64)
    check_numbers(overall.column, values, ones)
    if isinstance(overall, Rating):
        check_scale(overall.column, values, ones, overall.scale, f'overall=Rating("{overall.column}", ', ")")
    elif np.isinf(values).any():
        raise ColumnError(f"'{overall.column}' must hold finite numbers.\nSet the infinite ones to missing.")
    return values


def _groups(name: str, values: Column) -> Bools:
    if values.dtype == object or not np.isin(values, (0, 1)).all():
        raise ColumnError(f"'{name}' must hold 0 and 1 (or false and true).\nRecode it: 1 where the end was changed.")
    if values.min() == values.max():
        raise TooFewError(
            f"'{name}' must hold both groups, but all {len(values):,} sequences hold {number(values[0])}."
        )
    changed: Bools = values == 1
    return changed


def _refuse_none(used: int, found: Sequences) -> None:
    if not used:
        raise TooFewError(
            f"At least one sequence of {FEWEST_MOMENTS} or more moments with an overall rating is needed, but of "
            f"{len(found) + len(found.n_empty):,} sequences there is none.\nWith fewer moments, peak, end and mean are "
            "nearly the same, and no rule can be told from another."
        )


def _refuse(made: Remembered, roles: MemoryRoles) -> None:
    if np.ptp(made.overall) == 0:
        raise TooFewError(
            f"The overall rating '{made.name}' must take at least two values, but all {made.n:,} sequences hold the "
            "same.\nThere is nothing to explain."
        )
    if made.person is not None and made.person.max() + 1 == made.n:
        raise TooFewError(
            f"People are compared with themselves, so some must have two sequences or more, but '{roles.person}' holds "
            f"{made.n:,} people for {made.n:,} sequences.\nLeave person out, or check the column."
        )
    if made.person is not None and not within(made.overall, made.person).any():
        raise TooFewError(
            f"People are compared with themselves, so '{made.name}' must differ between sequences of one person, but "
            f"none of {int(made.person.max()) + 1:,} people rated two of theirs differently.\nLeave person out to "
            f'compare people with each other, and pass cluster="{roles.person}".'
        )
    _refuse_split(made, roles)
    refuse_computed(made.name, made.moments, made.neutral, made.overall)


def _refuse_split(made: Remembered, roles: MemoryRoles) -> None:
    """A person whose sequences lie in several clusters: what is compared with itself is one piece."""
    if made.person is None or made.cluster is None:
        return
    pairs = np.unique(np.column_stack([made.person, made.cluster]), axis=0)
    split = int((np.bincount(pairs[:, 0]) > 1).sum())
    if split:
        raise RoleError(
            f"A person must lie within one cluster, but {split:,} of {int(made.person.max()) + 1:,} people have "
            f"sequences in several of '{roles.cluster}'.\nLeave cluster out: people are the clusters then."
        )
