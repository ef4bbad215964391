#!/bin/sh
# install.sh ARGUMENTS...   Make .venv if it is not there, then install into it: with uv where it is there,
#                           else with pip. ARGUMENTS as for "pip install".
set -eu

fail() {
    printf 'cxstats: %s\n' "$1" >&2
    exit 1
}

recent() { # recent PYTHON: is it one that cxstats runs on?
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

have_uv() { # an old uv does not know dependency groups
    command -v uv >/dev/null 2>&1 && uv pip install --help 2>/dev/null | grep -q -- --group
}

make_venv() {
    if have_uv; then
        uv venv --quiet --python '>=3.11' .venv
        return
    fi
    for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
        if recent "$python"; then
            "$python" -m venv .venv ||
                fail "'$python -m venv' failed; on Debian and Ubuntu install python3-venv first."
            return
        fi
    done
    fail "Python 3.11 or later is needed, but none was found.
Install it from https://www.python.org/downloads/, or say where it is: make PYTHON=/path/to/python3 ..."
}

echo "Installing into .venv (the first time this takes a minute or two) ..."
if ! recent .venv/bin/python; then
    rm -rf .venv
    make_venv
fi
if have_uv; then
    uv pip install --quiet --python .venv/bin/python "$@"
else
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1' # knows dependency groups
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
fi
