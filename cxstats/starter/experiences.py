"""The sections of journeys and of moments."""

from typing import Protocol

from cxstats.errors import number
from cxstats.starter.blocks import Block
from cxstats.starter.entries import Entry, Question, Remark, Section, Setting, literal, told
from cxstats.starter.metrics import BETTER, BOUNDS
from cxstats.starter.recognise import Guess
from cxstats.starter.sequences import Moments
from cxstats.starter.tables import Table

_USUAL = ((1, 5), (1, 7), (1, 10), (0, 10))


class Names(Protocol):
    """What metrics are called."""

    def of(self, table: Table, guess: Guess) -> str:
        """The name of one."""


def journey_section(table: Table, block: Block, names: Names, several: bool) -> Section:
    """Touchpoints on one scale beside a rating of the whole."""
    guess = table.guesses[block.rating]
    rating = names.of(table, guess) if guess in table.metrics else block.rating
    more = f"; {len(block.left_out):,} more columns like these were left out" if block.left_out else ""
    entries: list[Entry] = [Setting("table", table.name)] if several else []
    entries += [
        Setting("rating", rating, "the rating of the whole, by its name"),
        Setting("touchpoints", list(block.touchpoints), f"{block.why}, on one scale{more}"),
        *([] if block.whole else [Setting("whole", False, "some values lie between whole numbers")]),
    ]
    span = f"{number(block.low)} to {number(block.high)}"
    usual = next((scale for scale in _USUAL if block.high == scale[1] and scale[0] <= block.low <= 2), None)
    if usual is not None and (block.low > 0 or usual == (0, 10)):
        entries += [Setting("missing", list(block.missing), "codes of no answer")] if block.missing else []
        entries.append(Setting("scale", list(usual), f"the values run from {span}"))
        entries.append(Question("Is a high value of these ratings good?", (("higher_is_better", BETTER),)))
    else:
        text = f"What are the lowest and the highest answer of these ratings? Here the values run from {span}."
        codes = f"codes that are no answer, such as {literal([*block.missing, block.low])}; else take the line away"
        entries.append(Question(text, (("scale", BOUNDS), ("higher_is_better", BETTER), ("missing", codes))))
    entries.append(Setting("same_sitting", True, "they stand in one row, as answers of one questionnaire do"))
    return Section(("journey",), tuple(entries))


def moments_section(table: Table, found: Moments, several: bool) -> Section:
    """Experiences that were rated moment by moment."""
    sequence = found.sequence[0] if len(found.sequence) == 1 else list(found.sequence)
    entries: list[Entry] = [Setting("table", table.name)] if several else []
    entries += [
        Setting("sequence", sequence, "it names an experience, which has several moments"),
        Setting("order", found.order, "when the moment was; no experience has two at one time"),
        Setting("value", found.value, f"what was felt, from {number(found.low)} to {number(found.high)}"),
        Question(
            f"Which value of {told(found.value)} is neither good nor bad?",
            (("neutral", "a number, often the middle of the scale"),),
        ),
    ]
    overall, place = found.overall, found.overall_table
    if overall is None:
        entries.append(
            Remark('Without  overall = "..." , the column of the rating afterwards, moments are only checked.')
        )
    else:
        entries.append(Setting("overall", overall, "how the whole was rated afterwards: one value per experience"))
        entries += [Setting("overall_table", place, "it has a row per experience")] if place is not None else []
    if found.person is not None:
        entries.append(Setting("person", found.person, "who had the experience"))
    return Section(("moments",), tuple(entries))
