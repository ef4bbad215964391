"""The sections of a starter study file, from top to bottom."""

from collections.abc import Iterator, Mapping, Sequence

from cxstats.starter.entries import Entry, Question, Remark, Section, Setting, literal, told, told_all
from cxstats.starter.experiences import journey_section, moments_section
from cxstats.starter.files import account
from cxstats.starter.joins import Join
from cxstats.starter.metrics import metric_section
from cxstats.starter.outcomes import outcome_section
from cxstats.starter.recognise import Guess
from cxstats.starter.remarks import effects_remark, optional_remark, unused_remarks
from cxstats.starter.tables import RESERVED, Table

_HEAD = (
    "A study file for cxstats: it says what the columns of your data mean. This is a first draft of it.",
    "1. Answer each question in the lines below it: take away the '# ' and write the answer for the '?'.",
    "2. Check the guesses. Each says why it was made. Change what is wrong.",
    "3. Run it: cxstats validate FILE",
)


def sections_of(tables: Sequence[Table], join: Join, files: Mapping[str, list[str]]) -> list[Section]:
    """Everything, in the order in which a person reads it."""
    names = _Names(tables)
    several = len(tables) > 1
    made = [_head(), _study(tables, join)]
    made += [_table(table, tables, join, files[table.name]) for table in tables]
    for table in tables:
        where = table.name if several else None
        made += [metric_section(names.of(table, guess), guess, where, table.version) for guess in table.metrics]
    for table in tables:
        made += [
            outcome_section(names.of(table, guess), guess, table.name if several else None, _dates(table, tables, join))
            for guess in table.outcomes
        ]
    made += [journey_section(t, t.block, names, several) for t in tables if t.block is not None][:1]  # a study has one
    made += [moments_section(t, t.moments, several) for t in tables if t.moments is not None][:1]
    if not any(table.takes_part or table.moments for table in tables):
        made.append(_nothing())
    optional = optional_remark(tables, join.rows)
    return [*made, effects_remark(), *([] if optional is None else [optional])]


class _Names:
    """What metrics and outcomes are called: as their columns, with the table where that is needed."""

    def __init__(self, tables: Sequence[Table]) -> None:
        taken = set(RESERVED)
        for table in tables:
            taken |= set() if table.block is None else {table.block.rating, *table.block.touchpoints}
        self._names: dict[tuple[str, str], str] = {}
        for table in tables:
            for guess in (*table.metrics, *table.outcomes):
                own = table.block is not None and guess.name == table.block.rating and guess.role == "csat"
                self._names[table.name, guess.name] = guess.name if own else self._free(guess.name, table.name, taken)
                taken.add(self._names[table.name, guess.name])

    def of(self, table: Table, guess: Guess) -> str:
        """The name of a metric or an outcome."""
        return self._names[table.name, guess.name]

    @staticmethod
    def _free(name: str, table: str, taken: set[str]) -> str:
        number, free = 2, name
        while free in taken:
            free = f"{name}_{table}" if number == 2 else f"{name}_{table}_{number}"
            number += 1
        return free


def _head() -> Section:
    remarks: list[Entry] = [Remark(text) for text in _HEAD]
    return Section((), (*remarks, Setting("cxstats", 1)))


def _study(tables: Sequence[Table], join: Join) -> Section:
    entries: list[Entry] = [
        Setting("title", f"Study of {tables[0].name}", "from the name of the file; write a title for the report"),
        Question(
            "Are these data real customers, simulated, or published figures? The report says it on every page.",
            (("evidence", '"real", "simulated" or "published"'),),
        ),
    ]
    if len(tables) > 1 and join.rows is not None:
        entries.append(Setting("rows", join.rows, join.why))
    elif len(tables) > 1:
        given = told_all([table.name for table in tables])
        text = f"Which table's rows are analysed: where does one row stand for one customer? The tables: {given}."
        entries.append(Question(text, (("rows", "the name of one of them, in quotation marks"),)))
    rows = tables[0] if len(tables) == 1 else next((table for table in tables if table.name == join.rows), None)
    return Section(("study",), (*entries, *(() if rows is None else _keys(rows, join))))


