"""Gives the tests of this folder the means to write study files."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def written() -> ModuleType:
    """The module beside this file."""
    spec = importlib.util.spec_from_file_location("study_written", Path(__file__).with_name("written.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
