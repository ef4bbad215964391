"""The rows of journeys: which are kept, how touchpoints that were not used are coded, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, RoleError, TooFewError
from cxstats.shared.journeys import JourneyRows, at_joint_rows, journey_cross_rows, journey_rows

# The same sums in another order.
ROUNDING = 1e-12
TOUCHPOINTS = {"booking": cx.CSAT5, "room": cx.NPS, "effort": cx.EFFORT5}
SPEND = cx.Continuous("spend")


def stays(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    mood = rng.normal(size=n)
    rows = pd.DataFrame(
        {
            "booking": np.clip(np.round(3 + mood + rng.normal(size=n)), 1, 5),
            "room": np.clip(np.round(6 + 2 * mood + 2 * rng.normal(size=n)), 0, 10),
            "effort": np.clip(np.round(3 - mood + rng.normal(size=n)), 1, 5),
            "journey": np.clip(np.round(4 + mood + rng.normal(size=n)), 1, 7),
            "spend": np.round(mood + rng.normal(size=n), 1),
            "tenure": rng.integers(0, 3, n),
            "hotel": np.arange(n) % 40,
        }
    )
    rows.loc[rng.random(n) < 0.3, "booking"] = np.nan
    rows.loc[rng.random(n) < 0.2, "effort"] = np.nan
    return rows


ROWS = stays()


def found_in(rows: Any, **keys: Any) -> JourneyRows:
    given = {"outcome": SPEND, "journey": {"journey": cx.CSAT7}, "touchpoints": TOUCHPOINTS, **keys}
    return journey_rows(rows, **given)


def test_rows_are_kept_where_something_was_used() -> None:
    rows = ROWS.copy()
    rows.loc[:9, list(TOUCHPOINTS)] = np.nan  # ten without a touchpoint, of which four lack more
    rows.loc[6:11, "journey"] = np.nan
    rows.loc[12, "spend"] = np.nan
    rows.loc[13, "tenure"] = np.nan
    rows.loc[14, "room"] = np.nan  # not used: stays, since the booking was rated
    rows.loc[14, "booking"] = 4
    found = found_in(rows, controls=["tenure"])
    assert (found.n_missing, found.n_unused, found.n_left_out) == (8, 6, 14)
    assert found.cells.n == len(rows) - 14
    assert found.notes == ("6 rows left out in which no touchpoint was rated.",)
    assert found_in(ROWS).notes == ()


@pytest.mark.parametrize("cluster", [None, "hotel"])
def test_columns_against_rows(cluster: str | None) -> None:
    """Value and indicator of each touchpoint, written row by row."""
    # Joined to the rows by the spend, which tells rows apart here.
    rows = ROWS.assign(spend=np.random.default_rng(1).normal(size=len(ROWS)))
    found = found_in(rows, cluster=cluster)
    made = journey_cross_rows(found)
    by_spend = rows.sort_values("spend").reset_index(drop=True)
    order = np.argsort(np.argsort(found.cells["spend"]))
    shares = {
        "booking": (by_spend["booking"] - 1) / 4,
        "room": by_spend["room"] / 10,
        "effort": (5 - by_spend["effort"]) / 4,
    }
    for j, (name, share) in enumerate(shares.items()):
        assert np.array_equal(found.scores[:, j], share.to_numpy()[order], equal_nan=True)
        value = (share - share.mean()).fillna(0).to_numpy()
        assert found.coded.columns[:, j] == pytest.approx(value[order], abs=ROUNDING), name
    assert found.coded.labels == ("booking", "room", "effort", "booking used", "effort used")
    assert found.coded.owners == ("booking", "room", "effort", "booking", "effort")
    assert np.array_equal(found.coded.columns[:, 3], by_spend["booking"].notna().to_numpy()[order])
    assert np.array_equal(found.coded.columns[:, 4], by_spend["effort"].notna().to_numpy()[order])
    assert found.composite == pytest.approx(pd.DataFrame(shares).mean(axis=1).to_numpy()[order], abs=ROUNDING)
    assert found.journey_score == pytest.approx((by_spend["journey"].to_numpy()[order] - 1) / 6, abs=ROUNDING)
    at = at_joint_rows(made, found.coded.columns)
    spend = at_joint_rows(made, found.cells["spend"])
    assert made.y == pytest.approx((spend - rows["spend"].mean()) / rows["spend"].std(ddof=0), abs=ROUNDING)
    assert list(made.predictors) == ["journey", *found.coded.labels]
    for label, column in zip(found.coded.labels, at.T, strict=True):
        assert np.array_equal(made.predictors[label].values, column)


def test_joint_rows_tell_not_used_from_every_rating() -> None:
    plain, clustered = (journey_cross_rows(found_in(ROWS, cluster=cluster)) for cluster in (None, "hotel"))
    distinct = ROWS[[*TOUCHPOINTS, "journey", "spend"]].drop_duplicates()
    for made in (plain, clustered):
        assert len(made.y) == len(distinct)
        assert made.count.sum() == len(ROWS)
        assert np.isnan(made.cells["booking"]).any()  # the cells still say "missing"
    assert np.sort(plain.y) == pytest.approx(np.sort(clustered.y), abs=ROUNDING)


def test_indicators_that_follow_from_others_are_left_out() -> None:
    rows = ROWS.copy()
    rng = np.random.default_rng(2)
    first = rng.random(len(rows)) < 0.5
    # App and desk are used in turn, the lounge with the app: one indicator says it all. The bar is hardly ever missed.
    rows["app"] = np.where(first, rows["journey"], np.nan)
    rows["lounge"] = np.where(first, rng.integers(1, 8, len(rows)), np.nan)
    rows["desk"] = np.where(first, np.nan, rng.integers(1, 8, len(rows)))
    rows["bar"] = np.where(np.arange(len(rows)) < 19, np.nan, rng.integers(1, 8, len(rows)))
    rows["app"] = np.where(first, np.clip(rows["app"] + rng.integers(-1, 2, len(rows)), 1, 7), np.nan)
    found = found_in(rows, touchpoints=dict.fromkeys(("app", "lounge", "desk", "bar"), cx.CSAT7))
    assert found.coded.labels == ("app", "lounge", "desk", "bar", "app used")
    rows.loc[19, "bar"] = np.nan  # the twentieth
    found = found_in(rows, touchpoints=dict.fromkeys(("app", "lounge", "desk", "bar"), cx.CSAT7))
    assert found.coded.labels == ("app", "lounge", "desk", "bar", "app used", "bar used")


def test_cells_carry_the_scales() -> None:
    cells = cx.tally(ROWS, outcome=SPEND, metrics={"journey": cx.CSAT7, **TOUCHPOINTS})
    for keys in (
        {"journey": "journey", "touchpoints": None, "outcome": None},
        {"journey": "journey", "touchpoints": ["booking", "room", "effort"]},
        {},
    ):
        found = found_in(cells, **keys)
        assert (found.journey, found.touchpoints) == ("journey", ("booking", "room", "effort"))
        assert found.cells.n == len(ROWS)


def test_weights_centre_the_values() -> None:
    weight = np.random.default_rng(3).choice([0.5, 2.0], len(ROWS))
    found = found_in(ROWS.assign(w=weight), weight="w")
    share = ((ROWS["booking"] - 1) / 4).to_numpy()
    used = np.isfinite(share)
    mean = np.average(share[used], weights=weight[used])
    first = found.coded.columns[:, 0]
    assert first[found.used[:, 0]].max() == pytest.approx(1 - mean, abs=ROUNDING)
    with pytest.raises(RoleError, match=r"^Survey weights cannot be used by cross-validation"):
        journey_cross_rows(found)


SAY = '\nPass for example journey={"overall": cx.CSAT5}; for Cells its name is enough.'
SAY_TOUCHPOINTS = (
    '\nPass for example touchpoints={"booking": cx.CSAT5, "delivery": cx.CSAT5}; for Cells names are enough.'
)


ONE_TOUCHPOINT = (
    "A journey needs at least two touchpoints, but 1 was given.\nUse cx.delong or cx.held_out to compare two ratings."
)


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        (
            {"journey": None},
            RoleError,
            "journey must map the one column that rates the whole journey to its scale, but None was given." + SAY,
        ),
        (
            {"journey": "journey"},
            RoleError,
            "journey must map the one column that rates the whole journey to its scale, but 'journey' was given." + SAY,
        ),
        (
            {"journey": {}},
            RoleError,
            "journey must map the one column that rates the whole journey to its scale, but {} was given." + SAY,
        ),
        (
            {"touchpoints": None},
            RoleError,
            "touchpoints must map the column of each touchpoint to its scale, but None was given." + SAY_TOUCHPOINTS,
        ),
        (
            {"touchpoints": ["room", "booking"]},
            RoleError,
            "touchpoints must map the column of each touchpoint to its scale, but ['room', 'booking'] was given."
            + SAY_TOUCHPOINTS,
        ),
        (
            {"touchpoints": {"journey": cx.CSAT7, "room": cx.NPS}},
            RoleError,
            "The journey rating 'journey' must not be one of the touchpoints.\nLeave it out there.",
        ),
        (
            {"touchpoints": {"room": cx.NPS}},
            TooFewError,
            ONE_TOUCHPOINT,
        ),
    ],
)
def test_roles_are_refused_in_full(keys: dict[str, Any], error: type[CxStatsError], message: str) -> None:
    with pytest.raises(error) as caught:
        found_in(ROWS, **keys)
    assert str(caught.value) == message


def test_empty_rows_are_refused_in_full() -> None:
    rows = ROWS.assign(**dict.fromkeys(TOUCHPOINTS, np.nan))
    with pytest.raises(TooFewError) as caught:
        found_in(rows)
    assert str(caught.value) == (
        "At least one row must have all of 'spend', 'journey' and a rating of one of 'booking', 'room', 'effort', but "
        "none of 400 rows has.\nCheck how the tables were joined."
    )


def test_ratings_of_hardly_anybody_are_refused_in_full() -> None:
    rows = ROWS.assign(lounge=np.where(np.arange(400) < 19, ROWS["journey"], np.nan), spa=np.nan)
    with pytest.raises(TooFewError) as caught:
        found_in(rows, touchpoints={**TOUCHPOINTS, "lounge": cx.CSAT7, "spa": cx.CSAT5})
    assert str(caught.value) == (
        "The journey and every touchpoint must be rated in at least 20 rows, but of 400 rows that can be used there "
        "are ratings of 'lounge' in 19 rows, 'spa' in 0 rows.\nLeave it out, or put it together with a similar one."
    )


@pytest.mark.parametrize(("name", "n"), [("booking", 285), ("journey", 400)])
def test_ratings_of_one_level_are_refused_in_full(name: str, n: int) -> None:
    rows = ROWS.assign(**{name: ROWS[name].where(ROWS[name].isna(), 4)})
    assert rows[name].notna().sum() == n
    with pytest.raises(TooFewError) as caught:
        found_in(rows)
    assert str(caught.value) == (
        f"Ratings of the journey and of every touchpoint must take at least two values, but all {n} rows of '{name}' "
        "hold 4.\nA constant predicts nothing: leave it out."
    )


@pytest.mark.parametrize(
    ("copy", "scale"), [(lambda x: x, cx.CSAT7), (lambda x: 8 - x, cx.CSAT7)], ids=["as is", "turned"]
)
def test_copies_of_the_journey_are_refused_in_full(copy: Any, scale: cx.Scale) -> None:
    rows = ROWS.assign(stay=copy(ROWS["journey"]).where(ROWS["booking"].notna()))
    with pytest.raises(ColumnError) as caught:
        found_in(rows, touchpoints={**TOUCHPOINTS, "stay": scale})
    assert str(caught.value) == (
        "No touchpoint may repeat the journey rating, but 'stay' equals 'journey' in all rows in which it was used."
        "\nLeave it out, or find the rating that was asked for."
    )


def shares() -> pd.DataFrame:
    return pd.DataFrame(
        {"booking": (ROWS["booking"] - 1) / 4, "room": ROWS["room"] / 10, "effort": (5 - ROWS["effort"]) / 4}
    )


MADE: dict[str, tuple[Any, cx.Scale]] = {
    "is their mean": (shares().mean(axis=1), cx.Scale(0, 1, whole=False)),
    "is their mean, rounded": (np.round(1 + 6 * shares().mean(axis=1)), cx.CSAT7),
    "is a weighted sum of them": (
        2 + 3 * shares()["room"] + shares().fillna(0.4)["booking"],
        cx.Scale(0, 10, whole=False),
    ),
}


@pytest.mark.parametrize("made", MADE)
def test_journeys_computed_from_touchpoints_are_refused_in_full(made: str) -> None:
    values, scale = MADE[made]
    with pytest.raises(ColumnError) as caught:
        found_in(ROWS.assign(journey=values), journey={"journey": scale})
    assert str(caught.value) == (
        f"The journey must have been rated by itself, not computed from its touchpoints, but 'journey' {made} in all "
        "400 rows.\nSuch a rating knows nothing that the touchpoints do not: it is the composite."
    )
    # One customer who thinks otherwise, and it is a rating.
    other = values.copy()
    other.iloc[0] = scale.high if values.iloc[0] < (scale.low + scale.high) / 2 else scale.low
    found_in(ROWS.assign(journey=other), journey={"journey": scale})


def test_names_of_indicators_are_refused_in_full() -> None:
    rows = ROWS.assign(**{"booking used": ROWS["tenure"]})
    with pytest.raises(RoleError) as caught:
        journey_cross_rows(found_in(rows, controls=["booking used"]))
    assert str(caught.value) == "'booking used' is how the indicator of a touchpoint is called.\nRename the column."
