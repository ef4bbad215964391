"""Count simulated customers of a service: no real customer is behind any number of simulated_service.csv.

python data/make_simulated_service.py [FOLDER]
"""

from collections.abc import Mapping

from counting import target_folder, write_counts

from cxstats.simulate.service import service, service_truth

CUSTOMERS, SEED = 10_000, 20261127


def main() -> None:
    truth = service_truth()
    rows = service(CUSTOMERS, rng=SEED)
    write_counts(rows, target_folder() / "simulated_service.csv")
    print(f"{len(rows):,} customers, {int(rows['contact'].sum()):,} of them with a contact")
    print(f"  in truth silent {truth.silent:.2f}; lowered / raised, contact over none {truth.harm:.2f}")
    print(f"  come back: {_told(truth.recovery)}; recovered over no problem {truth.paradox:.3f}")
    print(f"  do not come back: {_told(truth.disloyal)}; relative gain {truth.effort_gain:.3f}")
    print(f"  bend of ease {truth.bend:.3f}; log-odds per SD of effort: {_told(truth.per_sd)}")
    print(f"  slopes of satisfaction: {_told(truth.slopes)}")
    print(f"  come back: {_told(truth.tier_rate)}; relative gains: {_told(truth.gains)}")
    print(f"  attempts {truth.attempt:.2f}; failures: {_told(truth.failure)}; cost x {truth.cost_ratio:.3f}")
    print(f"  handling x {truth.handling_ratio:.3f}; others wait {truth.wait:.2f} ({truth.wait_sd:.3f} SD) longer")


def _told(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


if __name__ == "__main__":
    main()
