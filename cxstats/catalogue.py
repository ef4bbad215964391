"""METHODS: every method with the question that it answers; nothing is loaded before it is called.

A new method is one more entry here. The list on the command line, the table in the README and
`tests/test_contract.py` follow from it.
"""

from cxstats.method import Method, Properties, named
from cxstats.roles import Binary, Continuous, Count, Rating
from cxstats.scales import CSAT5, EASE5, NPS, Scale

_STAYED = Binary("stayed")
_STARS = Rating("csat", CSAT5)
_BOTH = {"nps": NPS, "csat": CSAT5}
_DELONG = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"
_DRAWN = Properties(weight=False, draws=True)
_MOMENTS = Properties(cells=False, cluster=True, weight=False, moments=True)
_VISIT = {
    "sequence": "visit",
    "order": "minute",
    "value": "mood",
    "overall": "memory",
    "neutral": 5,
    "person": "guest",
}
_ROCKS = "Rocks (2016), The American Statistician 70(4), 365-372, arXiv:1601.07235"

METHODS: tuple[Method, ...] = (
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
    Method(
        "auc",
        "How well does each metric tell customers who stay from those who leave?",
        _DELONG,
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, **keys),
    ),
    Method(
        "delong",
        "Which of several metrics predicts better, on the same customers?",
        _DELONG,
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, **keys),
    ),
    Method(
        "dependent_correlations",
        "Which of several metrics goes more closely with spend, or with another outcome that has a size?",
        "Steiger (1980), doi:10.1037/0033-2909.87.2.245",
        lambda call, data, **keys: call(data, outcome=Continuous("gap"), metrics=_BOTH, **keys),
    ),
    Method(
        "dominance",
        "How much does each of several metrics contribute to what they explain together?",
        "Azen & Budescu (2003), doi:10.1037/1082-989X.8.2.129",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, **keys),
    ),
    Method(
        "relative_weights",
        "How do overlapping metrics share what they explain of a rating, by Johnson's weights?",
        "Johnson (2000), doi:10.1207/S15327906MBR3501_1",
        lambda call, data, **keys: call(data, outcome=_STARS, metrics={"nps": NPS, "nps_before": NPS}, **keys),
    ),
    Method(
        "league_table",
        "Is one metric the best, or can the data not separate them?",
        _DELONG,
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, replicates=200, rng=1, **keys),
        Properties(draws=True),
    ),
    Method(
        "concordance",
        "How often does the better score go with the higher spend, or another outcome that has a size?",
        "Newson (2006), doi:10.1177/1536867X0600600302",
        lambda call, data, **keys: call(data, outcome=Continuous("gap"), metrics=_BOTH, **keys),
    ),
    Method(
        "two_part",
        "Does a score tell who buys at all, how much the buyers spend, or both?",
        "Duan, Manning, Morris & Newhouse (1983), doi:10.1080/07350015.1983.10509330",
        lambda call, data, **keys: call(data, outcome=Count("visits"), metrics=_BOTH, **keys),
    ),
    Method(
        "held_out",
        "How well do metrics predict customers that the model has not seen?",
        "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, rng=1, **keys),
        _DRAWN,
    ),
    Method(
        "codings",
        "What do top boxes, classes and nets lose or win, apart from the metric itself?",
        "Cohen (1983), doi:10.1177/014662168300700301",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics={"csat": CSAT5}, rng=1, **keys),
        _DRAWN,
    ),
    Method(
        "added_value",
        "What does a metric add to past behaviour, and to the other metrics?",
        "Demler, Pencina & D'Agostino (2012), doi:10.1002/sim.5328",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, controls=["gap"], rng=1, **keys),
        _DRAWN,
    ),
    Method(
        "combination",
        "Do several metrics together predict better than the best one, and which are enough?",
        "Nadeau & Bengio (2003), doi:10.1023/A:1024068626366",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, rng=1, **keys),
        _DRAWN,
    ),
    Method(
        "by_segment",
        "Which metric predicts better for whom, and is another one the best elsewhere?",
        "Knapp & Hartung (2003), doi:10.1002/sim.1482",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, segment="segment", **keys),
        Properties(replication="between"),
    ),
    Method(
        "invariance",
        "Do scores mean the same in every segment or language, so that they can be compared?",
        "Satorra & Bentler (2001), doi:10.1007/BF02296192",
        lambda call, data, **keys: call(
            data, metrics={"nps": NPS, "nps_before": NPS, "csat": CSAT5}, segment="segment", **keys
        ),
    ),
    Method(
        "leakage",
        "Does a score or a control know the outcome too well: asked after it, or computed from it?",
        "Kaufman, Rosset, Perlich & Stitelman (2012), doi:10.1145/2382577.2382579",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, controls=["segment"], **keys),
    ),
    Method(
        "answer_quality",
        "Did people read the questions, and does every scale point the way that was declared?",
        "Curran (2016), doi:10.1016/j.jesp.2015.07.006",
        lambda call, data, **keys: call(data, metrics=_BOTH, **keys),
    ),
    Method(
        "fair_fight",
        "Does a metric still predict better when every scale is cut to the same number of levels?",
        _DELONG,
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, **keys),
    ),
    Method(
        "within_between",
        "Does a point of the firm's average tell more than a point of one customer's score?",
        "Lüdtke et al. (2008), doi:10.1037/a0012869",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics={"nps": NPS}, cluster="firm", **keys),
        Properties(cluster=False, weight=False, replication="firms"),
    ),
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
    Method(
        "extreme_groups",
        "How far apart are the best-scoring and the worst-scoring customers?",
        "Altman & Royston (2006), doi:10.1136/bmj.332.7549.1080",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, **keys),
    ),
    Method(
        "logistic",
        "How do the odds of a good outcome go with a metric, others held fixed?",
        "Albert & Anderson (1984), doi:10.1093/biomet/71.1.1",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, controls=["gap"], **keys),
        Properties(replication="exact"),
    ),
    Method(
        "ordered_probit",
        "How does a rating go with what lies behind it, its ceiling allowed for?",
        "McKelvey & Zavoina (1975), doi:10.1080/0022250X.1975.9989847",
        lambda call, data, **keys: call(data, outcome=_STARS, metrics={"nps": NPS}, disconfirmation="gap", **keys),
        Properties(replication="exact"),
    ),
    Method(
        "intention_behaviour",
        "Does a score say more about what customers intend than about what they do, and do both curves bend alike?",
        "Mittal & Kamakura (2001), doi:10.1509/jmkr.38.1.131.18832",
        lambda call, data, **keys: call(
            data, outcome=_STAYED, metrics={**_BOTH, "nps_before": NPS}, intention="nps_before", **keys
        ),
    ),
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
        "equivalence",
        "Is a difference too small to matter?",
        "Schuirmann (1987), doi:10.1007/BF01068419",
        lambda call, data, **keys: call(
            named("mean_score")(data, metric="csat", scale=CSAT5, by="segment", **keys), low=-1.0, high=5.0
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
        "memory_contest",
        "Does peak and end predict how an experience is remembered better than the mean of its moments?",
        "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035",
        lambda call, data, **keys: call(data, **_VISIT, rng=1, **keys),
        _MOMENTS,
    ),
    Method(
        "moment_weights",
        "Which shares of what is remembered are the mean, the peak and the end?",
        "Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x",
        lambda call, data, **keys: call(data, **_VISIT, rng=1, **keys),
        _MOMENTS,
    ),
    Method(
        "moment_kernel",
        "Do intense moments, or late ones, weigh more in memory than others?",
        "Golub & Pereyra (1973), doi:10.1137/0710036",
        lambda call, data, **keys: call(data, **_VISIT, **keys),
        _MOMENTS,
    ),
    Method(
        "memory_effects",
        "What counts in memory beyond peak and end: the mean, the duration, the start, bad moments, the trend?",
        "Mundlak (1978), doi:10.2307/1913646",
        lambda call, data, **keys: call(data, **_VISIT, **keys),
        _MOMENTS,
    ),
    Method(
        "milder_end",
        "Was an experience with a changed end remembered better than one without?",
        "Redelmeier, Katz & Kahneman (2003), doi:10.1016/S0304-3959(03)00003-4",
        lambda call, data, **keys: call(data, **_VISIT, treated="treated", **keys),
        _MOMENTS,
    ),
)
