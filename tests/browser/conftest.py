"""Chromium, as Debian installs it, driven by Playwright for Python."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cxstats as cx
from cxstats.report.html import render_html

ROOT = Path(__file__).parents[2]
EXAMPLES = ("real", "untestable", "simulated", "looked", "hostile")
BUNDLED = (
    "olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service", "simulated_visits",
)  # fmt: skip
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


@dataclass
class Opened:
    """A page with everything that it asked for and complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def reports(example: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    studies = {name: [getattr(example, name)()] for name in EXAMPLES}
    files = {name: Path("data") / f"{name}.toml" for name in BUNDLED}
    studies |= {name: [cx.validate(cx.Study.read(ROOT / file), rng=1)] for name, file in files.items()}
    studies["examples"] = [studies[name][0] for name in ("real", "untestable", "simulated")]
    studies["bundled"] = [studies[name][0] for name in BUNDLED]
    command = " ".join(["cxstats validate", *map(str, files.values()), "--html report.html"])
    paths = {name: folder / f"{name}.html" for name in studies}
    for name, validations in studies.items():
        paths[name].write_text(render_html(validations, command=command), encoding="utf-8")
    return paths


@pytest.fixture
def visit(chromium: Any, reports: dict[str, Path]) -> Iterator[Callable[..., Opened]]:
    """Open a report; whatever it asks for besides itself is refused and recorded."""
    contexts = []

    def opened(name: str, width: int = 1040, scheme: str = "light") -> Opened:
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        visited = Opened(context.new_page())
        address = reports[name].as_uri()

        def refuse(route: Any) -> None:
            if route.request.url == address:
                route.continue_()
            else:
                visited.requests.append(route.request.url)
                route.abort()

        def dismiss(dialog: Any) -> None:
            visited.complaints.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        visited.page.on("console", lambda message: visited.complaints.append(message.text))
        visited.page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        visited.page.on("dialog", dismiss)
        context.route("**/*", refuse)
        visited.page.goto(address, wait_until="load")
        return visited

    yield opened
    for context in contexts:
        context.close()
