# Everything a fresh machine needs: python3 (3.11 or newer) with pip and venv, and make.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PIP_QUIET := -qq --disable-pip-version-check --no-input
# Tests wait as much as they compute: three workers keep two cores busy. A file stays on one of
# them, because its fixtures are shared within it.
PYTEST_CORES ?= 3
DATA ?= data
# Many tests start processes: each would compile the whole project anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-long check bench items lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
		while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: .venv/.complete ## create .venv from the hashed lock file and install the project into it

.venv/.complete: pyproject.toml requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "expected Python 3.11 or newer, found $$($(PYTHON) --version); set PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install $(PIP_QUIET) --no-index --no-deps --no-build-isolation -e .
	@touch $@

# The independent verifier declares a newer Python than it needs, and gets an environment of its
# own so that nothing it brings can change what the service runs on.
.venv-aics/.complete: requirements/aics.lock
	@test -x .venv-aics/bin/python || $(PYTHON) -m venv .venv-aics
	.venv-aics/bin/python -m pip install $(PIP_QUIET) --ignore-requires-python --require-hashes \
		-r requirements/aics.lock
	@touch $@

demo: setup ## the whole story; EXIT=1 ends after the checks, CSV=path adds your own file (CSV_ARGS='--encoding cp1252')
	$(BIN)/python -m examples.demo $(if $(filter 1,$(EXIT)),--exit) $(if $(CSV),--csv '$(CSV)') $(if $(CSV_ARGS),--csv-args='$(CSV_ARGS)') $(if $(FOLDER),--folder '$(FOLDER)')

run: setup ## serve a development instance from DATA=data, made by 'lotmark init --solo demo' the first time
	@test -e '$(DATA)' || LOTMARK_DATA='$(DATA)' $(BIN)/lotmark init --solo demo
	LOTMARK_DATA='$(DATA)' $(BIN)/lotmark serve

test: setup .venv-aics/.complete ## every test but the long ones (ARGS='-k name' is passed on)
	@bash tests/install_chromium.sh
	$(BIN)/python -m pytest -m 'not long' -n $(PYTEST_CORES) --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: setup .venv-aics/.complete ## the long tests: large logs, many examples, many crashes
	@bash tests/install_chromium.sh
	LOTMARK_HYPOTHESIS=long $(BIN)/python -m pytest -m long $(ARGS)

check: setup ## formatting, lint, types, rooms, tidiness, acceptance items
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/test_tidy.py
	$(BIN)/python -m tests.items

bench: setup ## list the benchmarks; NAME=ingest runs one (ARGS are passed on)
	$(BIN)/python -m bench $(NAME) $(ARGS)

items: setup ## acceptance items that no test proves yet
	$(BIN)/python -m tests.items

UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url

lock: ## resolve the lock files again (needs uv on the PATH)
	$(UV_COMPILE) --python-version 3.11 --group build pyproject.toml -o requirements/base.lock
	$(UV_COMPILE) --python-version 3.11 --group dev pyproject.toml -o requirements/dev.lock
	printf '%s\n' aics-tlog aics-witness | $(UV_COMPILE) --python-version 3.12 - -o requirements/aics.lock
