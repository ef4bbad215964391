"""The data of one study in words and rounded numbers: rows, scores, correlations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.claims.data_account import Correlation
from cxstats.claims.finding import ScoreSummary
from cxstats.report.numbers import decimals, interval, number, share
from cxstats.report.plain import plain
from cxstats.report.privacy import HELD_BACK, Count, RowCount, breakdown, published
from cxstats.study.parts import TableAccount

# A score with more different values than this has no bars that could be read.
MOST_VALUES = 60
SHOWN_DIGITS = 2  # of a correlation


@dataclass(frozen=True, kw_only=True)
class ScoreView:
    """One score of the data section."""

    anchor: str
    metric: str
    scale: str
    score: str
    estimate: str
    interval: str
    answers: str
    given: str  # number of answers
    missing: str
    rate: str  # share of rows with an answer
    counts: tuple[Count, ...]
    shares: tuple[str, ...]  # of all answers; empty for a count held back
    withheld: str  # why some or all counts are not shown


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """What became of the rows of one table: used and left out add up to read."""

    table: str
    read: str
    used: str
    filtered: str
    superseded: str
    unmatched: str
    stands_for: str  # customers that the used rows count; empty where each row is one
    steps: tuple[tuple[str, str], ...]  # the same as words, without what did not happen


@dataclass(frozen=True, kw_only=True)
class CorrelationView:
    """Two metrics, and how they go together."""

    first: str
    second: str
    r: str
    n: str


def view_score(summary: ScoreSummary, anchor: str, min_count: int) -> ScoreView:
    """A score with its distribution, small counts held back."""
    digits = decimals(summary.ci_low, summary.ci_high, summary.estimate)
    many = len(summary.values) > MOST_VALUES
    counts = () if many else published(summary.values, summary.counts, min_count, missing=summary.n_missing)
    given, missing = told_rows(summary.n, summary.n_missing, min_count)
    left_out = f"; {missing.words} without an answer" if summary.n_missing else ""
    few = summary.n < min_count
    return ScoreView(
        anchor=anchor,
        metric=plain(summary.metric),
        scale=plain(summary.scale),
        score=plain(summary.score),
        estimate=HELD_BACK if few else number(summary.estimate, digits),
        interval=HELD_BACK if few else interval(summary.ci_low, summary.ci_high, digits),
        answers=f"{given.words} {'answer' if given.value == 1 else 'answers'}{left_out}.",
        given=given.words,
        missing=missing.words,
        rate=share(summary.n, summary.n + summary.n_missing) if exactly(given, missing) else "–",
        counts=counts,
        shares=tuple("" if c.count is None else share(c.count, sum(summary.counts)) for c in counts),
        withheld=withheld(len(summary.values), many, any(c.count is None for c in counts), min_count),
    )


def told_rows(n: int, n_missing: int, min_count: int) -> tuple[RowCount, RowCount]:
    """Rows used and rows without a value, as they may be told."""
    used, missing = breakdown((n, n_missing), min_count)
    return used, missing


def exactly(*counts: RowCount) -> bool:
    """Whether none is held back or only about right."""
    return all(count.value is not None and not count.about for count in counts)


def withheld(values: int, many: bool, held_back: bool, min_count: int) -> str:
    """Why some or all counts are not shown."""
    if many:
        return f"{values:,} different values were given: too many to show one by one."
    if held_back:
        return f"Values given fewer than {min_count} times are not counted out, to protect those who gave them."
    return ""


def told_account(account: TableAccount, min_count: int) -> dict[str, RowCount]:
    """What became of the rows of a table, as it may be told; ``read`` may be told where it is not small itself."""
    fates = {"used": account.used, "filtered": account.filtered}
    fates |= {"superseded": account.superseded, "unmatched": account.unmatched}
    read = breakdown((account.read,), min_count)[0]
    return {"read": read, **dict(zip(fates, breakdown(tuple(fates.values()), min_count), strict=True))}


def view_account(account: TableAccount, min_count: int) -> AccountView:
    """What became of a table's rows; the words list only what happened."""
    told = told_account(account, min_count)
    stands_for = "" if account.stands_for is None else f"{account.stands_for:,}"
    fates = (
        ("used", "used" + (f" (counts of {stands_for} in all)" if stands_for else "")),
        ("filtered", "left out by the study's own filter"),
        ("superseded", "left out because another row of the same key was picked"),
        ("unmatched", "left out because no analysed row has their key"),
    )
    return AccountView(
        table=plain(account.table),
        stands_for=stands_for,
        steps=tuple((told[key].words, words) for key, words in fates if getattr(account, key) or key == "used"),
        **{key: count.words for key, count in told.items()},
    )


def view_correlations(correlations: Sequence[Correlation], min_count: int) -> tuple[CorrelationView, ...]:
    """The correlations of the metrics; none of few rows is told."""
    views = []
    for c in correlations:
        n = breakdown((c.n,), min_count)[0]
        r = HELD_BACK if n.value is None else number(c.r, SHOWN_DIGITS) if not math.isnan(c.r) else "–"
        views.append(CorrelationView(first=plain(c.first), second=plain(c.second), r=r, n=n.words))
    return tuple(views)
