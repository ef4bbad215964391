"""The rows of a regression and its predictors: complete rows, scores turned so that up is good, nothing constant."""

from collections.abc import Sequence

from cxstats.cells import Cells
from cxstats.coding import upward
from cxstats.errors import TooFewError, listed, number, rows
from cxstats.numerics.design import Predictor, predictor

FEWEST_EVENTS = 100  # to compare metrics: below, the 90% half-width of a difference of areas exceeds .05
EVENTS_PER_COEFFICIENT = 10


def complete(cells: Cells, outcome: str, others: Sequence[str]) -> Cells:
    """The cells in which the outcome, the other columns named and the controls are all present."""
    columns = (outcome, *others, *cells.roles.controls)
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer predictors."
        )
    return kept


def predictors_of(kept: Cells, metrics: Sequence[str], others: Sequence[str] = ()) -> list[Predictor]:
    """The metrics turned so that up is good, other columns as they are, then the controls; all must vary."""
    columns = {name: upward(kept.roles.metrics[name], kept[name]) for name in metrics}
    columns |= {name: kept[name] for name in (*others, *kept.roles.controls)}
    used = kept.row_weight > 0
    for name, values in columns.items():
        present = values[used]
        if len(present) and (present == present[0]).all():
            given = kept[name][used][0]
            held = f"'{given}'" if isinstance(given, str) else number(float(given))
            raise TooFewError(
                f"The predictor '{name}' must take at least two values, but all {rows(int(kept.count[used].sum()))} "
                f"hold {held}.\nA constant predicts nothing: leave it out."
            )
    return [predictor(name, values, used) for name, values in columns.items()]
