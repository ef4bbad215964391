"""``import cxstats`` loads nothing heavy, and every public name can be had."""

import subprocess
import sys

import pytest

import cxstats as cx

HEAVY = (
    "duckdb",
    "jinja2",
    "matplotlib",
    "narwhals",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
)


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, cxstats; print([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""


@pytest.mark.parametrize("name", cx.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(cx, name) is not None
    assert name in dir(cx)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'cxstats' has no attribute 'net_promotor'$"):
        cx.net_promotor  # noqa: B018
