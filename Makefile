# Two commands are enough to begin: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-results
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## Install cxnlp and analyze the reviews that come with it
	$(BIN)/cxnlp demo --force --out $(DEMO)
	@echo "The report: $(CURDIR)/$(DEMO)/report.html"

test: $(VENV)/.installed-dev ## Run the fast tests
	$(BIN)/python -m pytest -n $(WORKERS)

test-all: $(VENV)/.installed-dev ## Run every test, the slow ones too
	$(BIN)/python -m pytest -n $(WORKERS) -m "slow or not slow"

lint: $(VENV)/.installed-dev ## Check style, types and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The stamps make a second run start at once; what they depend on makes a changed dependency install again.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed
