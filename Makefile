# `make help` lists what there is. `make test` is what CI runs, `make demo` is where to begin.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
# Tests of one file share a process, since they share what the file starts: servers, queues, workers.
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile

# Of the long property tests: each is 200 examples, always the same ones. PIECES="7 8" for some of them.
PIECES ?= 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25

.PHONY: help setup tools test test-fast test-long test-acceptance lint types imports format demo bench bench-quick bench-page lock chart-readme metrics-table clean references-table kinds-page coverage-pages

help:  ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

setup:  ## Make .venv from the lock file, if it is missing or out of date
	@scripts/setup.sh

tools: setup  ## helm, docker-compose, linters and a browser, for the tests that need them; without, these skip
	@scripts/tools.sh || [ $$? = 3 ]
	@scripts/browser.sh || [ $$? = 3 ]

test: setup tools lint types imports  ## Everything: lint, types, layers, all tests
	@OCTOSYNC_CONTRACT_LOG=.octosync/contract $(PYTEST)

test-fast: setup  ## Unit and property tests only
	@$(PYTEST) tests/unit tests/property

test-long: setup  ## 5,000 examples of the engine's invariants, in 25 pieces; PIECES="7 8" for some of them
	@failed=; for piece in $(PIECES); do \
	  echo "piece $$piece"; \
	  OCTOSYNC_HYPOTHESIS=long $(PYTEST) --show-capture=no --hypothesis-seed=$$piece tests/property/test_sync_*.py \
	    || failed="$$failed $$piece"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed: pieces$$failed; one by itself: make test-long PIECES=N"; exit 1; fi

test-acceptance: setup  ## The scenes of docs/acceptance.md in full: thousands of webhooks, a thousand changes, all faults
	@OCTOSYNC_ACCEPTANCE=full $(BIN)/python -m pytest -q -s -n 0 tests/acceptance/test_chaos_*.py

lint: setup  ## Style and likely mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup  ## mypy --strict over the product
	@$(BIN)/mypy

imports: setup  ## Who may import whom (contracts in pyproject.toml)
	@$(BIN)/lint-imports

format: setup  ## Put the code in the one style
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

demo: setup  ## Two local servers kept in step before your eyes; options: make demo ARGS="..."
	@$(BIN)/octosync demo $(ARGS)

bench: setup  ## Measure: requests, times, memory (under 15 minutes); ARGS="receiver arrival" for some of it
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: setup  ## The same on small spaces, with few repeats
	@$(BIN)/python -m benchmarks --quick $(ARGS)

bench-page: setup  ## Write the tables of docs/benchmarks.md anew from what was measured last
	@$(BIN)/python -m benchmarks.page

lock: setup  ## Resolve pyproject.toml anew into requirements/*.lock
	@scripts/lock.sh

chart-readme: setup  ## Write the chart's README anew from the comments in its values.yaml
	@$(BIN)/python scripts/chart_readme.py

metrics-table: setup  ## Write the tables of docs/metrics.md anew from the metrics themselves
	@$(BIN)/python scripts/metrics_table.py

references-table: setup  ## Write the table of docs/references.md anew from the declarations of the kinds
	@PYTHONPATH=. $(BIN)/python scripts/references_page.py

kinds-page: setup  ## Write docs/kinds.md anew from the declarations of the kinds
	@PYTHONPATH=. $(BIN)/python scripts/kinds_page.py

.PHONY: reference-pages
reference-pages: setup  ## Write docs/settings.md and docs/commands.md anew from the settings and the commands
	@PYTHONPATH=. $(BIN)/python scripts/reference_pages.py

coverage-pages: setup  ## Write docs/guide-coverage.md and docs/spacecloner.md anew from the lists and the tests
	@$(BIN)/python scripts/coverage_pages.py

clean:  ## Remove what the tools made (not .venv)
	@rm -rf build dist .octosync *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
