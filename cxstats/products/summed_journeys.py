"""The one pass over journeys: sums of products in groups, and what sums cannot tell."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells
from cxstats.numerics.crossproducts import GroupMoments, add_rows, renumbered
from cxstats.numerics.hashed import Seen, deal, group_of, hash_rows, hash_values, shuffled
from cxstats.products.journey_batches import JourneyBatch, JourneyRoles, journey_batches
from cxstats.products.journey_extremes import Extremes, extremes_of


@dataclass(frozen=True)
class SummedJourneys:
    """What `cxstats.products.crossproducts.CrossProducts` is made of; its attributes are described there."""

    moments: GroupMoments
    extremes: Extremes
    text_cluster: bool | None
    n_missing: int
    n_unused: int


def sum_journeys(data: IntoCells, found: JourneyRoles, groups: int) -> SummedJourneys:
    """Read the rows once, deal them to groups, and add them up."""
    moments = GroupMoments.empty(groups, 3 + 2 * len(found.touchpoints))
    extremes, seen, salt = Extremes.none(len(found.touchpoints)), Seen.none(), 0
    missing = unused = 0
    text: bool | None = None
    for batch in journey_batches(data, found):
        missing, unused = missing + batch.n_missing, unused + batch.n_unused
        if not len(batch.count):
            continue
        extremes = extremes + extremes_of(batch.journey, batch.shares, batch.composite)
        columns = _columns(batch)
        if batch.cluster is not None:
            text = batch.cluster.dtype == object
            moments = add_rows(moments, columns, group_of(hash_values(batch.cluster), groups), batch.count)
            continue
        hashes = hash_rows(batch.raw)
        salt += int((hashes * batch.count.astype(np.uint64)).sum())
        dealt = deal(seen, hashes, batch.count, groups)
        seen = dealt.seen
        moments = add_rows(moments, columns[dealt.row], dealt.group, dealt.count)
    if found.roles.cluster is None:  # so that equal rows of two shards do not meet in one group
        moments = renumbered(moments, shuffled(groups, salt))
    return SummedJourneys(moments, extremes, text, missing, unused)


def _columns(batch: JourneyBatch) -> Floats:
    """Outcome, journey rating, composite, ratings less one half and 0 where not used, indicators of use."""
    used = ~np.isnan(batch.shares)
    ratings = np.where(used, batch.shares - 0.5, 0.0)
    return np.column_stack([batch.outcome, batch.journey, batch.composite, ratings, used])
