"""The HTML report: text stays text, numbers are the finding's, and nothing is fetched."""

import math
import os
import re
import subprocess
import sys
from dataclasses import fields, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from cxstats.claims.finding import Finding, Part
from cxstats.errors import StudyError
from cxstats.report.html import render_html
from cxstats.report.words import FLAGS, VERDICTS

STUDIES = ("real", "untestable", "simulated", "looked", "hostile")
NUMBER = re.compile(r"−?\d[\d,]*(?:\.\d+)?")
INLINE = {"a", "bdi", "code", "span", "strong", "cite", "svg", "use"}
VOID = {"meta", "link", "br", "img", "hr"}


class Page(HTMLParser):
    """The elements of a page in order, and the text below each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag
        if tag not in INLINE:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for i in self._open:
            self.texts[i] += data

    def all(self, tag: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and text of every element of that name."""
        return [(a, t) for (name, a), t in zip(self.elements, self.texts, strict=True) if name == tag]


@pytest.fixture(scope="module")
def pages(example: ModuleType) -> dict[str, str]:
    return {name: render_html([getattr(example, name)()]) for name in STUDIES}


@pytest.fixture(scope="module")
def all_studies(example: ModuleType) -> str:
    return render_html([getattr(example, name)() for name in STUDIES], command="cxstats validate <a&b>.toml")


def test_text_of_the_data_never_becomes_markup(pages: dict[str, str], example: ModuleType) -> None:
    page = Page(pages["hostile"])
    known = {tag for name in ("real", "simulated", "looked") for tag, _ in Page(pages[name]).elements}
    assert {tag for tag, _ in page.elements} <= known
    assert "script" not in known
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    whole = page.all("html")[0][1]
    for text in (example.HOSTILE, "</bdi></p></article>", "{{ 7 * 7 }} {% raw %}", "javascript:alert(1)", "<b>new</b>"):
        assert text in whole
    assert "49" not in re.findall(r"\{\{.*?raw", whole)[0]


def test_characters_that_turn_or_steer_the_page_are_shown_as_marks(pages: dict[str, str]) -> None:
    assert "\u202e" not in pages["hostile"]
    assert "\x07" not in pages["hostile"]
    assert "\ufffdevil\ufffd $x^2$ مرحبا שלום 日本 🙂" in pages["hostile"]


def test_only_web_addresses_and_dois_become_links(pages: dict[str, str]) -> None:
    outside = [a["href"] for a, _ in Page(pages["hostile"]).all("a") if not a["href"].startswith("#")]
    assert outside == ["https://example.org/"]
    outside = {a["href"] for a, _ in Page(pages["real"]).all("a") if not a["href"].startswith("#")}
    assert outside == {
        "https://example.org/deliveries",
        "https://example.org/a?b=1&c=2",
        "https://doi.org/10.1016/j.ijresmar.2015.02.004",
    }


