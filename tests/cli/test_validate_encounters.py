"""``cxstats validate`` on study files with encounters, trust, invitations, a change for some, and visits."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx

Run = Callable[..., Result]

HEAD = """
cxstats = 1
[study]
title = "Simulated"
evidence = "simulated"
"""
ENCOUNTERS = f"""{HEAD}rows = "guests"
[table.guests]
file = "guests.csv"
key = "customer"
[table.visits]
file = "visits.csv"
[outcome.stayed]
column = "stayed"
type = "binary"
good = 1
after = true
[encounters]
customer = "customer"
order = "visit"
perk = "perk"
rating = "stars"
expectation = "expectation"
period = "month"
scale = [1, 7]
higher_is_better = true
table = "visits"
"""
SURVEYS = f"""{HEAD}firm = "firm"
[table.answers]
file = "answers.csv"
[metric.csat]
column = "csat"
scale = "CSAT5"
[outcome.trust]
column = "trust"
type = "continuous"
good = "high"
kind = "intention"
[outcome.answered]
column = "answered"
type = "binary"
good = 1
[segments]
columns = ["wave", "sent"]
[trust]
outcome = "trust"
period = "wave"
[invitation]
survey = "sent"
answered = "answered"
csat = "csat"
randomised = true
same_length = true
"""
CHANGE = f"""{HEAD}cluster = "site"
[table.sales]
file = "sales.csv"
[outcome.sales]
column = "sales"
type = "continuous"
good = "high"
[segments]
columns = ["month", "treated"]
[change]
what = "WHAT"
period = "month"
treated = "treated"
start = 4
"""
VISITS = f"""{HEAD}
[table.visits]
file = "visits.csv"
[outcome.stars]
column = "stars"
type = "rating"
scale = "CSAT5"
[outcome.back]
column = "back"
type = "binary"
good = 1
after = true
[service]
attempt = "wow"
errors = "errors"
dwell = "seconds"
success = "found"
"""


def verdicts(run: Run, folder: Path, text: str) -> dict[tuple[str, str | None], str]:
    """What the command says of each claim, after it went well."""
    (folder / "study.toml").write_text(text, encoding="utf-8")
    result = run("validate", "study.toml", "--seed", "1", "--json", "out.json", "--html", "out.html")
    assert (result.exit_code, result.stderr) == (0, "")
    claims = json.loads((folder / "out.json").read_text(encoding="utf-8"))["claims"]
    html = (folder / "out.html").read_text(encoding="utf-8")
    assert all(claim["claim"] in html for claim in claims if claim["verdict"] != "not-testable")
    return {(claim["claim"], claim["outcome"]): claim["verdict"] for claim in claims}


def test_encounters_of_a_file(run: Run, folder: Path) -> None:
    visits = cx.simulate.encounters(600, rng=1, fade=0.4, ratchet=0.6)
    visits["stars"] = np.clip(np.round(3 + visits.rating), 1, 7)
    visits.to_csv(folder / "visits.csv", index=False)
    guests = pd.DataFrame({"customer": visits.customer.unique()})
    guests.assign(stayed=np.random.default_rng(2).integers(0, 2, len(guests))).to_csv(
        folder / "guests.csv", index=False
    )
    found = verdicts(run, folder, ENCOUNTERS)
    assert found["wow-fades", None] == found["expectation-ratchet", None] == "supported"
    assert found["wow-withdrawal-backfires", None] != "not-testable"
    assert ("consistency-wins", "stayed") in found


def test_trust_and_invitations_of_a_file(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(3)
    firm, wave = (np.repeat(a.ravel(), 20) for a in np.meshgrid(np.arange(40), np.arange(4), indexing="ij"))
    sent = np.where(rng.random(len(firm)) < 0.5, "csat", "nps")
    level = rng.normal(3.5, 0.5, (40, 4))[firm, wave]
    frame = pd.DataFrame(
        {
            "firm": firm, "wave": wave, "sent": sent,
            "answered": (rng.random(len(firm)) < np.where(sent == "csat", 0.4, 0.2)).astype(int),
            "csat": np.clip(np.round(level + rng.normal(0, 0.5, len(firm))), 1, 5), "trust": level**1.2,
        }
    )  # fmt: skip
    frame.to_csv(folder / "answers.csv", index=False)
    found = verdicts(run, folder, SURVEYS)
    assert found["satisfaction-trust-elasticity", None] == found["csat-response-rate", None] == "supported"
    assert {outcome for _, outcome in found} == {None, "trust"}


@pytest.mark.parametrize(
    ("what", "claim", "gain"), [("training", "training-lift", 8), ("free upgrade", "wow-cannibalises", -8)]
)
def test_changes_of_a_file(run: Run, folder: Path, what: str, claim: str, gain: float) -> None:
    rng = np.random.default_rng(4)
    site, month = (np.repeat(a.ravel(), 5) for a in np.meshgrid(np.arange(40), np.arange(8), indexing="ij"))
    treated = (site < 20).astype(int)
    sales = 50 + gain * treated * (month >= 4) + rng.normal(0, 5, len(site))
    pd.DataFrame({"site": site, "month": month, "treated": treated, "sales": sales}).to_csv(
        folder / "sales.csv", index=False
    )
    assert verdicts(run, folder, CHANGE.replace("WHAT", what))[claim, "sales"] == "supported"


def test_errors_and_dwell_time_of_a_file(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(5)
    found, long, wow, errors = rng.integers(0, 2, 6000), rng.normal(size=6000), *rng.integers(0, 2, (2, 6000))
    stars = np.clip(np.round(3 + np.where(found, 0.6, -0.6) * long + rng.normal(0, 0.8, 6000)), 1, 5)
    back = (rng.random(6000) < 0.3 + 0.3 * wow * (1 - errors)).astype(int)
    columns = {"found": found, "seconds": np.exp(long), "wow": wow, "errors": errors, "stars": stars, "back": back}
    pd.DataFrame(columns).to_csv(folder / "visits.csv", index=False)
    told = verdicts(run, folder, VISITS)
    assert told["dwell-ambiguous", "stars"] == "supported"
    assert told["wow-needs-basics", "back"] == "supported"
    assert told["dwell-ambiguous", "back"] == "not-testable"
