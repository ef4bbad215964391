"""`peak_end`: one score per sequence from its peak and its end, for use as a metric."""

from collections.abc import Sequence
from typing import Any

from cxstats.arrays import Column
from cxstats.columns import stacked
from cxstats.errors import RoleError
from cxstats.frames import IntoFrame
from cxstats.moments.roles import SameTime, moment_roles
from cxstats.moments.sequence_features import HALVES, checked_end, checked_weights
from cxstats.moments.sequences import Sequences, each_part, turned
from cxstats.numerics.sequence_features import sequence_features
from cxstats.same_kind import same_kind
from cxstats.scales import Scale

SCORE = "peak_end"


def peak_end(
    data: IntoFrame,
    *,
    sequence: str | Sequence[str],
    order: str,
    value: str,
    neutral: float,
    weights: tuple[float, float] = HALVES,
    scale: Scale | None = None,
    keep: Sequence[str] = (),
    same_time: SameTime = "raise",
    end: float = 1,
) -> Any:
    """Score every sequence of moments by its peak and its end, as a metric for `which_metric`.

    Use it to ask whether such a score predicts what customers did afterwards better than the other metrics do. The
    weights are declared, never fitted here: the halves are the textbook's, not a law, and `moment_weights` says which
    fit your own data.

    Parameters
    ----------
    data : dataframe
        One row per moment, in any order.
    sequence, order, value, neutral, scale, keep, same_time : various
        As for `sequences`; keep what the analysis needs besides, such as the outcome.
    weights : pair of float
        Of peak and of end, from 0 up, adding up to 1.
    end : float
        As for `sequence_features`.

    Returns
    -------
    frame of the kind of ``data``, one row per sequence
        The columns ``sequence`` and ``keep``, then ``peak_end``: it lies on the scale of ``value``, with values in
        between, as ``Scale(low, high, whole=False)`` declares. Sequences without any value are left out.

    Raises
    ------
    ColumnError, ScaleError, RoleError
        As for `sequence_features`.

    Notes
    -----
    The score is weights[0] peak + weights[1] end; the peak is the moment farthest from ``neutral``, with its own
    value, of several the latest.

    References
    ----------
    .. [1] Fredrickson & Kahneman (1993). J. Pers. Soc. Psychol. 65, 45-55. doi:10.1037/0022-3514.65.1.45

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> moments = pd.DataFrame({"visit": [1, 1, 1, 2, 2], "minute": [0, 5, 9, 0, 3], "joy": [5, 9, 6, 4, 2]})
    >>> cx.peak_end(moments, sequence="visit", order="minute", value="joy", neutral=5)
       visit  peak_end
    0      1       7.5
    1      2       2.0
    """
    roles = moment_roles(
        sequence=sequence, order=order, value=value, neutral=neutral, scale=scale, keep=keep, same_time=same_time
    )
    for name in (*roles.sequence, *roles.keep):
        if name.casefold() == SCORE:  # some engines do not tell upper from lower case
            raise RoleError(f"'{name}' would be the name of the score too.\nRename the column.")
    last, parts = checked_end(end), checked_weights(weights)
    return same_kind(data, stacked(each_part(data, roles, lambda part: _scored(part, last, parts))))


def _scored(part: Sequences, end: float, weights: tuple[float, float]) -> dict[str, Column]:
    found = sequence_features(part.moments, part.neutral, end=end, weights=weights)
    return {**part.keys, **part.kept, SCORE: turned(part.roles, found.peak_end)}
