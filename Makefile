# What a person runs here; `make help` lists it. Everything works in .venv, which `setup` makes as uv.lock says.
BIN := .venv/bin
READY := .venv/.ready
KINDS := tasks rewards encoders shapings agents questions judges
# Material for MkDocs prints a page about a MkDocs that is not used here.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs
# A process a core, one thread each: side by side, torch's threads would only wait for one another.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal
RUN := $(or $(RUN),runs/demo-$(shell date +%Y%m%d-%H%M%S))

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fast slow wheel bench format docs

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 14

setup: $(READY) ## make the virtual environment .venv (brings uv if there is none)

$(READY): pyproject.toml uv.lock .ci/setup
	@.ci/setup

demo: setup ## train cart-pole upright from a sentence, judge it, film it, print the table
	@echo "demo: timed from here on, without the set-up above"
	@start=$$(date +%s) && \
	$(BIN)/vlmrl train experiment=demo run_dir=$(RUN) && \
	$(BIN)/vlmrl record $(RUN) && \
	$(BIN)/vlmrl report $(RUN) && \
	echo "demo: $$(($$(date +%s) - start)) s; the films are in $(RUN)/films"

test: check fast slow wheel ## everything that a change must pass

check: setup ## format, lint, types, import layers, tables and documentation
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/tables.py --check
	$(MKDOCS) build --strict --quiet

fast: setup ## tests of at most ten seconds each, and the examples in docstrings
	$(PYTEST) -m "not slow" --doctest-modules tests vlmrl

slow: setup ## the tests that train, render much or kill processes
	$(PYTEST) -m slow

wheel: setup ## build the wheel, install it into an empty environment, try it outside the repository
	@.ci/wheel

bench: setup ## measure speed beside the peers in one run (QUICK=1: within ten minutes)
	.ci/uv sync --frozen --inexact --group bench
	$(BIN)/python -m benchmarks $(if $(QUICK),quick=true)

format: setup ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## write tables and charts anew and build the documentation into site/
	@for kind in $(KINDS); do $(BIN)/vlmrl list $$kind json=docs/data/$$kind.json >/dev/null || exit; done
	$(BIN)/python docs/settings.py
	$(BIN)/python docs/known.py
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/charts.py
	$(MKDOCS) build --strict --quiet
