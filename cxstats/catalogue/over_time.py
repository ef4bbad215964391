"""Whether a wow fades, raises what is expected, and leaves a gap when it is taken away."""

from cxstats.method import Method, Properties
from cxstats.roles import Continuous

_PANEL = Properties(cells=False, weight=False, panel=True)
_VISITS = {"customer": "customer", "order": "visit", "perk": "perk"}

OVER_TIME: tuple[Method, ...] = (
    Method(
        "wow_fading",
        "Does the same wow do less each time a customer gets it?",
        "Arellano (1987), doi:10.1111/j.1468-0084.1987.mp49004006.x",
        lambda call, data, **keys: call(data, **_VISITS, outcome=Continuous("rating"), **keys),
        _PANEL,
    ),
    Method(
        "expectation_ratchet",
        "Does a wow today raise what is expected tomorrow?",
        "Arellano & Bover (1995), doi:10.1016/0304-4076(94)01642-D",
        lambda call, data, **keys: call(
            data, **_VISITS, expectation=Continuous("expectation"), outcome=Continuous("rating"), **keys
        ),
        _PANEL,
    ),
    Method(
        "wow_withdrawal",
        "Do customers rate lower once a perk is taken away than if they had never had it?",
        "Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007",
        lambda call, data, **keys: call(data, **_VISITS, outcome=Continuous("rating"), period="month", **keys),
        _PANEL,
    ),
)
