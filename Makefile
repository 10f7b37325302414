# Every target makes what it needs: Python 3.11+ and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
STORE ?=

.PHONY: help demo test test-servers check prove bench bench-servers bench-names clean

help:
	@echo "make demo    the story of examples/shop, in under 30 seconds"
	@echo "make test    every test that needs no server"
	@echo "make test-servers  the tests that need real servers; starts them first (scripts/servers)"
	@echo "make check   what CI runs: format, lint, floors, types, tests"
	@echo "make prove   the long proof: the kit, seeds, planted bugs, power cuts, kills, pauses; a table at the end"
	@echo "make bench   the figures of docs/explanation/performance.md"
	@echo "make bench-servers  the same on the real servers; starts them first"
	@echo "make bench-names  how well names are read"
	@echo "make clean   remove what the others made"

$(READY): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tense needs Python 3.11 or newer; try: make PYTHON=python3.13"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python -m examples.shop.demo $(if $(STORE),--store $(STORE))

test: $(READY)
	$(BIN)/python -m pytest -n auto

test-servers: $(READY)
	scripts/servers up
	@$(BIN)/python scripts/prove_servers $(AGAIN)

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto

prove: $(READY)
	@$(BIN)/python scripts/prove

bench: $(READY)
	$(BIN)/python -m benchmarks

bench-servers: $(READY)
	scripts/servers up
	$(BIN)/python -m benchmarks.servers

bench-names: $(READY)
	@$(BIN)/python -m benchmarks.names

clean:
	rm -rf $(VENV) benchmarks/.venv benchmarks/results .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
