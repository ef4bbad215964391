"""Whether delight pays and effort costs."""

from cxstats.method import Method, Properties
from cxstats.roles import Binary, Continuous, Rating
from cxstats.scales import CSAT5, EASE5, NPS, Scale

_STAYED = Binary("stayed")
_STARS = Rating("csat", CSAT5)
_DRAWN = Properties(weight=False, draws=True)

DELIGHT: tuple[Method, ...] = (
    Method(
        "expectation_levels",
        "Are customers more loyal where expectations were exceeded than where they were met?",
        "Oliver (1980), doi:10.1177/002224378001700405",
        lambda call, data, **keys: call(data, outcome=_STAYED, disconfirmation="gap", **keys),
    ),
    Method(
        "asymmetry",
        "Does falling short weigh more than exceeding expectations by as much?",
        "Anderson & Sullivan (1993), doi:10.1287/mksc.12.2.125",
        lambda call, data, **keys: call(data, outcome=_STARS, disconfirmation="gap", **keys),
    ),
    Method(
        "bend_gain",
        "Do two slopes, below and above expectation, predict new customers better than one line?",
        "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035",
        lambda call, data, **keys: call(data, outcome=_STARS, disconfirmation="gap", rng=1, **keys),
        _DRAWN,
    ),
    Method(
        "two_lines",
        "Is more better only up to a point, and worse beyond it?",
        "Simonsohn (2018), doi:10.1177/2515245918805755",
        lambda call, data, **keys: call(data, outcome=_STARS, metrics={"nps": NPS}, **keys),
    ),
    Method(
        "segmented",
        "From where on does an effect level off, or grow steeper?",
        "Muggeo (2003), doi:10.1002/sim.1545",
        lambda call, data, **keys: call(
            data, outcome=Continuous("visits"), metrics={"nps_before": NPS}, replicates=200, rng=1, **keys
        ),
        _DRAWN,
    ),
    Method(
        "loyalty_ladder",
        "Does loyalty rise with every tier of experience, or level off from one on?",
        "Bretz & Hothorn (2002), doi:10.1002/sim.1324",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, disconfirmation="gap", cuts={"meet": 0, "exceed": 1}, controls=["visits"], **keys
        ),
    ),
    Method(
        "overlap_weights",
        "Are customers of one group more loyal than those of another who were alike before?",
        "Li, Morgan & Zaslavsky (2018), doi:10.1080/01621459.2016.1260466",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, disconfirmation="gap", met=(-2, 0), controls=["visits", "segment"], **keys
        ),
    ),
    Method(
        "effort_disloyalty",
        "How much more often do customers leave who had much effort, and does the gain from less effort level off?",
        "Bieler, Brown, Williams & Brogan (2010), doi:10.1093/aje/kwp440",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, metrics={"csat": EASE5}, objective=["visits"], controls=["segment"], **keys
        ),
    ),
    Method(
        "performance_slopes",
        "Do persons react differently to the same performance, and does their expectation tell how?",
        "Stram & Lee (1994), doi:10.2307/2533455",
        lambda call, data, **keys: call(
            data, outcome=_STARS, performance={"nps": NPS}, expectation="nps_before", cluster="firm", **keys
        ),
        Properties(cluster=False, weight=False, replication="firms"),
    ),
    Method(
        "problem_recovery",
        "How many with a problem stay silent, how loyal are they once rescued, and do ratings then tell more?",
        "Bieler, Brown, Williams & Brogan (2010), doi:10.1093/aje/kwp440",
        lambda call, data, **keys: call(
            data, outcome=_STARS, problem="stayed", metrics={"nps": NPS}, controls=["gap"], **keys
        ),
    ),
    Method(
        "contact_harm",
        "How many times likelier is a contact to lower loyalty than to raise it, beyond what happens without one?",
        "Barnett, van der Pols & Dobson (2005), doi:10.1093/ije/dyh299",
        lambda call, data, **keys: call(data, before="nps_before", after="nps", scale=NPS, contact="stayed", **keys),
    ),
    Method(
        "wow_attempts",
        "How often do staff try to wow, and what goes with it: failures, cost, time, and the waiting of others?",
        "Bieler, Brown, Williams & Brogan (2010), doi:10.1093/aje/kwp440",
        lambda call, data, **keys: call(
            data, attempt="stayed", handling="csat", wait="visits", controls=["segment"], **keys
        ),
    ),
    Method(
        "response_surface",
        "Is it performance minus expectation that counts, or do both count in their own way?",
        "Edwards & Parry (1993), doi:10.5465/256822",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, expected={"nps_before": NPS}, performed={"nps": NPS}, **keys
        ),
    ),
    Method(
        "penalty_reward",
        "Does a bad attribute cost more than a good one earns, and which ones can only please?",
        "Brandt (1988), doi:10.1108/eb024732",
        lambda call, data, **keys: call(
            data,
            outcome=_STARS,
            metrics={"nps": NPS, "nps_before": NPS},
            low={"nps": 5, "nps_before": 4},
            replicates=200,
            rng=1,
            **keys,
        ),
        _DRAWN,
    ),
    Method(
        "wow_by_basics",
        "Does wow go with loyalty only where the basics are consistent, and does it make up for errors?",
        "VanderWeele & Knol (2014), doi:10.1515/em-2013-0005",
        lambda call, data, **keys: call(
            data, outcome=_STARS, wow="stayed", errors="visits", controls=["segment"], **keys
        ),
    ),
    Method(
        "consistency",
        "Do customers whose experiences vary less stay more often than others with the same mean?",
        "Mestdagh et al. (2018), doi:10.1037/met0000153",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, mean="nps", sd="visits", n="nps_before", scale=Scale(-10, 20), **keys
        ),
    ),
    Method(
        "dwell_ambiguity",
        "Is a long stay a good sign where the task succeeded, and a bad one where it failed?",
        "Simonsohn (2018), doi:10.1177/2515245918805755",
        lambda call, data, **keys: call(
            data, outcome=Rating("nps", NPS), dwell="csat", success="stayed", controls=["segment"], **keys
        ),
    ),
)
