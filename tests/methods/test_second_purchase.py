"""A real time until an event: how soon the CDNOW customers bought again, against the survival package in R."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

REFERENCE = Path(__file__).parents[1] / "references" / "cdnow.csv"
AGAIN = cx.Survival("days", "again", good=1, after=True)
BASKET = {"cds": cx.Scale(0, 10), "spend": cx.Scale(0, 2000, whole=False)}
STORED = 1e-13  # the reference holds 15 digits
FITTED = 1e-9  # both stop where the likelihood no longer rises


@pytest.fixture
def second_purchase(real_data: Callable[[str], Path]) -> pd.DataFrame:
    """One row per customer: the first basket, and the days until the second purchase or the end of the data."""
    bought = pd.read_csv(real_data("cdnow/cdnow_master.csv.gz"), parse_dates=["date"])
    bought = bought.sort_values(["customer_id", "date"], kind="stable")
    nth = bought.groupby("customer_id").cumcount()
    first, second = (bought[nth == k].set_index("customer_id") for k in (0, 1))
    until = second.date.reindex(first.index)
    frame = pd.DataFrame(
        {"cds": first.n_cds.clip(upper=10), "spend": first.amount_usd, "again": until.notna().astype(int)}
    )
    frame["days"] = (until.fillna(bought.date.max()) - first.date).dt.days
    return frame[frame.days > 0].reset_index(drop=True)


@pytest.fixture(scope="module")
def in_r() -> dict[tuple[str, str], float]:
    stored = pd.read_csv(REFERENCE, comment="#")
    return {(what, column): value for what, column, value in stored.itertuples(index=False)}


def test_hazard_ratios_of_the_second_purchase(
    second_purchase: pd.DataFrame, in_r: dict[tuple[str, str], float]
) -> None:
    result = cx.cox(second_purchase, outcome=AGAIN, metrics=BASKET)
    assert (result.n, result.n_events) == (in_r["rows", "n"], in_r["events", "n"])
    for term, estimate, error in zip(result.terms, result.estimate, result.std_error, strict=True):
        assert estimate == pytest.approx(in_r["coefficient", term], rel=FITTED)
        assert error == pytest.approx(in_r["error", term], rel=FITTED)


def test_concordance_of_the_second_purchase(second_purchase: pd.DataFrame, in_r: dict[tuple[str, str], float]) -> None:
    """A larger first basket goes with an earlier second purchase."""
    result = cx.concordance(second_purchase, outcome=AGAIN, metrics=BASKET)
    n = in_r["rows", "n"]
    for j, name in enumerate(BASKET):
        assert result.estimate[j] == pytest.approx(in_r["concordance", name], abs=STORED)
        assert result.std_error[j] == pytest.approx(np.sqrt(in_r["variance", name] * n / (n - 1)), rel=1e-10)
    assert result.estimate[:2].min() > 0.5
