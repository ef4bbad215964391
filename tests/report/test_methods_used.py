"""The methods of a report: those that findings name, with the references of their own documentation, each once."""

import inspect
import re
from dataclasses import replace
from types import ModuleType

import pytest

from cxstats.catalogue import METHODS
from cxstats.method import Method
from cxstats.report.html import render_html
from cxstats.report.markdown import render_markdown
from cxstats.report.methods_used import reference_pieces, references_of, used_methods


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.function)
def test_every_reference_of_a_docstring_is_read(method: Method) -> None:
    documentation = str(inspect.getdoc(method.resolve()))
    found = references_of(documentation)
    assert len(found) == len(re.findall(r"^\.\. \[\d+\]", documentation, re.MULTILINE)) > 0
    assert all(re.search(r"\(\d{4}\)", entry) and "Examples" not in entry for entry in found)
    section = documentation.partition("\nReferences\n")[2].partition("\nExamples\n")[0]
    identifiers = re.findall(r"(?:doi|arXiv):\S+", section)
    assert [i.rstrip(".") for i in identifiers] == [
        words for entry in found for words, address in reference_pieces(entry) if address
    ]


def with_methods(example: ModuleType, *names: str) -> object:
    study = example.simulated()
    return replace(study, findings=tuple(replace(f, methods=names) for f in study.findings))


def test_each_method_and_each_reference_is_told_once(example: ModuleType) -> None:
    methods, references = used_methods([with_methods(example, "delong", "auc"), with_methods(example, "compounding")])
    assert [m.name for m in methods] == ["auc", "delong", "compounding"]  # in the order of the catalogue
    assert methods[0].summary == "How well each metric tells customers with a good outcome from those with a bad one."
    assert methods[0].question.endswith("?")
    assert methods[0].references == (1,)
    assert methods[1].references == (1, 2, 3)  # the first is the one of auc, too
    assert [r.number for r in references] == list(range(1, len(references) + 1))
    texts = ["".join(words for words, _ in r.pieces) for r in references]
    assert len(set(texts)) == len(texts)
    assert texts[0].startswith("DeLong, DeLong & Clarke-Pearson (1988)")


def test_one_work_under_two_spellings_has_one_number(example: ModuleType) -> None:
    methods, references = used_methods([with_methods(example, "compounding", "wow_attempts")])
    wilson = [r for r in references if "Wilson" in r.pieces[0][0]]
    assert len(wilson) == 1
    assert all(wilson[0].number in m.references for m in methods)


def test_a_doi_with_odd_characters_is_a_link_that_holds_all_of_it() -> None:
    text = "Newcombe (1998). Stat. Med. doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"
    (_, (words, address)) = reference_pieces(text)
    assert words == text.partition("Med. ")[2]
    assert address == "https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I"
    (_, (_, address)) = reference_pieces("Rocks (2016). arXiv:1601.07235")
    assert address == "https://arxiv.org/abs/1601.07235"


def test_page_and_markdown_have_the_appendix(example: ModuleType) -> None:
    study = with_methods(example, "delong")
    page, markdown = render_html([study]), render_markdown([study])
    assert '<dt id="method-delong"><code>delong</code></dt>' in page
    assert '<a href="https://doi.org/10.2307/2531595" rel="noopener noreferrer">doi:10.2307/2531595</a>' in page
    assert page.count('<a href="#method-delong">') == 5
    assert "\n## Methods\n" in markdown
    assert "[doi:10.2307/2531595](<https://doi.org/10.2307/2531595>)" in markdown
    assert 'id="methods"' not in render_html([example.simulated()])
