"""Whether journeys predict better than touchpoints."""

from cxstats.method import Method, Properties
from cxstats.roles import Binary, Rating
from cxstats.scales import CSAT5, NPS, Scale

_STAYED = Binary("stayed")
_STARS = Rating("csat", CSAT5)
_BOTH = {"nps": NPS, "csat": CSAT5}
_DRAWN = Properties(weight=False, draws=True)

JOURNEYS: tuple[Method, ...] = (
    Method(
        "touchpoint_benchmarks",
        "Does the rating of the journey predict better than the ratings of its touchpoints, and by how many percent?",
        "Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, journey={"nps": NPS}, touchpoints={"nps_before": NPS, "csat": CSAT5}, rng=1, **keys
        ),
        _DRAWN,
    ),
    Method(
        "usage_patterns",
        "Do answers on journey and touchpoints depend on which touchpoints a customer met?",
        "Cochran (1954), doi:10.2307/3001666",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, journey={"nps": NPS}, touchpoints={"nps_before": NPS, "csat": CSAT5}, **keys
        ),
        Properties(weight=False),
    ),
    Method(
        "reliability",
        "How much of metrics of one attitude, alone and summed, is more than the noise of answering?",
        "Kelley & Pornprasertmanit (2016), doi:10.1037/a0040086",
        lambda call, data, **keys: call(data, metrics={**_BOTH, "nps_before": NPS}, **keys),
    ),
    Method(
        "journey_increment",
        "Does a journey rating tell more than its touchpoints, or only repeat what they share?",
        "Fuller (1987), doi:10.1002/9780470316665",
        lambda call, data, **keys: call(
            data,
            outcome=_STAYED,
            journey={"csat": CSAT5},
            touchpoints={"nps": NPS, "nps_before": NPS, "gap": Scale(-2, 2, name="gap")},
            rng=1,
            **keys,
        ),
        _DRAWN,
    ),
    Method(
        "touchpoint_importance",
        "Which touchpoints of a journey go with the outcome, do they differ, and how does each perform?",
        "Hothorn, Bretz & Westfall (2008), doi:10.1002/bimj.200810425",
        lambda call, data, **keys: call(data, outcome=_STARS, touchpoints={"nps": NPS, "nps_before": NPS}, **keys),
    ),
    Method(
        "compounding",
        "How many journeys meet at least one poor touchpoint, and do poor ones come together?",
        "Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x",
        lambda call, data, **keys: call(data, touchpoints=_BOTH, poor={"nps": 6, "csat": 2}, **keys),
    ),
    Method(
        "journey_score",
        "Which score made of its touchpoints tells most of a journey: mean, worst, last, peak-end, or weights?",
        "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035",
        lambda call, data, **keys: call(data, outcome=_STAYED, touchpoints=_BOTH, rng=1, **keys),
        _DRAWN,
    ),
    Method(
        "difference_in_differences",
        "How much more did an outcome change where journeys were improved than where they were not?",
        "Bertrand, Duflo & Mullainathan (2004), doi:10.1162/003355304772839588",
        lambda call, data, **keys: call(data, outcome=_STARS, period="gap", treated="stayed", start=1, **keys),
    ),
)
