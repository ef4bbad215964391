"""Text from outside: one line, visible, and linked only where a link is safe."""

import pytest

from cxstats.report.plain import linked, plain


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  two\n\tlines ", "two lines"),
        ("bell\x07 and \x1b[31mred", "bell\ufffd and \ufffd[31mred"),
        ("\u202eturned\u2066", "\ufffdturned\ufffd"),
        ("half \ud800", "half \ufffd"),
        ("Ängste, 日本, שלום, مرحبا, 🙂", "Ängste, 日本, שלום, مرحبا, 🙂"),
        ("", ""),
    ],
)
def test_plain(given: str, shown: str) -> None:
    assert plain(given) == shown


@pytest.mark.parametrize(
    ("given", "addresses"),
    [
        ("see https://a.example/x?y=1&z=2.", ["https://a.example/x?y=1&z=2"]),
        ("(doi:10.2307/2531595)", ["https://doi.org/10.2307/2531595"]),
        ("doi:10.1016/S0022-4359(97)90021-X, 1997", ["https://doi.org/10.1016/S0022-4359(97)90021-X"]),
        ("javascript:alert(1) data:text/html,x file:///etc/passwd //host ftp://host", []),
        ("JAVASCRIPT://https", []),
        ('https://a.example/"onclick="x', ["https://a.example/"]),
        ("https://a.example/<b>", ["https://a.example/"]),
        ("two: http://a.example http://b.example", ["http://a.example", "http://b.example"]),
        ("nothing", []),
    ],
)
def test_linked(given: str, addresses: list[str]) -> None:
    pieces = linked(given)
    assert [address for _, address in pieces if address] == addresses
    assert "".join(words for words, _ in pieces) == given
