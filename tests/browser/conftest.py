"""Chromium, as Debian installs it, driven by Playwright for Python."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running browser; `CXSTATS_CHROMIUM` names another than the one on the path."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CXSTATS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"The browser tests need Chromium: none of {', '.join(NAMES)} is on the path."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def example() -> ModuleType:
    """The invented validations of the report's own tests."""
    path = Path(__file__).parents[1] / "report" / "example.py"
    spec = importlib.util.spec_from_file_location("report_example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
