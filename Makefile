# Needs Python 3.11 or newer and make, nothing else: every target sets up what it uses.
#   make run | test | check | format | docs | guides | messages | install | wheel | lock | clean
#   make test PYTEST="tests/unit -k config"     arguments for pytest
#   make mutants MUTANTS=governance/            what tests notice of small changes to the code; hours for all of it
#   make check test WHEEL=1                     check and test the built wheel in an environment of its own

# Packages are installed without bytecode and get it as they are imported; where none may be written, each start of
# a process takes some seconds more.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PYTEST ?=
MUTANTS ?=

ifdef WHEEL
VENV := .venv-wheel
else
VENV ?= .venv
endif

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PACKAGES := protocol/folkmoot_protocol governance/folkmoot_governance server/folkmoot_server client/folkmoot_client
CODE := protocol governance server client tests docs examples $(wildcard bench)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# $(call messages,package that has the catalogue,packages whose texts it translates)
define messages
	$(BIN)/pybabel --quiet extract --keywords=_ --keywords=N_ --keywords=NN_:1,2 --no-default-keywords --add-location=file \
		--omit-header --output-file=.messages.pot $(2)
	$(BIN)/pybabel --quiet update --input-file=.messages.pot --output-dir=$(1)/locale --domain=folkmoot --locale=zh_CN \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=110
	rm -f .messages.pot
endef

.PHONY: install run test test-faults test-disk mutants check format docs guides messages wheel lock clean
.PHONY: check-format check-lint check-types check-imports check-generated

install: $(STAMP)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Folkmoot needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }

ifdef WHEEL
# Fresh code goes into a fresh wheel each time: stale modules from an earlier one would hide a file left out.
$(STAMP): requirements.lock pyproject.toml $(BIN)/python $(shell find $(PACKAGES) -type f -not -path '*/__pycache__/*')
	$(PIP) install --no-compile --no-deps --require-hashes -r requirements.lock
	rm -rf dist
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	$(PIP) install --no-deps --no-index --force-reinstall dist/*.whl
	touch $@
else
$(STAMP): requirements.lock pyproject.toml $(BIN)/python
	$(PIP) install --no-compile --no-deps --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@
endif

run: install
	@$(BIN)/folkmoot serve --profile open

# Three workers, for two cores as well: many tests wait for real processes, some for seconds. A file stays on one
# worker, so what its tests share is shared.
test: install
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

# What each failure of a cluster looks like, nodes replaced and restarted one by one, a soak with a checker, a search for
# planted identities in the database: minutes long, so apart from `test`.
test-faults: install
	$(BIN)/pytest -m faults tests/cluster $(PYTEST)

# Power cuts and failing disks under load; FOLKMOOT_POWER_CUTS=100 for a long run. A thousand reads and writes that fail:
# FOLKMOOT_FAULTS=1000 make test PYTEST="tests/integration/test_power_cut.py -k whatever_fails"; a thousand changes of
# files and rows: FOLKMOOT_TAMPERINGS=1000 make test PYTEST=tests/property/test_tampering.py.
test-disk: install
	$(BIN)/pytest -m faults tests/integration/test_power_cut.py $(PYTEST)

# Changes the code a little, thousands of times, and sees whether a test notices: bench/README.md.
mutants: install
	nice -n 10 $(BIN)/python bench/mutants.py $(MUTANTS)

# Each part is a hook in .pre-commit-config.yaml, too.
check: check-format check-lint check-types check-imports check-generated

check-format: install
	$(BIN)/ruff format --check $(CODE)

check-lint: install
	$(BIN)/ruff check $(CODE)

check-types: install
	$(BIN)/mypy

check-imports: install
	$(BIN)/lint-imports --no-cache --no-logo

check-generated: install
	LANGUAGE=en $(BIN)/folkmoot config example | diff -u config.example.toml -
	LANGUAGE=en $(BIN)/folkmoot config docs | diff -u docs/configuration.md -
	$(BIN)/python docs/draw_floors.py < docs/architecture.md | diff -u docs/architecture.md -

format: install
	$(BIN)/ruff check --fix-only --quiet $(CODE)
	$(BIN)/ruff format $(CODE)

# Writes anew what is generated from code.
docs: install
	LANGUAGE=en $(BIN)/folkmoot config example > config.example.toml
	LANGUAGE=en $(BIN)/folkmoot config docs > docs/configuration.md
	$(BIN)/python -c 'from pathlib import Path; from folkmoot_governance.table import with_table; \
		page = Path("docs/governance.md"); page.write_text(with_table(page.read_text("utf-8")), "utf-8")'
	$(BIN)/python -c 'from pathlib import Path; from folkmoot_governance.measures_table import with_measures; \
		page = Path("docs/measures.md"); page.write_text(with_measures(page.read_text("utf-8")), "utf-8")'
	$(BIN)/python -c 'from pathlib import Path; from folkmoot_client.admin.table import with_table; \
		page = Path("docs/client.md"); page.write_text(with_table(page.read_text("utf-8")), "utf-8")'
	$(BIN)/python -c 'from pathlib import Path; from folkmoot_client.admin.reference import manual, page; \
		Path("docs/admin.md").write_text(page(), "utf-8"); \
		Path("docs/folkmoot-admin.1").write_text(manual(), "utf-8")'
	$(BIN)/python docs/write_schemas.py
	$(BIN)/python docs/write_sdk.py
	$(BIN)/python docs/draw_floors.py < docs/architecture.md > .architecture.md
	mv .architecture.md docs/architecture.md

# The guides as pages to be served by any web server, in ./site.
guides: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# Brings the catalogues to the texts in the code; new texts are left for a person to translate. What the rows of
# administration say is shown by the client alone.
messages: install
	$(call messages,server/folkmoot_server,protocol/folkmoot_protocol/*.py governance/folkmoot_governance server/folkmoot_server)
	$(call messages,client/folkmoot_client,client/folkmoot_client protocol/folkmoot_protocol/admin)

wheel: install
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

# Pins every dependency with its hashes for all supported platforms; the file names no registry.
lock: install
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv .venv-wheel dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
