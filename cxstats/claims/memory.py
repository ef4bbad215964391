"""Family "memory": whether people remember the peak and the end of an experience, or all of it."""

from cxstats.claims.claim import Claim
from cxstats.claims.memory_evidence import GAIN, SLOPE, better_than_mean, effect_of
from cxstats.study.declared import DeclaredStudy

FAMILY = "memory"
_RULE = "Fredrickson & Kahneman (1993), Journal of Personality and Social Psychology 65, 45-55"
_META = "Alaybek et al. (2022), Organizational Behavior and Human Decision Processes 170, 104149"
_MOMENTS = "experiences rated moment by moment (three or more each) and as a whole afterwards"


def _missing(study: DeclaredStudy) -> str:
    if study.moments is None:
        return (
            "No moments are declared: a [moments] section with sequence, order, value, neutral and overall, for "
            "experiences that were rated moment by moment and as a whole afterwards, would make it testable."
        )
    if study.weighted:
        return (
            "A survey weight is declared, and the analyses of moments take none: the same study without weight would "
            "make it testable."
        )
    return ""


def _claim(**parts: object) -> Claim:
    """What all claims of the family have in common."""
    common = {"family": FAMILY, "missing": _missing, "timed": False, "about_outcome": False}
    return Claim(**{"unit": SLOPE, "smallest_key": "sd", **common, **parts})  # type: ignore[arg-type]


CLAIMS = (
    _claim(
        id="peak-end-vs-mean",
        kind="superiority",
        sentence="The peak and the end of an experience predict how it is remembered better than its average does.",
        source=f"{_RULE}; {_META}",
        published="peak-end correlates .581 with memory, about as the average does",
        needs=_MOMENTS,
        rule="the held-out r of peak and end exceeds that of the mean of the moments by more than .03 (superiority), "
        "within people where they are declared; not testable where both correlate .95 or more",
        unit=GAIN,
        smallest_key="r",
        methods=("memory_contest",),
        evidence=better_than_mean,
        band=(0.487, 0.661),
    ),
    _claim(
        id="peak-end-only",
        kind="equivalence",
        sentence="Only peak and end count: beyond them the average of an experience adds nothing to its memory.",
        source=_RULE,
        published="0",
        needs=_MOMENTS,
        rule="the slope of the mean beside peak and end lies within .10 SD either way (equivalence); not "
        "testable where peak and end do not predict memory at all",
        methods=("memory_effects", "memory_contest"),
        evidence=effect_of("mean", "equivalence", beside=("peak", "end")),
    ),
    _claim(
        id="duration-neglect",
        kind="equivalence",
        sentence="How long an experience lasts does not matter for how it is remembered.",
        source=f"{_RULE}; {_META}",
        published="about 0",
        needs=f"{_MOMENTS}, of different lengths",
        rule="the slope of log duration beside peak, end and mean lies within .10 SD either way (equivalence)",
        methods=("memory_effects",),
        evidence=effect_of("log duration", "equivalence"),
    ),
    _claim(
        id="end-weight",
        kind="superiority",
        sentence="The end of an experience counts more than its start.",
        source=f"{_RULE}; against it Tully & Meyvis (2016), Journal of Experimental Psychology: General",
        published="none",
        needs=_MOMENTS,
        rule="the slope of the last moment exceeds that of the first by more than .10 SD, beside each other and the "
        "middle one (superiority)",
        methods=("memory_effects", "milder_end"),
        evidence=effect_of("end - start", "superiority", beside=("end - middle",)),
    ),
    _claim(
        id="peak-valence-asymmetry",
        kind="equivalence",
        sentence="The rule holds alike for good and for bad experiences: a bad peak counts as much as a good one.",
        source=f"{_RULE}; against it Ganzach & Yaor (2019), Personality and Social Psychology Bulletin 45, 93-104",
        published="none",
        needs=f"{_MOMENTS}, with peaks on both sides of the neutral point",
        rule="the slopes of peaks below and above the neutral point, beside end and mean, differ by less than .10 SD "
        "(equivalence); not testable where peak and end do not predict memory at all",
        methods=("memory_effects", "memory_contest"),
        evidence=effect_of(
            "bad peak - good peak", "equivalence", beside=("bad end - good end", "worst - best"), bends=True
        ),
        rival="bad-peaks-weigh-more",
    ),
    _claim(
        id="bad-peaks-weigh-more",
        kind="superiority",
        sentence="The worst moment counts more than the best: a bad peak weighs more in memory than a good one.",
        source="Ganzach & Yaor (2019), Personality and Social Psychology Bulletin 45, 93-104",
        published="none",
        needs=f"{_MOMENTS}, with peaks on both sides of the neutral point",
        rule="the slope of peaks below the neutral point exceeds that of peaks above it by more than .10 SD "
        "(superiority)",
        methods=("memory_effects",),
        evidence=effect_of("bad peak - good peak", "superiority", beside=("bad end - good end",), bends=True),
        rival="peak-valence-asymmetry",
    ),
    _claim(
        id="trend-effect",
        kind="superiority",
        sentence="Experiences that improve are remembered better than their moments alone would have it.",
        source="Ariely & Carmon (2000), Journal of Behavioral Decision Making 13, 191-201",
        published="below the effect of peak and end",
        needs=f"{_MOMENTS}; four or more each",
        rule="the slope of the trend beside peak, end and mean exceeds .10 SD (superiority)",
        methods=("memory_effects",),
        evidence=effect_of("trend", "superiority"),
    ),
)
