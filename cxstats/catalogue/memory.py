"""What is remembered of an experience."""

from cxstats.method import Method, Properties

_MOMENTS = Properties(cells=False, cluster=True, weight=False, moments=True)
_VISIT = {
    "sequence": "visit",
    "order": "minute",
    "value": "mood",
    "overall": "memory",
    "neutral": 5,
    "person": "guest",
}

MEMORY: tuple[Method, ...] = (
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
