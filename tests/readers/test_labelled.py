"""SPSS and Stata against the codes that pyreadstat was told to write."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cxstats.errors import ColumnError
from cxstats.readers.read import names_of, read

ANSWERS = pd.DataFrame(
    {
        "nps": [9.0, 11.0, 98.0, np.nan],
        "csat": [1.0, 5.0, 3.0, 99.0],
        "city": ["Köln", "", "Oslo", "NA"],
        "day": pd.to_datetime(["2018-01-31", "2018-02-01", None, "2018-02-03"]),
    }
)


def test_spss_codes_and_declared_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        ANSWERS,
        path,
        variable_value_labels={"csat": {1.0: "bad", 5.0: "good"}},
        missing_ranges={"nps": [{"lo": 11, "hi": 98}], "csat": [99]},
    )
    found = read(path)
    np.testing.assert_array_equal(found.nps, [9, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found.csat, [1, 5, 3, np.nan])
    assert [None if pd.isna(v) else v for v in found.city] == ["Köln", None, "Oslo", "NA"]
    assert found.day.dropna().tolist() == ANSWERS.day.dropna().tolist()
    assert names_of(path) == ["nps", "csat", "city", "day"]
    assert read(path, columns=["csat", "nps"]).columns.tolist() == ["csat", "nps"]
    with pytest.raises(
        ColumnError, match=r"'ces' is not a column of '.*a.sav', which holds 'nps', 'csat', 'city', 'day'"
    ):
        read(path, columns=["ces"])


def test_stata_codes_and_extended_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.dta"
    answers = pd.DataFrame({"nps": [9, 10, "a"], "csat": [1, 5, 3]})
    pyreadstat.write_dta(answers, path, missing_user_values={"nps": ["a"]}, variable_value_labels={"csat": {1: "bad"}})
    found = read(path)
    np.testing.assert_array_equal(found.nps.astype(float), [9, 10, np.nan])
    assert found.csat.tolist() == [1, 5, 3]
    assert names_of(path) == ["nps", "csat"]
