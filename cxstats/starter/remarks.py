"""What a starter study file tells besides: columns that were not used, smallest effects, further sections."""

from collections.abc import Iterator, Sequence

from cxstats.claims.outcome_data import SMALLEST_EFFECT
from cxstats.errors import number
from cxstats.starter import words
from cxstats.starter.entries import Remark, Section, literal, told, told_all
from cxstats.starter.profile import Profile
from cxstats.starter.recognise import Guess
from cxstats.starter.tables import Table
from cxstats.starter.words import said

_MOST = 12
_GROUPS = (2, 12)  # groups that a segment may have
_EFFECTS = {
    "auc": "difference of two areas under the ROC curve",
    "log_loss": "difference of two predictions, per customer",
    "r": "difference of two correlations",
    "odds_ratio": "of a good outcome, for a standard deviation of a score",
    "relative": "of a share of customers: a tenth more or less",
    "sd": "standard deviations of an outcome",
    "percent": "by which one predictor exceeds another",
    "elasticity": "percent of trust per percent of satisfaction",
    "necessity": "share of the range in which no customer was seen",
    "majority": "share of customers",
}
_KINDS = {"bool": "true and false", "text": "text", "date": "dates", "none": "empty", "mixed": "mixed"}


def unused_remarks(table: Table, key: tuple[str, str] | None) -> Iterator[Remark]:
    """Columns that were recognised and can not be used, and those that were not recognised."""
    used = {table.version, *table.apart} | set(() if key is None else (key[0],)) | set(table.times[:1])
    used |= {guess.name for guess in (*table.metrics, *table.outcomes)}
    used |= {guess.name for guess in (table.counts, table.weights, table.firm) if guess is not None}
    used |= set() if table.block is None else {table.block.rating, *table.block.touchpoints, *table.block.left_out}
    used |= set() if table.moments is None else {*table.moments.columns, table.moments.person or ""}
    left = [guess for guess in table.guesses.values() if guess.name not in used]
    for guess in [guess for guess in left if guess.why][:_MOST]:
        yield Remark(f"{told(guess.name)} sounds like {_sounds(guess)}, but {guess.why}: not used.")
    for guess in table.twins[:_MOST]:
        yield Remark(f"{told(guess.name)} says the same as another outcome: not used.")
    more = [*table.all_metrics[len(table.metrics) :], *table.all_outcomes[len(table.outcomes) :]]
    if more:
        yield Remark(f"More scores and outcomes, not used: {told_all([guess.name for guess in more])}.")
    told_of = {guess.name for guess in (*table.twins, *more)}
    rest = [guess for guess in left if not guess.why and guess.name not in told_of]
    if rest:
        known = ", ".join(f"{told(guess.name)} ({described(guess.profile)})" for guess in rest[:_MOST])
        yield Remark(f"Not used: {known}{f' and {len(rest) - _MOST:,} more' if len(rest) > _MOST else ''}.")


def _sounds(guess: Guess) -> str:
    words_of = (*words.NPS, *words.CSAT, *words.CES)
    return "a score" if guess.word in words_of else "an outcome"


def described(profile: Profile) -> str:
    """A column in a few words; of columns that nearly name rows no value, not even the lowest."""
    if profile.kind == "number" and profile.low is not None and profile.high is not None and not profile.names_rows:
        return f"{number(profile.low)} to {number(profile.high)}"
    if profile.kind == "number":
        return f"{profile.distinct:,} different numbers"
    if profile.year_last:
        return "dates whose day and month could be mistaken: write them with the year first, as in 2026-01-31"
    return f"text, {profile.distinct:,} different" if profile.kind == "text" else _KINDS[profile.kind]


def effects_remark() -> Section:
    """The smallest effects that count, as they are unless the file says otherwise."""
    told_of = (
        "Smallest effects that are worth acting on. These are the defaults; to change some, take away the '# ' here:"
    )
    lines = [f"{f'{key} = {number(value)}':18} # {_EFFECTS.get(key, key)}" for key, value in SMALLEST_EFFECT.items()]
    return Section((), (Remark(told_of), Remark("[smallest_effect]"), *(Remark(line) for line in lines)))


def optional_remark(tables: Sequence[Table], rows: str | None) -> Section | None:
    """Controls and segments that fit, and columns that may belong to sections which are not guessed."""
    here = [t for t in tables if len(tables) == 1 or t.name == rows] or list(tables[:1])
    spare = [g for table in here for g in table.guesses.values() if g.role == "other" and g.name not in _busy(table)]
    groups = [g.name for g in spare if _few(g.profile) and (g.scored is None or g.scored.unread)]
    controls = [g.name for g in spare if g.profile.kind == "number" and said(g.name, words.CONTROL)]
    entries = [*_suggested("controls", controls), *_suggested("segments", groups)]
    if entries:
        head = "Optional. What else was known of customers (controls), and groups that are told apart (segments):"
        entries = [Remark(head), *entries]
    for section, known in words.ELSEWHERE.items():
        names = [g.name for table in tables for g in table.guesses.values() if said(g.name, known)]
        if names:
            entries.append(Remark(f"The section [{section}] may be for: {told_all(names)}."))
    return Section((), tuple(entries)) if entries else None


def _busy(table: Table) -> set[str]:
    block = () if table.block is None else (table.block.rating, *table.block.touchpoints)
    roles = [guess.name for guess in (table.counts, table.weights, table.firm) if guess is not None]
    return {*block, *roles, *(() if table.moments is None else table.moments.columns)}


def _few(profile: Profile) -> bool:
    return (
        profile.kind == "text"
        and _GROUPS[0] <= profile.distinct <= _GROUPS[1]
        and profile.present > 2 * profile.distinct
    )


def _suggested(section: str, names: Sequence[str]) -> list[Remark]:
    """A section to be taken, with its comment marks."""
    return [Remark(f"[{section}]"), Remark(f"columns = {literal(list(names[:_MOST]))}")] if names else []
