"""The guesses of one table, put in order: its scores, its outcomes, its dates, and what else it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cxstats.starter import words
from cxstats.starter.blocks import Block, block_of
from cxstats.starter.files import Source
from cxstats.starter.longform import long_scores
from cxstats.starter.profile import profile_of
from cxstats.starter.recognise import METRICS, OUTCOMES, Guess, is_person, recognise
from cxstats.starter.sequences import Moments, moments_of, with_overall
from cxstats.starter.words import said

MOST = 8  # of metrics and of outcomes that are written out for a table
RESERVED = ("disconfirmation", "cluster", "weight", "count")


@dataclass(frozen=True, eq=False)
class Table:
    """A table and what its columns may be; ``apart`` are columns that belong to the moments of a study."""

    source: Source
    guesses: Mapping[str, Guess]
    moments: Moments | None = None
    apart: tuple[str, ...] = ()
    long: tuple[Guess, ...] = ()

    @property
    def name(self) -> str:
        """As the study file calls it."""
        return self.source.name

    @cached_property
    def block(self) -> Block | None:
        """Touchpoints beside an overall rating."""
        free = [guess for guess in self.guesses.values() if guess.name not in self.apart and guess is not self.counts]
        return block_of(free)

    @cached_property
    def all_metrics(self) -> list[Guess]:
        """Feedback scores that are no touchpoints."""
        touchpoints = () if self.block is None else self.block.touchpoints
        return [*self.long, *(g for g in self._free(METRICS) if g.name not in touchpoints)]

    @cached_property
    def all_outcomes(self) -> list[Guess]:
        """Outcomes, of two columns that say the same only one."""
        kept: dict[object, Guess] = {}
        for guess in sorted(self._free(OUTCOMES), key=lambda guess: guess.profile.kind == "text"):
            kept.setdefault(_meaning(guess) or guess.name, guess)
        names = {guess.name for guess in kept.values()}
        return [guess for guess in self.guesses.values() if guess.name in names]

    @property
    def metrics(self) -> list[Guess]:
        """The feedback scores that are written out."""
        return self.all_metrics[:MOST]

    @property
    def outcomes(self) -> list[Guess]:
        """The outcomes that are written out."""
        return self.all_outcomes[:MOST]

    @cached_property
    def twins(self) -> list[Guess]:
        """Outcomes left out since another one says the same."""
        kept = {guess.name for guess in self.all_outcomes}
        return [guess for guess in self._free(OUTCOMES) if guess.name not in kept]

    @property
    def takes_part(self) -> bool:
        """Whether anything of the table goes into the analysed rows."""
        return bool(self.metrics or self.outcomes or self.block)

    @cached_property
    def dates(self) -> list[str]:
        """Columns of dates."""
        return [guess.name for guess in self.guesses.values() if guess.role == "time"]

    @cached_property
    def times(self) -> list[str]:
        """Those that may say when the row came about, the likeliest first."""
        fit = [name for name in self.dates if said(name, words.OTHER_TIME) is None]
        places = {word: place for place, word in enumerate(words.TIME)}
        return sorted(fit, key=lambda name: places.get(said(name, words.TIME) or "", len(places)))

    @cached_property
    def person(self) -> Guess | None:
        """The column that names the customer: one with a value per row before others."""
        people = [guess for guess in self.guesses.values() if guess.role == "key" and is_person(guess.profile)]
        return min(people, key=lambda guess: not guess.profile.unique, default=None)

    @cached_property
    def version(self) -> str | None:
        """The column that says which effort question was asked."""
        return next((guess.name for guess in self.guesses.values() if guess.role == "version"), None)

    @cached_property
    def counts(self) -> Guess | None:
        """The column that says for how many customers a row stands."""
        found = [g for g in self.guesses.values() if " ".join(words.parts_of(g.name)) in words.ROWS_COUNT]
        return next(
            (g for g in found if g.profile.whole and (g.profile.low or 0) >= 0 and not g.profile.n_missing), None
        )

    @cached_property
    def weights(self) -> Guess | None:
        """A survey weight: above 0 and about 1 on average."""
        found = [g for g in self.guesses.values() if " ".join(words.parts_of(g.name)) in words.WEIGHT]
        return next((guess for guess in found if _is_weight(guess)), None)

    @cached_property
    def firm(self) -> Guess | None:
        """Who served the customer."""
        found = [g for g in self.guesses.values() if " ".join(words.parts_of(g.name)[:1]) in words.FIRM and _groups(g)]
        return next(iter(found), None)

    def _free(self, roles: tuple[str, ...]) -> list[Guess]:
        return [
            guess
            for guess in self.guesses.values()
            if guess.role in roles and guess.name not in self.apart and guess.name not in RESERVED
        ]


def tables_of(sources: Sequence[Source]) -> list[Table]:
    """The tables; a study has one table of moments at most, here the one with the longest experiences."""
    seen = {source.name: _seen(source) for source in sources}
    found = [(source, moments_of(source.frame, list(seen[source.name].values()))) for source in sources]
    best = max(((m.length, -i, s, m) for i, (s, m) in enumerate(found) if m is not None), default=None)
    if best is None:
        return [_table(source, seen[source.name], None, ()) for source in sources]
    *_, home, moments = best
    if moments.overall is None:
        moments = with_overall(
            moments, [(s.name, s.frame, list(seen[s.name].values())) for s in sources if s is not home]
        )
    away = {moments.overall_table: (str(moments.overall),), home.name: moments.columns}
    return [_table(s, seen[s.name], moments if s is home else None, away.get(s.name, ())) for s in sources]


def _table(source: Source, seen: dict[str, Guess], moments: Moments | None, apart: tuple[str, ...]) -> Table:
    """A table, with its scores in long form if it has no moments."""
    long = long_scores(source.frame, list(seen.values())) if moments is None else []
    own = dict.fromkeys(column for guess in long for column in (guess.column, guess.naming))
    return Table(source, seen, moments, (*apart, *own), tuple(long))


def _seen(source: Source) -> dict[str, Guess]:
    """One guess per column."""
    frame = source.frame
    asked = source.questions
    return {str(n): recognise(profile_of(str(n), frame[n]), asked.get(str(n), "")) for n in frame.columns}


def _meaning(guess: Guess) -> object:
    """What two columns have in common that are one outcome in two spellings; None for what is not binary."""
    if guess.role != "binary" or guess.scored is None or guess.scored.unread:
        return None
    return guess.word, tuple(guess.scored.answers.items())


def _is_weight(guess: Guess) -> bool:
    profile = guess.profile
    above = profile.low is not None and profile.low > 0 and profile.n_missing == 0
    return above and profile.mean is not None and 0.8 <= profile.mean <= 1.25 and profile.distinct > 1


def _groups(guess: Guess) -> bool:
    """Whether the column tells groups apart, each with several rows."""
    profile = guess.profile
    few = profile.distinct >= 2 and 2 * profile.distinct <= profile.present and profile.n_missing == 0
    return few and (profile.kind == "text" or profile.whole) and guess.role in ("key", "other")