def test_nothing_is_fetched_or_run(all_studies: str) -> None:
    page = Page(all_studies)
    loading = {"src", "srcset", "data", "poster", "action", "background", "xlink:href"}
    assert not [name for _, attributes in page.elements for name in attributes if name in loading]
    assert [a for a, _ in page.all("link")] == [{"rel": "icon", "href": "data:,"}]
    style = page.all("style")[0][1]
    assert "url(" not in style
    assert "@import" not in style
    assert {a["href"][0] for a, _ in page.all("use")} == {"#"}
    policy = next(a for a, _ in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; ")


def test_names_in_the_page_are_unique_and_every_link_inside_leads_somewhere(all_studies: str) -> None:
    page = Page(all_studies)
    names = [a["id"] for _, a in page.elements if "id" in a]
    assert len(names) == len(set(names))
    wanted = {a["href"][1:] for tag, a in page.elements if tag in ("a", "use") and a["href"].startswith("#")}
    wanted |= {name for _, a in page.elements for name in a.get("aria-labelledby", "").split()}
    wanted |= set(re.findall(r'url\(#([^)"]*)\)', all_studies))
    assert wanted <= set(names)


def test_a_screen_reader_finds_headings_in_order_landmarks_and_table_headers(all_studies: str) -> None:
    page = Page(all_studies)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert max(b - a for a, b in pairwise(levels)) == 1
    assert len(page.all("main")) == 1
    assert [a for a, _ in page.all("nav")] == [{"aria-label": "Studies in this report"}]
    assert all("aria-labelledby" in a for tag in ("section", "article") for a, _ in page.all(tag))
    assert all("scope" in a for a, _ in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    for attributes, _ in page.all("svg"):
        assert attributes.get("aria-hidden") == "true" or (attributes["role"] == "img" and attributes["aria-label"])
    assert page.all("html")[0][0] == {"lang": "en"}
    assert page.elements[[tag for tag, _ in page.elements].index("a")][1] == {"class": "skip", "href": "#main"}


def test_the_same_input_gives_the_same_bytes_in_another_process(example: ModuleType, all_studies: str) -> None:
    program = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('example', sys.argv[1])\n"
        "example = importlib.util.module_from_spec(spec); spec.loader.exec_module(example)\n"
        "from cxstats.report.html import render_html\n"
        f"studies = [getattr(example, name)() for name in {STUDIES!r}]\n"
        "sys.stdout.buffer.write(render_html(studies, command='cxstats validate <a&b>.toml').encode())\n"
    )
    root = str(Path(__file__).parents[2])
    again = subprocess.run(
        [sys.executable, "-c", program, example.__file__],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "123", "TZ": "Asia/Jakarta", "PYTHONPATH": root},
    )
    assert again.stdout == all_studies.encode()


def numbers_of(finding: Finding) -> list[float]:
    """Every number that a finding holds."""
    parts = [*finding.parts, *finding.levels, *finding.sensitivity, *finding.segments, finding]
    values = [x for part in parts for x in (part.estimate, part.ci_low, part.ci_high)]
    values += [*(finding.band or ()), finding.flips_at, finding.n, finding.n_missing]
    return [*values, finding.smallest_effect, -finding.smallest_effect]


def words_of(finding: Finding) -> str:
    """Every text that a finding holds."""
    texts = [getattr(finding, field.name) for field in fields(finding)]
    names = [part.name for part in (*finding.parts, *finding.levels, *finding.sensitivity, *finding.segments)]
    return " ".join([*(t for t in texts if isinstance(t, str)), *names, *finding.guards, *finding.flags])


@pytest.mark.parametrize("name", ["real", "simulated", "looked"])
def test_every_number_of_a_card_is_the_findings(name: str, pages: dict[str, str], example: ModuleType) -> None:
    study = getattr(example, name)()
    sentences = {f.claim: f.sentence for f in study.findings}
    cards = re.findall(r"<article.*?</article>", pages[name], re.DOTALL)
    looked_at = [f for f in study.findings if f.declared]
    assert len(cards) == len(looked_at) > 0
    findings = sorted(looked_at, key=lambda finding: list(VERDICTS).index(finding.verdict))
    for finding, card in zip(findings, cards, strict=True):
        described = " ".join(a.get("aria-label", "") for a, _ in Page(card).all("svg"))
        text = Page(re.sub(r"<svg.*?</svg>", "", card, flags=re.DOTALL)).all("article")[0][1] + described
        given = words_of(finding) + sentences.get(finding.rival or "", "") + " 95% interval"
        for flag in finding.flags:
            given += FLAGS[flag]
        allowed = set(NUMBER.findall(given))
        printed = set(NUMBER.findall(text)) - allowed
        assert printed or math.isnan(finding.estimate)
        for number in printed:
            digits = len(number.partition(".")[2])
            value = float(number.replace("−", "-").replace(",", ""))
            assert any(abs(round(x, digits) - value) < 1e-12 for x in numbers_of(finding) if math.isfinite(x)), number


