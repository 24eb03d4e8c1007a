# `make serve` on a bare machine: a virtual environment, the package in it, and the Petstore on $(PORT).
# Nothing is installed twice: a stamp beside the environment says from which pyproject.toml it was made.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
ARGS ?=
# Tests wait for processes, sockets and browsers more than they compute.
WORKERS ?= $(shell expr 2 \* $$(nproc 2>/dev/null || echo 2))

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
PACKAGE := $(VENV)/.package.stamp
TEST := $(VENV)/.test.stamp
LINT := $(VENV)/.lint.stamp

.PHONY: help setup serve test lint format types bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PORT=$(PORT)  PYTHON=$(PYTHON)  ARGS='passed on to mockserver, pytest or the benchmarks'"

setup: $(PACKAGE) ## the virtual environment with the package in it

# `exec`: the server is make's own child, so Ctrl-C and SIGTERM reach it and it ends its streams.
serve: $(PACKAGE) ## serve the Petstore (PORT=9000, ARGS="--seed 7")
	@exec $(BIN)/mockserver serve --spec specs/petstore.openapi.yaml --scenarios scenarios --port $(PORT) $(ARGS)

# The real clients run after the rest, with the machine to themselves: they are timed by the clock.
test: $(TEST) ## run the tests (ARGS="-k resume" for some of them)
ifeq ($(ARGS),)
	$(BIN)/python -m pytest -q -n $(WORKERS) --durations 25 --ignore tests/e2e/matrix
	$(BIN)/python -m pytest -q tests/e2e/matrix
else
	$(BIN)/python -m pytest $(ARGS)
endif

lint: $(LINT) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(LINT) ## let ruff format the code
	$(BIN)/ruff format .

types: $(LINT) $(PACKAGE) ## mypy, strict
	$(BIN)/mypy

bench: $(PACKAGE) ## the benchmarks (ARGS="--only start"), ratios against bare aiohttp
	$(BIN)/python benchmarks/run.py $(ARGS)

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@.ci/make-venv "$(PYTHON)" "$(VENV)"

# Build requirements go into the environment itself, and the build is not isolated: pip asks the
# index for nothing that is already there, so a second setup works without a network.
$(PACKAGE): pyproject.toml .ci/requirements.py | $(BIN)/python
	@echo "installing the package into $(VENV)"
	@$(PIP) install $$($(BIN)/python .ci/requirements.py build)
	@$(PIP) install --no-build-isolation --editable .
	@touch $@

$(TEST): $(PACKAGE)
	@echo "installing what the tests need"
	@$(BIN)/python .ci/requirements.py test > $@.txt
	@$(PIP) install --requirement $@.txt
	@touch $@

$(LINT): pyproject.toml .ci/requirements.py | $(BIN)/python
	@echo "installing ruff and mypy"
	@$(BIN)/python .ci/requirements.py lint > $@.txt
	@$(PIP) install --requirement $@.txt
	@touch $@