def _keys(rows: Table, join: Join) -> Iterator[Entry]:
    """Count, weight, firm and cluster, which are columns of the analysed table."""
    if rows.counts is not None:
        yield Setting("count", rows.counts.name, "the name says that a row stands for so many customers")
    if rows.weights is not None:
        yield Setting("weight", rows.weights.name, "a survey weight by its name: above 0, about 1 on average")
    if rows.firm is not None:
        yield Setting("firm", rows.firm.name, "who served the customer, by its name")
    key = join.keys.get(rows.name)
    if key is not None and _repeats(rows, key[0]) and not rows.times:
        yield Setting("cluster", key[0], "it stands in several rows, which are then not independent")


def _repeats(table: Table, key: str) -> bool:
    profile = table.guesses[key].profile
    return profile.distinct < profile.present


def _table(table: Table, tables: Sequence[Table], join: Join, files: list[str]) -> Section:
    several = len(tables) > 1
    entries: list[Entry] = [Remark(account(table.source))]
    if len(files) == 1:
        entries.append(Setting("file", files[0]))
    else:
        entries.append(Setting("files", files, "the same columns, so the rows are put one below the other"))
    entries += table.source.settings
    if table.source.questions and table.guesses.get("Finished") and table.guesses["Finished"].profile.kind == "bool":
        entries.append(Remark("To keep finished answers only: where = { Finished = [true] }"))
    key = join.keys.get(table.name)
    if key is not None:
        entries.append(Setting("key", *key))
    elif table.name in _unjoined(tables, join):
        entries.append(_asked_key(table))
    if table.times:
        rest = [name for name in table.dates if name != table.times[0]]
        others = f"; other dates: {told_all(rest, 4)}" if rest else ""
        entries.append(Setting("time", table.times[0], f"when the row came about, by its dates{others}"))
    analysed = not several or table.name == join.rows
    if key is not None and _repeats(table, key[0]) and (table.takes_part or analysed or join.rows is None):
        entries += _pick(table, key[0], analysed=analysed, unclear=join.rows is None)
    return Section(("table", table.name), (*entries, *unused_remarks(table, key)))


def _dates(table: Table, tables: Sequence[Table], join: Join) -> list[str]:
    """Dates in which the window of an outcome may start: of its own table and of the analysed one."""
    rows = [other.dates for other in tables if other.name == join.rows]
    return list(dict.fromkeys([*table.dates, *(name for dates in rows for name in dates)]))


def _unjoined(tables: Sequence[Table], join: Join) -> list[str]:
    """Tables that go into the analysed rows, with others, and of which no key is known."""
    useful = [table.name for table in tables if table.takes_part or table.name == join.rows]
    return [name for name in useful if name not in join.keys] if len(useful) > 1 else []


def _asked_key(table: Table) -> Question:
    text = f"Which column of {told(table.name)} joins it with the other tables? None has the same name there."
    return Question(text, (("key", "the name of the column, in quotation marks"),))


def _pick(table: Table, key: str, *, analysed: bool, unclear: bool) -> Iterator[Entry]:
    """A key in several rows: which of them counts is for a person to say."""
    if analysed and not table.times:
        return  # the key is the cluster, and every row counts
    profile = table.guesses[key].profile
    besides = f" To let every row count, leave this open and write cluster = {literal(key)} under [study]."
    text = (
        f"{told(key)} stands in several rows: {profile.present:,} rows for {profile.distinct:,} values. Which counts?"
    )
    asked: tuple[tuple[str, str], ...] = (("pick", '"first" or "last" in time'),)
    if not table.times:
        asked = (("time", "the column that orders the rows of a key, in quotation marks"), *asked)
    yield Question(text + (besides if analysed or unclear else ""), asked)


def _nothing() -> Section:
    """How to declare what was not recognised."""
    lines = (
        "No column was recognised as a score or an outcome. Declare them like this, without the '# ':",
        "[metric.nps]",
        'column = "the name of the column"',
        'scale = "NPS"   # or "CSAT5", "CSAT7", "CSAT10", "EFFORT5", "EASE7", or [low, high] with higher_is_better',
        "[outcome.repurchase]",
        'type = "binary"   # or "rating", "count", "continuous"',
        'column = "the name of the column"',
        "good = 1   # the value that is good for the firm",
        "after = true   # only if it happened after the feedback",
    )
    return Section((), tuple(Remark(line) for line in lines))
