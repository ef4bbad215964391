"""Count the deliveries of the Brazilian shop data: stars x days early or late x ordered again.

Reads the three files of the public release (orders, customers, reviews) from CXSTATS_DATA/olist and
writes olist_deliveries.csv. Only counts leave this script: no customer, no order, no date.

    CXSTATS_DATA=... python data/make_olist.py [FOLDER]
"""

from pathlib import Path

import pandas as pd
from counting import source_folder, target_folder, write_counts

# The range of the gap, in days, in which the rows are dense; farther rows are moved to its ends.
CLIP = (-11, 20)
# Ordered again: more than a day later (a split order is no return) and within this many days.
FIRST, LAST = pd.Timedelta(days=1), pd.Timedelta(days=90)


def read(folder: Path, name: str, columns: list[str], dates: list[str]) -> pd.DataFrame:
    path = folder / f"olist_{name}_dataset.csv.gz"
    return pd.read_csv(path, usecols=[*columns, *dates], parse_dates=dates)


def reviews_of(folder: Path) -> pd.DataFrame:
    """Per order the stars and the time of the last answer, and the time of the first."""
    reviews = read(folder, "order_reviews", ["order_id", "review_id", "review_score"], ["review_answer_timestamp"])
    reviews = reviews.sort_values(["review_answer_timestamp", "review_id"])
    return reviews.groupby("order_id").agg(
        stars=("review_score", "last"),
        answered=("review_answer_timestamp", "last"),
        first_answered=("review_answer_timestamp", "first"),
    )


def orders_of(folder: Path) -> pd.DataFrame:
    """Every order with the person who placed it."""
    dates = ["order_purchase_timestamp", "order_delivered_customer_date", "order_estimated_delivery_date"]
    orders = read(folder, "orders", ["order_id", "customer_id", "order_status"], dates)
    customers = read(folder, "customers", ["customer_id", "customer_unique_id"], [])
    orders = orders.merge(customers, on="customer_id", validate="one_to_one")
    return orders.rename(
        columns={
            "order_purchase_timestamp": "bought",
            "order_delivered_customer_date": "delivered",
            "order_estimated_delivery_date": "promised",
            "customer_unique_id": "person",
        }
    )


def next_order(rows: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    """When the person next ordered, more than a day later; missing where no such order is known."""
    pairs = rows[["order_id", "person", "bought"]].merge(
        orders[["person", "bought"]], on="person", suffixes=("", "_again")
    )
    later = pairs[pairs["bought_again"] - pairs["bought"] > FIRST]
    return rows["order_id"].map(later.groupby("order_id")["bought_again"].min())


def deliveries(folder: Path) -> pd.DataFrame:
    """One row per delivered and reviewed order, with the columns that are counted."""
    orders = orders_of(folder)
    rows = orders[(orders["order_status"] == "delivered") & orders["delivered"].notna()]
    rows = rows.merge(reviews_of(folder), on="order_id", validate="one_to_one")
    gap = (rows["promised"].dt.normalize() - rows["delivered"].dt.normalize()).dt.days
    again = next_order(rows, orders)
    reordered = again - rows["bought"] <= LAST
    # Unknown where fewer than 90 days were observed, and where the review came after the next order.
    known = (rows["bought"] + LAST <= orders["bought"].max()) & ~(reordered & (rows["answered"] >= again))
    return pd.DataFrame(
        {
            "stars": rows["stars"],
            "days_early": gap.clip(*CLIP),
            "days_early_unclipped": gap,
            "answered_after_delivery": (rows["first_answered"] > rows["delivered"]).astype("Int64"),
            "reordered": reordered.astype("Int64").where(known),
        }
    )


def main() -> None:
    rows = deliveries(source_folder("olist"))
    write_counts(rows, target_folder() / "olist_deliveries.csv")
    gap = rows["days_early_unclipped"]
    late, after = gap < 0, rows["answered_after_delivery"] == 1
    print(f"days_early: clipped to [{CLIP[0]}, {CLIP[1]}], the gap runs from {gap.min()} to {gap.max()}")
    print(f"  {(gap < CLIP[0]).sum():,} rows were moved up to {CLIP[0]}, {(gap > CLIP[1]).sum():,} down to {CLIP[1]}")
    print(f"answered after delivery: {after.sum():,} of {len(rows):,}, {(late & after).sum():,} of {late.sum():,} late")
    print(f"reordered: known for {rows['reordered'].notna().sum():,}, {rows['reordered'].sum():,} ordered again")


if __name__ == "__main__":
    main()
