.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3.11
BIN := .venv/bin
SET_UP := .venv/.complete
CHECKOV := .venv-checkov/.complete

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

demo: $(SET_UP) ## Rehearse the pipeline on real MovieLens ratings and show the recommendations
	$(BIN)/batchrec rehearse

test: $(SET_UP) $(CHECKOV) ## Run every test
	$(BIN)/pytest -n 4 --dist loadgroup --no-loadscope-reorder

bench-transform: $(SET_UP) ## Measure the transform against DuckDB, pandas and the walk-through's job
	$(BIN)/python benchmarks/transform.py

bench-orchestration: $(SET_UP) ## Compare waiting, transitions and events of the workflow with two other designs
	$(BIN)/python benchmarks/orchestration.py

bench-recommender: $(SET_UP) ## Compare recommendations with popularity, ALS, item kNN and EASE
	$(BIN)/python benchmarks/recommender.py --scale

bench-terraform: $(SET_UP) ## Compare plan, apply and destroy of an example with the provider's own floor
	$(BIN)/python benchmarks/terraform.py

bench-report: $(SET_UP) ## Measure the report of a run with 1,000,000 users: time, memory, size
	$(BIN)/python benchmarks/report.py

fault-matrix: $(SET_UP) ## Run every fault against every task of the workflow and print what becomes of it
	@junit=$$(mktemp) && trap 'rm -f "$$junit"' EXIT && \
	  $(BIN)/pytest tests/workflow/test_fault_matrix.py -q -n 2 -m "" --junitxml="$$junit" -o junit_family=xunit1 >&2; \
	  status=$$?; $(BIN)/python tests/workflow/fault_table.py "$$junit"; exit $$status

WALKS ?= 500
random-walks: $(SET_UP) ## Walk at random through the local Personalize, WALKS times (500)
	WALKS=$(WALKS) $(BIN)/pytest tests/localaws/personalize/test_personalize_walks.py -q -m exhaustive

personalize-coverage: $(SET_UP) ## Write docs/personalize-coverage.md from the code
	$(BIN)/python -m batchrec.localaws.personalize.coverage docs/personalize-coverage.md

screenshots: $(SET_UP) ## Photograph the reports of really failed runs for docs/images
	SCREENSHOTS=$(CURDIR)/docs/images $(BIN)/pytest tests/rehearsal/test_failed_runs.py -q -n 0

docs: personalize-coverage ## Write the README's tables and docs/personalize-coverage.md from the code
	$(BIN)/python tools/module_docs.py

lint: $(SET_UP) ## Check format, lint and types of Python and Terraform
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/batchrec-terraform fmt -check -diff -recursive

format: $(SET_UP) ## Format Python and Terraform
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/batchrec-terraform fmt -recursive

lock: $(SET_UP) ## Pin the newest versions that fit
	$(BIN)/uv pip compile --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --all-extras pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url \
	  requirements-checkov.in -o requirements-checkov.lock

clean: ## Remove what the other verbs made
	rm -rf .venv .venv-checkov demo-output .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SET_UP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
	  { echo "There is no $(PYTHON). Install Python 3.11, or name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up .venv from requirements.lock: once, 1 to 3 minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# checkov pins a version of packaging that pytest 9 can't use: it gets an environment of its own.
$(CHECKOV): requirements-checkov.lock
	@echo "Setting up .venv-checkov from requirements-checkov.lock: once, about a minute."
	$(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: help demo test bench-transform bench-orchestration bench-recommender bench-terraform fault-matrix random-walks personalize-coverage screenshots docs lint format lock clean
