"""Draw simulated visits: no real guest is behind any number of simulated_visits.csv.

python data/make_simulated_visits.py [FOLDER]
"""

from counting import target_folder

from cxstats.simulate.visits import visits, visits_truth

VISITS, SEED = 800, 20261126
RULE = {"weights": {"peak": 0.5, "end": 0.5}, "milder": 1.0}
GUESTS = {"noise": 0.4, "guest_memory": 0.5, "moments": (4, 9)}


def main() -> None:
    truth = visits_truth(**RULE)
    rows = visits(VISITS, rng=SEED, **RULE, **GUESTS)
    path = target_folder() / "simulated_visits.csv"
    rows.round({"memory": 1}).astype({"minute": int}).to_csv(path, index=False, lineterminator="\n")
    print(f"{len(rows):,} moments of {rows['visit'].nunique():,} visits by {rows['guest'].nunique():,} guests")
    print(f"  true shares of memory: {dict(truth.shares)}; the last mood better by {truth.milder:g} in half of them")


if __name__ == "__main__":
    main()