def test_a_card_says_estimate_interval_and_published_figure(pages: dict[str, str]) -> None:
    text = " ".join(Page(pages["real"]).all("article")[0][1].split())
    assert "Estimate 0.342 SD of outcome per SD of gap 95% interval 0.301 to 0.382." in text
    assert "The whole interval lies above 0.1, the smallest effect that counts." in text
    assert "Published Slopes differ by a factor of 1.3 to 2.3. The size is larger than the published figure." in text
    assert "14,448 rows used." in text
    assert "ceiling Many ratings are at the end of their scale" in text
    assert "gap not clipped 0.081 0.052 to 0.110" in text


def test_a_claim_that_waits_for_data_is_a_line_and_no_card(pages: dict[str, str], example: ModuleType) -> None:
    assert Page(pages["untestable"]).all("article") == []
    assert "None of the 5 claims could be tested, because the study declares no data for them." in pages["untestable"]
    lines = [" ".join(text.split()) for _, text in Page(pages["untestable"]).all("tr")]
    for finding in example.untestable().findings:
        told = f"{finding.sentence} {finding.claim} {finding.reason} Published: {finding.published}"
        assert told in lines
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+|[a-z]+nan", "", pages["untestable"].lower())


def test_descriptions_of_pictures_tell_estimate_and_interval(pages: dict[str, str]) -> None:
    described = [a["aria-label"] for a, _ in Page(pages["simulated"]).all("svg") if "aria-label" in a]
    assert all(text.startswith("Simulated data. ") for text in described)
    assert described[0] == (
        "Simulated data. difference in AUC. csat − nps: 0.031, 95% interval 0.019 to 0.043. csat − ease: 0.052, "
        "95% interval 0.039 to 0.066. For comparison: top-two share, not the full scale: 0.010, 95% interval "
        "−0.002 to 0.023. first purchase only: 0.029, 95% interval −0.093 to 0.151. "
        "Too small to count: from −0.01 to 0.01."
    )
    assert described[-1] == (
        "Simulated data. How often each value of csat was given: 1: 180 (4%); 2: 322 (6%); 3: 904 (18%); "
        "4: 2,011 (40%); 5: 1,583 (32%). share of 4 and 5 0.719, 95% interval 0.706 to 0.731."
    )


def test_simulated_data_are_called_so_wherever_they_appear(pages: dict[str, str]) -> None:
    page = Page(pages["simulated"])
    for _, card in page.all("article"):
        assert "Simulated data" in card
    assert "(simulated data)" in page.all("caption")[0][1]
    assert page.all("html")[0][1].count("they say nothing about any customer") == 1
    assert "imulated" not in page.all("article")[0][1].replace("Simulated data", "")
    assert "Simulated data" not in pages["real"]


