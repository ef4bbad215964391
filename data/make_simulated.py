"""Count a cohort of simulated customers: no real customer is behind any number of simulated_cohort.csv.

python data/make_simulated.py [FOLDER]
"""

from counting import target_folder, write_counts

from cxstats import simulate

CUSTOMERS, SEED = 40_000, 20261122


def main() -> None:
    truth = simulate.truth()
    rows = simulate.cohort(CUSTOMERS, rng=SEED)
    write_counts(rows, target_folder() / "simulated_cohort.csv")
    print(f"repurchase: {rows['repurchase'].mean():.4f} of the customers, {truth.rate:.4f} in truth")
    for metric, area in truth.auc.items():
        print(f"  {metric}: true area under the curve {area:.2f}, correlation {truth.correlation[metric]:.3f}")
    print(f"  by gap: late {truth.late_rate:.4f}, met {truth.met_rate:.4f}, exceeded {truth.exceeded_rate:.4f}")
    print(
        f"  slopes {truth.slope_below:.3f} below and {truth.slope_above:.3f} above 0, asymmetry {truth.asymmetry:.4f}"
    )


if __name__ == "__main__":
    main()
