# Everything a person or CI does with Dasi. `make help` reads the comments after the double hash.
# Installing needs a Python 3.11 or newer with venv and pip, and nothing else.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUN_READY := $(VENV)/ready-run
DEV_READY := $(VENV)/ready-dev
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all:
UV ?= $(or $(shell command -v uv),$(VENV)/bin/uv)
UV_COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml
# Processes the tests are dealt to; `make test WORKERS=0` keeps them in one.
WORKERS ?= 2
# Rows of the export that `make story-data` plays with.
ROWS ?= 200000
# More words for pytest: `make test ARGS="-k digest -x"`.
ARGS ?=

# On CI a missing PostgreSQL or Chromium is a failure, elsewhere a skip that says why.
ifeq ($(CI),true)
export DASI_REQUIRE_ALL := 1
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check lint format lock docs bench story story-data pictures clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(DEV_READY) ## Make .venv with everything a developer needs

demo: $(RUN_READY) ## A clinic to play with, in your browser; needs no account and no network
	$(PY) -m bot demo

run: $(RUN_READY) ## Run the bot with config.yaml and the secrets in .env
	$(PY) -m bot run

test: $(DEV_READY) ## Run the tests; says what it skipped and why
	$(PY) -m pytest -n $(WORKERS) $(ARGS)

check: lint test ## What CI runs: lint and test

lint: $(DEV_READY) ## Style, types and the arrows between the rooms
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(DEV_READY) ## Put the code into its usual shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

lock: $(UV) ## Choose the versions again: requirements.lock and requirements-dev.lock
	$(UV_COMPILE) --upgrade --output-file requirements.lock
	$(UV_COMPILE) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock

bench: $(DEV_READY) ## Measure, against a named baseline in the same run
	$(PY) -m benchmarks

docs: $(DEV_READY) ## Write docs/commands.md from the menu and docs/kpis.md from the catalogue
	$(PY) -m bot.reference

story: $(DEV_READY) ## Play a working day in Chromium and check every sentence of it
	$(PY) -m tests.story

story-data: $(DEV_READY) ## Import a history of 200,000 rows, kill it twice, count it anew; ROWS=20000 is quicker
	$(PY) -m tests.story_data --rows $(ROWS)

pictures: story ## Make docs/pictures/ anew from the real product: the story leaves them

clean: ## Remove what was made here, but never var/, where the data live
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Dasi needs Python 3.11 or newer. Say which: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "This Python cannot make a venv. On Debian: apt-get install python3-venv"; exit 1; }

$(RUN_READY): requirements.lock | $(PY)
	$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(DEV_READY): requirements-dev.lock requirements.lock | $(PY)
	$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(RUN_READY)

$(VENV)/bin/uv: | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --no-input uv
