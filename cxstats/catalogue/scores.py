"""How high a score is."""

from cxstats.method import Method
from cxstats.scales import CSAT5, NPS

_ROCKS = "Rocks (2016), The American Statistician 70(4), 365-372, arXiv:1601.07235"

SCORES: tuple[Method, ...] = (
    Method(
        "net_promoter",
        "What is our net promoter score, and do groups differ?",
        _ROCKS,
        lambda call, data, **keys: call(data, metric="nps", scale=NPS, by="segment", **keys),
    ),
    Method(
        "net_promoter_change",
        "Did the net promoter score change among people who answered twice?",
        _ROCKS,
        lambda call, data, **keys: call(data, before="nps_before", after="nps", scale=NPS, **keys),
    ),
    Method(
        "top_box",
        "What share of customers is satisfied, and do groups differ?",
        "Wilson (1927), doi:10.1080/01621459.1927.10502953",
        lambda call, data, **keys: call(data, metric="csat", scale=CSAT5, by="segment", **keys),
    ),
    Method(
        "mean_score",
        "How high is a score on average, and do groups differ?",
        "Welch (1947), doi:10.1093/biomet/34.1-2.28",
        lambda call, data, **keys: call(data, metric="csat", scale=CSAT5, by="segment", **keys),
    ),
)