def test_the_rows_add_up(pages: dict[str, str]) -> None:
    lists = Page(pages["untestable"]).all("ul")
    account = next(text for attributes, text in lists if attributes["class"] == "accounts")
    read, *fates = [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", account)]
    assert (read, fates) == (5100, [5000, 60, 30, 10])
    assert read == sum(fates)


def test_notes_on_the_data_and_a_missing_seed_are_told(pages: dict[str, str]) -> None:
    assert "<li><bdi>The gap was clipped to -11 to 20 days: 312 rows.</bdi></li>" in pages["real"]
    assert "<code>none: nothing was drawn</code>" in pages["hostile"]


def test_what_held_comes_first_and_what_could_not_be_tested_last(example: ModuleType) -> None:
    study = example.simulated()
    refused = replace(example.untestable().findings[0], outcome="churn", declared=True)
    mixed = replace(study, findings=(refused, *study.findings[::-1]))
    words = re.findall(r"</svg>([\w ]+)</span></td>", render_html([mixed]))
    assert words == ["Supported", "Not supported", "Direction only", "Inconclusive", "Inconclusive", "Not testable"]


def test_outcomes_are_counted_apart_and_the_page_says_so(example: ModuleType) -> None:
    study = example.simulated()
    twice = replace(study, findings=(study.findings[0], replace(study.findings[0], outcome="spends more")))
    assert "Of 2 claims (each outcome counts apart), 2 held." in render_html([twice])


def test_rivals_are_shown_together(pages: dict[str, str]) -> None:
    cards = [" ".join(text.split()) for _, text in Page(pages["simulated"]).all("article")]
    first, second, third = (cards[i] for i in (0, 1, 3))
    cannot = "Its rival: the two cannot both hold"
    assert f"{cannot} Effort predicts whether customers come back" in first
    assert "Not supported" in first
    assert f"{cannot} Satisfaction predicts whether customers come back" in second
    assert cannot not in third
    assert "(not part of this study)" in pages["hostile"]


def test_small_counts_are_held_back(example: ModuleType) -> None:
    study = example.hostile()
    assert "<td>&lt;5</td><td>–</td>" in render_html([study])
    assert "<td>&lt;5</td>" not in render_html([study], min_count=3)


def test_a_score_with_very_many_values_is_not_drawn(example: ModuleType) -> None:
    score = replace(example.scores()[0], values=tuple(map(float, range(5000))), counts=(7,) * 5000, n=35000)
    html = render_html([replace(example.untestable(), scores=(score,))])
    assert "5,000 different values were given: too many to show one by one." in html
    assert len(html) < 100_000


def test_an_interval_without_ends_is_told_in_words(example: ModuleType) -> None:
    study = example.simulated()
    endless = replace(study.findings[3], ci_low=-math.inf, ci_high=math.inf)
    half = replace(study.findings[3], ci_high=math.inf)
    html = render_html([replace(study, findings=(endless, half))])
    assert "<strong>no limits</strong>. The data set no limits to the effect." in html
    assert "<strong>−0.024 or more</strong>." in html


def test_an_unknown_flag_is_shown_as_it_is(example: ModuleType) -> None:
    study = example.real()
    html = render_html([replace(study, findings=(replace(study.findings[0], flags=("brand-new",)),))])
    assert "<li><code><bdi>brand-new</bdi></code></li>" in html


def test_a_component_without_a_number_does_not_stop_the_report(example: ModuleType) -> None:
    study = example.simulated()
    empty = Part(name="no numbers", estimate=math.nan, ci_low=math.nan, ci_high=math.nan)
    html = render_html([replace(study, findings=(replace(study.findings[0], parts=(empty,), levels=(empty,)),))])
    assert "no numbers: –, 95% interval –." in html


def test_a_report_of_no_study_is_refused() -> None:
    message = "A report needs at least one study, but none was given.\nPass a list with what cx.validate returned."
    with pytest.raises(StudyError, match=re.escape(message)):
        render_html([])


def test_every_verdict_is_explained_and_cause_is_not_claimed(pages: dict[str, str]) -> None:
    text = Page(pages["real"]).all("html")[0][1]
    for words in VERDICTS.values():
        assert words.meaning in text
    assert "association, not cause" in text
    for causal in (" drives ", " causes ", " leads to "):
        assert causal not in text


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(theme: str, pages: dict[str, str]) -> None:
    style = Page(pages["real"]).all("style")[0][1]
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if theme == "light" else light + dark))
    tones = [name.removesuffix("-soft") for name in colour if name.endswith("-soft")]
    pairs = [(t, g) for t in ("ink", "muted", "link") for g in ("card", "ground")]
    pairs += [(tone, f"{tone}-soft") for tone in tones] + [("ink", "figure-band"), ("muted", "figure-band")]
    assert len(pairs) == 16
    for text, ground in pairs:
        high, low = sorted((luminance(colour[text]), luminance(colour[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (theme, text, ground)
