"""What verdicts, flags and magnitudes mean, in words that need no statistics."""

from dataclasses import dataclass

from cxstats.claims.finding import Kind, Magnitude, Status, Verdict


@dataclass(frozen=True)
class VerdictWords:
    """A verdict as the report speaks of it."""

    word: str
    short: str  # what it says of the claim, after "Claims that ..."
    counted: str  # after a number: "2 held"
    meaning: str


VERDICTS: dict[Verdict, VerdictWords] = {
    "supported": VerdictWords(
        "Supported",
        "held on these data",
        "held",
        "The data show what the claim says, by more than the smallest effect that counts. For a claim that "
        "something makes no difference: the data show that any difference is too small to count.",
    ),
    "not-supported": VerdictWords(
        "Not supported",
        "did not hold on these data",
        "did not hold",
        "The data rule out what the claim says: the effect is smaller than the smallest effect that counts, or "
        "points the other way. For a claim that something makes no difference: it does make one.",
    ),
    "direction-only": VerdictWords(
        "Direction only",
        "point the right way, but may be too small to count",
        "held in direction only",
        "The effect points the way the claim says, but the data do not show that it is large enough to count.",
    ),
    "inconclusive": VerdictWords(
        "Inconclusive",
        "cannot be told from these data",
        "cannot be told",
        "The data fit the claim and its opposite. This says nothing against the claim: more rows, or better "
        "measures, would be needed to tell.",
    ),
    "not-testable": VerdictWords(
        "Not testable",
        "could not be put to the test",
        "could not be tested",
        "Something that the test needs is missing: a column, enough customers, or the right order in time. "
        "The finding says which.",
    ),
}

FLAGS: dict[str, str] = {
    "small": "The estimate itself is smaller than the smallest effect that counts.",
    "knife-edge": "One end of the interval lies so close to the smallest effect that another random draw "
    "could change the verdict.",
    "underpowered": "There are too few customers or events to find an effect of the smallest size that counts, "
    "even if it is there.",
    "ceiling": "Many ratings are at the end of their scale, where they cannot show anything better (or worse). "
    "A bend or a flat stretch may come from the scale and not from the customers.",
    "same-sitting": "Both sides were asked in one questionnaire, where one good mood lifts all answers. "
    "So at most the direction can be told.",
    "check-noise": "The coarser score did better although nothing in the full scale explains it; this can be chance.",
    "recalled": "What customers had expected was asked only after they knew what they got, which colours the answer. "
    "The gap may say more of how content they are than of what they expected.",
    "collinear": "What is compared goes together so closely that these data cannot tell the two apart.",
    "plateau": "From one tier on no higher tier gains as much as the smallest effect that counts.",
    "aggregation": "The gain may come only from putting several answers into one score, which makes any score "
    "more reliable.",
    "leakage": "A score may contain the outcome already, or may have been written down after it.",
    "trivial": "There is an effect in the direction of the claim, but it is too small to count.",
    "opposite": "The effect points against the claim.",
    "harmful": "The effect is below zero: it does not only add nothing, it goes with worse outcomes.",
    "nonzero-trivial": "There is a difference, but it is too small to count.",
    "not-after-Holm": "Tested alone, this claim would have had a clearer verdict. Several claims were tested "
    "together, and the correction for that took it away.",
    "both-uninformative": "None of the compared scores clearly predicts the outcome better than the toss of a coin. "
    "That they are equal then says little.",
    "no-baseline": "Past behaviour was not taken into account. Loyal customers give better scores and also come "
    "back more often, so part of the effect may be theirs.",
    "timing": "It is not certain that the score was measured before the outcome.",
    "regression-to-mean": "A contact, or a perk, came after scores that were better or worse than usual. Such scores "
    "go back by themselves, so part of what followed may not come from it.",
    "regression-to-mean-untested": "Whether perks followed ratings better or worse than usual, which go back by "
    "themselves, could not be tested.",
    "no-control": "There are no customers without a contact, whose scores would show how many fall by themselves.",
    "reported-only": "The effect is seen in the effort that customers reported, but not in the effort that was "
    "recorded. A bad mood can raise what is reported.",
    "pre-trend": "Treated and untreated, or customers with and without a perk, had moved apart before it began.",
    "pre-trend-untested": "Whether treated and untreated, or customers with and without a perk, had moved alike before "
    "it began could not be tested.",
    "selection": "Who got a perk had expected more, or less, than others before it already.",
    "selection-untested": "Whether who got a perk had expected more, or less, than others before it could not be "
    "tested.",
    "one-estimate": "Only one of two estimates could be made. A doubt that the other one answers stays, so at most the "
    "direction can be told.",
    "estimates-disagree": "Two estimates of the same thing differ by more than chance, so one of them is off. That the "
    "weaker one shows too little then says nothing against the claim.",
    "no-never-exposed": "Hardly any customer never got a perk, so what goes on without one rests on those who did.",
    "unmatched": "Some ratings after the last perk have nothing to be compared with: none of that customer before the "
    "first perk, or of nobody without a perk at that time.",
    "no-panel": "Firms are compared with each other, not with themselves over time. They may differ in more than "
    "satisfaction, so at most the direction can be told.",
    "unequal-lags": "The scores were not asked equally long before the outcome. A later score knows more, so the "
    "comparison is not like for like.",
    "straight-lining": "Some customers gave the same answer to every question, also to one that is worded the other "
    "way round. They may not have read the questions.",
    "reverse-coded": "A question goes against the others. Its scale may point the other way than was declared.",
}

