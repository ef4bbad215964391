"""The programs that made the numbers, by version."""

import platform
from functools import cache
from importlib.metadata import version

LIBRARIES = ("numpy", "scipy", "pandas", "duckdb")


@cache
def environment_versions() -> tuple[tuple[str, str], ...]:
    """Python and the libraries that compute, as they are installed here."""
    return (("Python", platform.python_version()), *((name, version(name)) for name in LIBRARIES))
