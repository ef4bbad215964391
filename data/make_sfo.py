"""Count the answers of San Francisco airport's guest survey of 2017, unweighted.

Reads sfo_2017.csv from CXSTATS_DATA/sfo and writes sfo_2017.csv beside this script.

    CXSTATS_DATA=... python data/make_sfo.py [FOLDER]
"""

import pandas as pd
from counting import source_folder, target_folder, write_counts

RATINGS = {str(value): value for value in range(1, 6)}  # 0 and "Blank": no answer; 6: never used
# Column, its name here, and what its codes mean; every other code is a missing answer.
QUESTIONS = (
    ("NETPRO", "nps", {str(value): value for value in range(11)}),  # 0 is an answer, 11 is none
    ("Q7ALL", "overall", RATINGS),
    ("Q14FIND", "ease", RATINGS),
    ("Q15PROBLEM", "problem", {"1": 1, "2": 0}),
    ("Q5FIRSTTIME", "first_visit", {"2": 1, "1": 0}),
)


def main() -> None:
    path = source_folder("sfo") / "sfo_2017.csv"
    answers = pd.read_csv(path, usecols=[q[0] for q in QUESTIONS], dtype=str, keep_default_na=False, encoding="latin-1")
    coded = pd.DataFrame({name: answers[column].map(codes).astype("Int64") for column, name, codes in QUESTIONS})
    write_counts(coded, target_folder() / "sfo_2017.csv")
    for column, name, _ in QUESTIONS:
        print(f"  {name} ({column}): {coded[name].notna().sum():,} answers, {coded[name].isna().sum():,} missing")


if __name__ == "__main__":
    main()
