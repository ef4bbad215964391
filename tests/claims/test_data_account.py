"""Correlations of the metrics of a study, against pandas on its rows."""

import math

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.claims.data_account import metric_correlations

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5}
ROUNDING = 1e-12  # sums in another order


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    csat = rng.integers(1, 6, 500).astype(float)
    nps = np.clip(2 * csat + rng.integers(-2, 3, 500), 0, 10)
    effort = np.clip(6 - csat + rng.integers(-1, 2, 500), 1, 5)
    found = pd.DataFrame({"nps": nps, "csat": csat, "effort": effort, "w": rng.uniform(0.5, 2, 500)})
    found.loc[::7, "nps"] = np.nan
    found.loc[::11, "effort"] = np.nan
    return found


def study(rows: pd.DataFrame, **more: object) -> cx.Study:
    return cx.Study(tables={"customers": rows}, metrics=METRICS, **more)  # type: ignore[arg-type]


def test_every_pair_against_pandas() -> None:
    rows = frame()
    found = metric_correlations(study(rows))
    assert [(c.first, c.second) for c in found] == [("nps", "csat"), ("nps", "effort"), ("csat", "effort")]
    turned = rows.assign(effort=-rows.effort)  # less effort is better
    for c in found:
        both = turned[[c.first, c.second]].dropna()
        assert c.r == pytest.approx(both.corr().iloc[0, 1], abs=ROUNDING)
        assert c.n == len(both)
        assert c.r > 0.5


def test_survey_weights_against_the_weighted_covariance_of_numpy() -> None:
    rows = frame()
    (found, *_) = metric_correlations(study(rows, weight="w"))
    both = rows.dropna(subset=["nps", "csat"])
    v = np.cov(both.nps, both.csat, aweights=both.w)
    assert found.r == pytest.approx(v[0, 1] / math.sqrt(v[0, 0] * v[1, 1]), abs=ROUNDING)


def test_no_number_where_one_of_the_two_is_always_the_same_or_few_have_both() -> None:
    rows = frame().assign(csat=4.0)
    assert math.isnan(metric_correlations(study(rows))[0].r)
    few = frame()
    few.loc[2:, "nps"] = np.nan
    found = metric_correlations(study(few))[0]
    assert (math.isnan(found.r), found.n) == (True, 1)


def test_a_metric_off_its_scale_is_left_out_and_the_others_are_told() -> None:
    found = metric_correlations(study(frame().assign(nps=99)))
    assert [(c.first, c.second) for c in found] == [("csat", "effort")]


def test_they_are_part_of_the_validation() -> None:
    given = study(frame())
    assert cx.validate(given, rng=1).correlations == metric_correlations(given)
