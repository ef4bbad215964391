# make report makes report.html; make test runs the tests. Both need only Python 3.11 or later
# (and the package index, the first time). "make help" lists the rest.

SHELL := /bin/sh
PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
INSTALL := PYTHON="$(PYTHON)" sh scripts/install.sh
STUDIES := data/olist_deliveries.toml data/sfo_2017.toml data/simulated_cohort.toml data/simulated_journeys.toml \
	data/simulated_service.toml data/simulated_visits.toml

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help report test lint types wheel wheel-test notebooks browser-test spark-test bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 - /p' Makefile

# Each stamp says that .venv holds what pyproject.toml asked for when the stamp was made.
$(VENV)/.installed: pyproject.toml scripts/install.sh
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml scripts/install.sh
	$(INSTALL) --editable . --group $*
	@touch $@ $(VENV)/.installed

report: $(VENV)/.installed ## test the claims on the six bundled studies: report.html
	$(VENV)/bin/cxstats validate $(STUDIES) --html report.html
	@echo "The report is in $(CURDIR)/report.html: open it in a browser."

test: $(VENV)/.installed-test ## run the tests (no root, no browser, no Java)
	OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -q -n auto -m "not browser and not spark and not wheel"

lint: $(VENV)/.installed-dev ## ruff (rules and format), and the README's table of methods
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) scripts/readme_table.py --check

types: $(VENV)/.installed-dev ## mypy, strict
	$(PY) -m mypy

wheel: $(VENV)/.installed-dev ## build dist/cxstats-*.whl
	rm -rf dist
	$(PY) -m hatchling build -t wheel -d dist

wheel-test: wheel ## install that wheel in an empty environment and use it
	$(PY) -m pytest -q -m wheel tests/test_wheel.py

notebooks: $(VENV)/.installed-dev ## execute the notebooks; fails where a cell does
	$(PY) scripts/run_notebooks.py

browser-test: $(VENV)/.installed-browser ## open the report in Chromium, which must be installed
	$(PY) -m pytest -q -m browser

spark-test: $(VENV)/.installed-spark ## frames of Spark, which needs Java
	$(PY) -m pytest -q -m spark

bench: $(VENV)/.installed-bench ## time and memory, as ratios against the usual way
	$(PY) -m benchmarks

clean: ## remove everything that make made, .venv too
	rm -rf $(VENV) dist build report.html report.json report.md .mypy_cache .ruff_cache .pytest_cache .hypothesis
