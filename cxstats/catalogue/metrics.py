"""Which metric predicts."""

from cxstats.method import Method, Properties, named
from cxstats.roles import Binary, Continuous, Count, Rating, Survival
from cxstats.scales import CSAT5, CSAT7, NPS

_STAYED = Binary("stayed")
_STARS = Rating("csat", CSAT5)
_BOTH = {"nps": NPS, "csat": CSAT5}
_DELONG = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"
_DRAWN = Properties(weight=False, draws=True)

METRICS: tuple[Method, ...] = (
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
        "power",
        "How many customers does it take to tell metrics apart, or to show that they predict alike?",
        "Phillips (1990), doi:10.1007/BF01063556",
        lambda call, data, **keys: call(data, outcome=_STAYED, metrics=_BOTH, **keys),
    ),
    Method(
        "concordance",
        "How often does the better score go with the higher spend, the later cancellation, or more of anything?",
        "Newson (2006), doi:10.1177/1536867X0600600302",
        lambda call, data, **keys: call(data, outcome=Continuous("gap"), metrics=_BOTH, **keys),
    ),
    Method(
        "cox",
        "How much sooner, or later, does an event such as a cancellation come with a better score?",
        "Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x",
        lambda call, data, **keys: call(
            data, outcome=Survival("trust", "stayed", good=1), metrics=_BOTH, controls=["gap"], **keys
        ),
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
        "equivalence",
        "Is a difference too small to matter?",
        "Schuirmann (1987), doi:10.1007/BF01068419",
        lambda call, data, **keys: call(
            named("mean_score")(data, metric="csat", scale=CSAT5, by="segment", **keys), low=-1.0, high=5.0
        ),
    ),
    Method(
        "elasticity",
        "By how many percent is trust higher where satisfaction is one percent higher?",
        "Cameron & Miller (2015), doi:10.3368/jhr.50.2.317",
        lambda call, data, **keys: call(data, outcome=_STARS, metrics={"trust": CSAT7}, period="segment", **keys),
    ),
    Method(
        "response_rate",
        "Which survey is answered more often, and by how much?",
        "Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
        lambda call, data, **keys: call(data, answered=_STAYED, survey="segment", **keys),
    ),
    Method(
        "necessary_condition",
        "Is there a level of satisfaction without which a high outcome does not occur?",
        "Dul (2016), doi:10.1177/1094428115584005",
        lambda call, data, **keys: call(data, outcome=_STARS, metrics={"nps": NPS}, replicates=200, rng=1, **keys),
        Properties(cluster=False, weight=False, draws=True),
    ),
)
