"""One score against an intention and a behaviour: both correlations, their gap, and how both curves bend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import RoleError, SeparationError, number, rows
from cxstats.numerics.correlation import correlation_influence, correlation_matrix, standard_scores
from cxstats.numerics.curvature import Bend, curved_part, latent_bend, overall_bend, top_bend
from cxstats.scales import Scale

CORRELATIONS = ("r intention", "r behaviour")
GAP = "intention - behaviour"
BENDS = ("bend intention", "bend behaviour")
SECOND = ("second difference intention", "second difference behaviour")
LATENT = "latent bend intention"
FEWEST_AT_TOP = 30  # rows at each of the three best values of a score
CEILING = 0.30  # share of customers at the top of the intention from which its bend is doubted
_MOST_LEVELS = 101  # of an intention to which an ordered probit is fitted
_EXACT = 1e-12  # 1 - |r| below which only rounding keeps two columns apart


@dataclass(frozen=True)
class Answers:
    """p scores, an intention and a behaviour on the same K cells, all turned so that up is good.

    Attributes
    ----------
    scores : array, shape (K, p)
    pair : array, shape (K, 2)
        Intention, and behaviour as 0 or 1.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    """

    scores: Floats
    pair: Floats
    count: Ints
    weight: Floats

    @property
    def mass(self) -> Floats:
        """Sum of weights of each cell."""
        return self.count * self.weight

    @property
    def used(self) -> Bools:
        """Which cells have a weight above 0."""
        return self.weight > 0

    def correlations(self) -> Floats:
        """Of intention, behaviour and the p scores, in this order, shape (p + 2, p + 2)."""
        return correlation_matrix(standard_scores(np.column_stack([self.pair, self.scores]), self.mass), self.mass)

    def rows_at(self, metric: int, value: float) -> int:
        """Rows with a weight above 0 that hold a value of a score."""
        return int(self.count[self.used & (self.scores[:, metric] == value)].sum())

    def share_at(self, value: float) -> float:
        """Share of customers whose intention has a value."""
        return float(self.mass @ (self.pair[:, 0] == value) / self.mass.sum())


@dataclass(frozen=True)
class Terms:
    """All terms of one score.

    Attributes
    ----------
    estimate : array, shape (T,)
        In the order of `term_names`; NaN for what cannot be estimated.
    influence : array, shape (K, T)
        Of one row of each cell, survey weights included.
    notes : tuple of str
        What could not be estimated, and why.
    """

    estimate: Floats
    influence: Floats
    notes: tuple[str, ...]


def between(answers: Answers, behaviour: str, intention: str, metrics: Sequence[str]) -> float:
    """Correlation of intention and behaviour; refused is what follows the behaviour or the intention exactly."""
    r = answers.correlations()
    exact = np.where(1 - np.abs(r) < _EXACT, np.sign(r), 0.0)
    for at, name in enumerate((intention, behaviour, *metrics)):
        if at != 1 and exact[1, at]:
            raise SeparationError(
                f"Neither score nor intention may follow the outcome '{behaviour}' exactly, but '{name}' does "
                f"(r = {number(exact[1, at])}).\nCheck that it was not computed from the outcome."
            )
        if at > 1 and exact[0, at]:
            turned = "; check the direction of the scales" if r[0, at] < 0 else ""
            raise RoleError(
                f"A metric must not be the intention '{intention}' itself, but '{name}' is the same in every row, up "
                f"to the unit (r = {number(exact[0, at])}).\nLeave it out{turned}."
            )
    return float(r[0, 1])


def is_stepped(scale: Scale) -> bool:
    """Whether a scale has three whole values or more: levels at its top, and a ceiling that can bend a line."""
    return scale.whole and scale.high - scale.low >= 2


def is_rating(scale: Scale) -> bool:
    """Whether an ordered probit is fitted to an intention on this scale."""
    return is_stepped(scale) and scale.high - scale.low < _MOST_LEVELS


def has_ceiling(answers: Answers, scale: Scale) -> bool:
    """Whether so many gave the best intention that its bend is doubted; one of two values cannot bend otherwise."""
    return answers.share_at(scale.high) >= CEILING and (is_stepped(scale) or not scale.whole)


def term_names(*, latent: bool) -> tuple[str, ...]:
    """The terms of every score."""
    return (*CORRELATIONS, GAP, *BENDS, *SECOND, *((LATENT,) if latent else ()))


def metric_terms(answers: Answers, metric: int, name: str, scale: Scale, *, latent: bool) -> Terms:
    """The terms of one score; ``name`` and ``scale`` are the score's own."""
    line = standard_scores(answers.scores[:, [metric]], answers.mass)[:, 0]
    pair = standard_scores(answers.pair, answers.mass)
    second, no_second = _second(answers, metric, name, scale)
    bends, latent_part, no_bends = _bends(answers, metric, name, line, pair, latent=latent)
    parts = (_correlations(line, pair, answers), bends, second, latent_part)
    return Terms(
        np.concatenate([part.estimate for part in parts]),
        np.column_stack([part.influence for part in parts]),
        (*no_bends, *no_second),
    )


