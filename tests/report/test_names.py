"""Names and values of the data are text in every file, whatever they are, and however many there are."""

import csv
import io
import math
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cxstats.claims.data_account import Correlation
from cxstats.claims.finding import Part, PlanUsed
from cxstats.report.csv import defused, render_csv
from cxstats.report.finding_view import MOST_LINES
from cxstats.report.html import render_html
from cxstats.report.json import render_json
from cxstats.report.markdown import render_markdown
from cxstats.report.plain import plain
from cxstats.study.parts import TableAccount

NASTY = (
    "<script>alert(1)</script>", "</bdi></td></table><h1>", "&lt;b&gt;&#60;", "\"' onmouseover=alert(1) x='", "<!--",
    "]]>", "{{ 7 * 7 }}{% raw %}", "|a|b|", "`x``", "[a](javascript:alert(1))", "![a](http://a.example/x.png)",
    "<http://a.example>", "**a** __b__ ~~c~~", "# a", "1. a", "1) a", "- a", "+ a", "===", "> a", "a  \nb", "\\", "\\|",
    "&copy;", "http://a.example/?a=b", "www.a.example", "a@a.example", ":smile:", "$x^2$", "=1+1", "+1", "-1", "@A1()",
    "\t=1", "\r=1", "a,b;c\"d\"", "אבג דהו", "مستوى الرضا", "\u202eabc", "\u2067abc", "\u200fabc", "日本語",
    "🙂👩\u200d👩", "e\u0301", "\x00\x07\x1b[31m", "\ud800", "a" * 200, " ", "\u00a0",
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map("".join),
    st.text(st.sampled_from("<>&\"'`|*_[]()!#~$\\{}%=+-@:/.,;\n\r\t aא\u0645"), min_size=1, max_size=20),
    st.text(min_size=1, max_size=20),
)
VOID = {"meta", "link", "br", "img", "hr"}
APART = {"bdi", "svg", "title", "style"}  # where text can turn nothing round that stands beside it
EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def named(example: ModuleType, name: str) -> Any:
    """A small study in which every name and text of the data is this one."""
    part = Part(name=name, estimate=0.2, ci_low=0.1, ci_high=0.3)
    finding = replace(
        example.best(), outcome=name, reason=name, guards=(name,), parts=(part, part), levels=(part,),
        sensitivity=(part,), segments=(part,), segments_told=name, reversed_in=(name,), flags=("small",),
        levels_unit=name, rival=None,
    )  # fmt: skip
    score = replace(example.scores()[1], metric=name, scale=name)
    return replace(
        example.real(), title=name, source=name, licence=name, note=name, findings=(finding,), scores=(score,),
        tables=(TableAccount(table=name, read=50, used=50),), unused=(name,), notes=(name,),
        correlations=(Correlation(first=name, second=name, r=0.5, n=50),),
        plan=PlanUsed(hash="a" * 64, registered="2026", version="1", changes=(name,), notes=(name,)),
    )  # fmt: skip


class Texts(HTMLParser):
    """Every tag, every attribute name, and every text with the elements around it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.texts: list[tuple[str, tuple[str, ...]]] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((data, tuple(self._open)))


@cache
def as_usual(example: ModuleType) -> Texts:
    """The page of a study whose names are harmless."""
    return Texts(render_html([named(example, "usual")]))


@given(name=NAMES)
@EXAMPLES
def test_in_html(example: ModuleType, name: str) -> None:
    usual, page = as_usual(example), Texts(render_html([named(example, name)]))
    drawn = {"g", "path", "text", "tspan", "rect", "use", "clippath", "defs", "style", "svg"}  # a long name takes lines
    linked = {"a"} if "://" in name or "doi:10" in name else set()
    assert {t: n for t, n in page.tags.items() if t not in drawn | linked} == {
        t: n for t, n in usual.tags.items() if t not in drawn | linked
    }
    assert page.attributes <= usual.attributes | ({"rel", "href"} if linked else set())
    shown = plain(name)
    if shown and not linked:
        inside = [around for text, around in page.texts if shown in text]
        assert len(inside) >= 15
    turning = [around for text, around in page.texts if any(c in "אבגדהומ\u0645\u0631" for c in text)]
    assert all(APART & set(around) for around in turning)


def inline(text: str) -> Counter[str]:
    """What a Markdown reader finds in a text: blocks, links, emphasis, code, tags."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    found = Counter(token.type for token in tokens)
    for token in tokens:
        found.update(child.type for child in token.children or () if not child.type.startswith("text"))
    return found


@given(name=NAMES)
@EXAMPLES
def test_in_markdown(example: ModuleType, name: str) -> None:
    usual, page = inline(render_markdown([named(example, "usual")])), inline(render_markdown([named(example, name)]))
    blank = not plain(name)
    known = {"link_open", "link_close"} if "://" in name or "doi:10" in name or blank else set()
    same = {t: n for t, n in page.items() if t not in known}
    assert blank or same == {t: n for t, n in usual.items() if t not in known}
    assert not page["html_inline"] + page["html_block"] + page["image"] + page["code_inline"]


@given(name=NAMES)
@EXAMPLES
def test_in_csv(example: ModuleType, name: str) -> None:
    usual, files = render_csv([named(example, "usual")]), render_csv([named(example, name)])
    for key, text in files.items():
        text.encode("utf-8")
        table = list(csv.reader(io.StringIO(text), strict=True))
        as_usual = list(csv.reader(io.StringIO(usual[key]), strict=True))
        assert [len(line) for line in table] == [len(line) for line in as_usual]
        for line, other in zip(table, as_usual, strict=True):
            for cell, word in zip(line, other, strict=True):
                if word == "usual":
                    assert cell == defused(plain(name))


@given(name=NAMES)
@EXAMPLES
def test_in_json(example: ModuleType, name: str) -> None:
    text = render_json([named(example, name)])
    text.encode("utf-8")
    assert "NaN" not in text.replace(name, "")


@pytest.mark.parametrize("name", ["segment {}", "قطاع {} שם", "<b>{}</b>" + "x" * 150])
def test_three_hundred_segments_leave_the_page_small_and_say_what_is_left_out(name: str, example: ModuleType) -> None:
    parts = tuple(
        Part(
            name=name.format(i),
            estimate=i / 300,
            ci_low=i / 300 - 0.1,
            ci_high=math.inf if i % 7 == 0 else i / 300 + 0.1,
        )
        for i in range(300)
    )
    last = tuple(part.name for part in parts[-20:])
    study = example.simulated()
    many = replace(study.findings[0], segments=parts, levels=parts, reversed_in=last)
    page = render_html([replace(study, findings=(many, *study.findings[1:]))])
    # Forty such cards still make a report that can be sent by mail.
    more = len(page.encode("utf-8")) - len(render_html([study]).encode("utf-8"))
    assert more < 70_000
    assert page.count("260 more are left out here; the JSON and CSV files have them.") == 2
    shown = [text for text, around in Texts(page).texts if around[-2:] == ("th", "bdi") and text in last]
    assert shown == [plain(text) for text in last]  # those with the opposite verdict come first
    assert ", and 10 more." in page
    assert "And 290 more." in page  # in the description of the picture
    files = render_csv([replace(study, findings=(many,))])
    assert sum(",segment," in line for line in files["parts.csv"].splitlines()) == 300
    assert MOST_LINES == 40
