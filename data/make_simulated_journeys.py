"""Count simulated journeys: no real customer is behind any number of simulated_journeys.csv.

python data/make_simulated_journeys.py [FOLDER]
"""

from counting import target_folder, write_counts

from cxstats.simulate.journeys import journeys, journeys_truth

JOURNEYS, BRANCHES, SEED = 6_000, 60, 20261125
TOUCHPOINTS = ("order", "delivery", "setup", "support")
# Support is used less by those whose journey went well; everybody orders.
POPULATION = {
    "own": 0.35,
    "satisfaction_ratio": 1.35,
    "churn_ratio": 1.32,
    "unused": (0.0, 0.1, 0.25, 0.4),
    "unused_slope": 0.3,
}


def main() -> None:
    truth = journeys_truth(**POPULATION)
    rows = journeys(JOURNEYS, rng=SEED, branches=BRANCHES, branch_share=0.1, **POPULATION)
    rows = rows.rename(columns=dict(zip(truth.touchpoints, TOUCHPOINTS, strict=True)))
    write_counts(rows, target_folder() / "simulated_journeys.csv")
    print(f"churn: {rows['churn'].mean():.4f} of the journeys, {truth.rate:.4f} in truth")
    names = {**dict(zip(truth.touchpoints, TOUCHPOINTS, strict=True)), "all": "all touchpoints"}
    for term, r in truth.r.items():
        print(f"  {names.get(term, term)}: true r with satisfaction {r:.3f}, area for churn {truth.auc[term]:.3f}")
    print(f"  journey over all touchpoints: {truth.ratio['all']:.4f} (r), {truth.auc_ratio['all']:.4f} (area - 1/2)")


if __name__ == "__main__":
    main()