def doubts(answers: Answers, scale: Scale, intention: str, behaviour: str) -> list[str]:
    """What bends the intention, and what raises the gap, without a customer acting otherwise."""
    share, notes = answers.share_at(scale.high), []
    if has_ceiling(answers, scale):
        agree = "so trust the sign of a bend of the intention only where its latent bend agrees"
        doubt = agree if is_rating(scale) else "so the sign of a bend of the intention cannot be trusted"
        notes.append(
            f"{share:.1%} of customers gave the best value of '{intention}' ({CEILING:.0%} or more): a ceiling bends a "
            f"straight line, {doubt}."
        )
    notes.append(
        f"Where the intention '{intention}' was asked in the same survey as the metric, what both answers share for "
        "that reason alone (mood, manner of answering) raises r with the intention: take the gap as an upper limit."
    )
    rate = float(answers.mass @ answers.pair[:, 1] / answers.mass.sum())
    left = float(np.exp(-(ndtri(rate) ** 2) / 2) / np.sqrt(2 * np.pi * rate * (1 - rate)))
    notes.append(
        f"The behaviour '{behaviour}' has two values, {rate:.1%} of them good: cutting a normal variable there leaves "
        f"{left:.3f} of its correlations, so part of the gap can come from the cut alone."
    )
    return notes


def _correlations(line: Floats, pair: Floats, answers: Answers) -> Bend:
    """Both correlations and their difference."""
    total = float(answers.mass.sum())
    r = (answers.mass / total) @ (line[:, None] * pair)
    influence = correlation_influence(line, pair, r, answers.weight, total)
    both = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0]])
    return Bend(r @ both, influence @ both)


def _bends(
    answers: Answers, metric: int, name: str, line: Floats, pair: Floats, *, latent: bool
) -> tuple[Bend, Bend, list[str]]:
    """The bends of both answers, and that of what lies behind the intention if it is asked for."""
    if len(np.unique(answers.scores[answers.used, metric])) < 3:
        note = f"The bends over '{name}' are not given: it takes two values, and two points make no curve."
        return _none(answers, 2), _none(answers, int(latent)), [note]
    curve = curved_part(line, answers.mass)
    bends = overall_bend(line, curve, pair, answers.mass, answers.weight)
    if not latent:
        return bends, _none(answers, 0), []
    try:
        return bends, latent_bend(line, curve, answers.pair[:, 0], answers.count, answers.weight), []
    except SeparationError as reason:
        why = str(reason).splitlines()[0]
        note = f"The latent bend over '{name}' is not given, for the ordered probit has no fit: {why}"
        return bends, _none(answers, 1), [note]


def _second(answers: Answers, metric: int, name: str, scale: Scale) -> tuple[Bend, list[str]]:
    """The second differences at the top, where its three best values have rows enough."""
    if not is_stepped(scale):
        note = (
            f"The second differences of '{name}' are not given: they need a scale of whole numbers with at least "
            f"three values, and '{name}' has the {scale}."
        )
        return _none(answers, 2), [note]
    held = [(scale.high - below, answers.rows_at(metric, scale.high - below)) for below in range(3)]
    if all(n >= FEWEST_AT_TOP for _, n in held):
        return top_bend(answers.scores[:, metric], scale.high, answers.pair, answers.mass, answers.weight), []
    given = ((v if scale.higher_is_better else scale.low + scale.high - v, n) for v, n in held)
    note = (
        f"The second differences at the top of '{name}' are not given: each of its three best values needs "
        f"{FEWEST_AT_TOP} rows, but {', '.join(f'{number(v)} has {rows(n)}' for v, n in given)}."
    )
    return _none(answers, 2), [note]


def _none(answers: Answers, width: int) -> Bend:
    """Terms that cannot be estimated."""
    return Bend(np.full(width, np.nan), np.full((len(answers.count), width), np.nan))
