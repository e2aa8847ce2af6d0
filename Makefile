# `make help` lists the targets. Everything runs from a private virtual environment in .venv/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help setup setup-dev demo dashboard dashboard-client dashboard-check ui test check fix docs verify chaos hostile fuzz export-year readers bench clean sbom audit
DASHBOARD := services/dashboard

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: ## Create .venv with what the demo needs
	@deploy/bootstrap.sh requirements.lock

setup-dev: ## Create .venv with what tests and checks need
	@deploy/bootstrap.sh requirements-dev.lock

demo: setup ## Start everything with a simulated city; Ctrl-C stops it
	@deploy/dashboard.sh
	@$(BIN)/ahual demo

dashboard: $(DASHBOARD)/node_modules/.package-lock.json ## Build the operators' dashboard (Node 20.19 or newer)
	@cd $(DASHBOARD) && npm run --silent build

dashboard-check: $(DASHBOARD)/node_modules/.package-lock.json ## Types, accessibility, format and unit tests of the dashboard
	@cd $(DASHBOARD) && npm run --silent check

dashboard-client: setup-dev $(DASHBOARD)/node_modules/.package-lock.json ## Write the dashboard's typed client from the API again
	@$(BIN)/python -m tests.dashboard.contract | (cd $(DASHBOARD) && npm run --silent client)

$(DASHBOARD)/node_modules/.package-lock.json: $(DASHBOARD)/package-lock.json
	@cd $(DASHBOARD) && npm ci --prefer-offline --no-fund --no-audit && touch node_modules/.package-lock.json

ui: setup-dev ## Every view of a simulated city in Chromium: three languages, two themes, live changes, an API that is killed
	@deploy/dashboard.sh
	@$(BIN)/python -m tests.ui --pictures .stack-ui-pictures

test: setup-dev ## Set up the test stack and run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup-dev ## Lint, format, types, import rule: what CI judges by
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup-dev ## Repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup-dev ## Write the generated parts of the docs again
	$(BIN)/python -m tests.docs.generate
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.systems
	$(BIN)/python -m tests.docs.asyncapi

verify: setup-dev ## A simulated month of three cities, without faults and with all of them: every figure against the truth
	@$(BIN)/python -m tests.verify month
	@$(BIN)/python -m tests.verify faults

chaos: setup-dev ## Break things at random under load, compare with the truth, print tables
	@$(BIN)/python -m tests.chaos kills --rate 1000
	@$(BIN)/python -m tests.chaos trials

hostile: setup-dev ## A million hostile messages: no crash, no hang, no growing memory
	@$(BIN)/python -m tests.hostile

fuzz: setup-dev ## Coverage-guided fuzzing of every way in, a minute each (fetches atheris)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-fuzz.lock
	@$(BIN)/python -m tests.hostile.fuzz

export-year: setup-dev ## A simulated year of twenty towns, delivered under kills: every number against the truth
	@$(BIN)/python -m tests.export

readers: setup-dev ## Read a delivery with DuckDB, pandas (fetches both) and LibreOffice, where it is installed
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-readers.lock
	@$(BIN)/python -m pytest -q -rs tests/export/test_readers.py

bench: setup-dev ## Measure rates, latencies, CPU and memory, print tables
	@$(BIN)/python -m tests.bench

sbom: setup-dev ## Write sbom.cdx.json: every Python part with version and hashes (CycloneDX)
	@$(BIN)/python -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.cdx.json requirements.lock

audit: setup-dev ## Known vulnerabilities of the locked parts, from a local copy of advisories in AHUAL_ADVISORIES
	@$(BIN)/python -m tests.supply.audit "$(AHUAL_ADVISORIES)"

clean: setup ## Stop the stacks and delete their data (not the downloads)
	@$(BIN)/ahual stack down --wipe