MAGNITUDES: dict[Magnitude, str] = {
    "as-published": "The size agrees with the published figure.",
    "smaller": "The size is smaller than the published figure.",
    "larger": "The size is larger than the published figure.",
    "cannot-tell": "Whether the size agrees with the published figure cannot be told.",
    "none": "",
}

STATUS: dict[Status, str] = {
    "confirmatory": "Confirmatory: the plan that was locked before the outcomes were read holds this test as it "
    "was done.",
    "exploratory": "Exploratory: the locked plan does not hold this test, or holds another than was done.",
    "": "",
}

KINDS: dict[Kind, str] = {
    "superiority": "A claim of more: it holds where the effect is shown to be larger than the smallest effect "
    "that counts.",
    "non-superiority": "A claim of no gain: it holds where the effect is shown to be less than the smallest effect "
    "that counts.",
    "equivalence": "A claim of no difference: it holds where the difference, either way, is shown to be less than "
    "the smallest effect that counts.",
    "figure": "A claim of a number: it holds where the effect is shown to lie in a band around that number.",
    "conjunction": "A claim of several parts: it holds only where every part does.",
}

EVIDENCE: dict[str, tuple[str, str]] = {
    "real": ("Real data", "These are records of real customers."),
    "simulated": (
        "Simulated data",
        (
            "A program made these data up, so that the right answers are known. They show that the tests work; "
            "they say nothing about any customer."
        ),
    ),
    "published": ("Published figures", "These figures were taken from a publication, not from rows of data."),
}

ASSOCIATION = (
    "Everything here is association, not cause: that two things go together does not show that changing one "
    "would change the other."
)

TERMS: tuple[tuple[str, str], ...] = (
    (
        "Estimate",
        "The size of the effect in these data. Another sample of customers would give a somewhat different number.",
    ),
    (
        "95% interval",
        (
            "The range of sizes that these data agree with. A wide interval means that the data say little. "
            "It looks at one claim alone; the verdict also allows for the claims tested together with it, so that "
            "a false verdict among all of them stays rare."
        ),
    ),
    (
        "Smallest effect that counts",
        "Fixed before the data are looked at. An effect below it may be there, but would change no decision.",
    ),
    (
        "AUC",
        (
            "How well a score predicts: the probability that of two customers, the one with the better score has the "
            "better outcome. One half is the toss of a coin, 1 is perfect."
        ),
    ),
    (
        "Log-loss",
        (
            "How far predictions miss, per customer: 0 for a prediction that is certain and right. A gain in log-loss "
            "of .002 is about what an AUC of .56 instead of .55 is worth."
        ),
    ),
    (
        "Held out",
        (
            "Every customer is predicted by a model that was fitted without that customer. A model always looks best "
            "on the customers that it was fitted on."
        ),
    ),
    (
        "SD",
        (
            "Standard deviation: how far customers usually lie from the average. It makes effects on different "
            "scales comparable."
        ),
    ),
    (
        "NPS, CSAT, CES",
        (
            "Would you recommend us (0 to 10), how satisfied are you, how easy was it. The direction of each scale "
            "is given where the score is shown."
        ),
    ),
    ("Rival claims", "Two claims that cannot both hold on the same data. They are shown together."),
)
