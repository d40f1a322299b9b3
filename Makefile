# Two commands matter: `make demo` and `make test`. Everything else serves them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Compiled modules are kept: the tests start some hundred processes that would compile them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-server test-lock test-rough test-chaos test-drill test-fuzz test-edits test-distributed test-ui \
	test-wheel bench lint types lock clean

# Exit code 2 is no error here: a second demo finds nothing left to do.
demo: $(STAMP)
	$(BIN)/library-sync demo || test $$? -eq 2

MANY := -n 5 --dist loadfile --no-loadscope-reorder

# One test of a run: its Prefect server starts while pytest does.
A_RUN = $(and $(findstring tests/flows/,$(ARGS)),$(findstring ::,$(ARGS)))

# All of it, in five processes; one test: `make test ARGS=tests/tasks/audio/test_audio_tags.py::name`.
test: $(STAMP)
	$(if $(A_RUN),$(BIN)/python -m tests.flows.shared_server) $(BIN)/pytest $(or $(ARGS),$(MANY))

# A Prefect server to keep while working on a flow: with the line it prints, a test starts at once.
test-server: $(STAMP)
	$(BIN)/python -m tests.flows.shared_server

# Speed beside a bare loop, at scale, by workers: writes docs/performance.md. A quiet machine, 15 min.
bench: $(STAMP)
	$(BIN)/python -m bench.page

# The wheel built, installed in a fresh environment outside the checkout, the README's steps run there.
test-wheel: $(STAMP)
	TEST_WHEEL=1 $(BIN)/pytest tests/distribution

# The long ones. With SHORT=1 each is as short as .ci/run wants it.
SHORT ?=

# The lock under 100,000 drawn schedules, and its mutants (docs/lock.md): minutes.
test-lock: $(STAMP)
	$(BIN)/python -m simulation.lock --jobs 2 \
		--schedules $(if $(SHORT),10000 --mutant-schedules 0,100000)

# The main job's tests on a bad day of all three services (sandbox preset `rough`): minutes.
ROUGH := test_library_sync track/test_stumbles
ifndef SHORT
ROUGH += test_demo_world rows/test_merges rows/test_property_types track/test_sounds reporting/test_reports
endif
test-rough: $(STAMP)
	SANDBOX_FAULTS=rough $(BIN)/pytest $(MANY) $(ROUGH:%=tests/flows/%.py)

# Hostile days, Cancel in a worker, and real processes killed at random on 200 tracks: half an hour.
test-chaos: $(STAMP)
	$(BIN)/pytest -m slow $(MANY) tests/flows $(if $(SHORT),-k "workers_run or late or never_verified")
	$(if $(SHORT),,$(BIN)/python -m simulation.chaos --processes 4 --tracks 200 --kill --late-writes --edits --one-eagle)

# Every service goes away, for a while and for good, at each stage of a track: half an hour.
test-drill: $(STAMP)
	$(BIN)/python -m simulation.drill \
		$(if $(SHORT),--services notion eagle --stages import --not-for-good --seconds 6)

# Damaged files of every container through the conversion.
test-fuzz: $(STAMP)
	$(BIN)/python -m bench.fuzz --seconds $(if $(SHORT),60,1800)

# Two thousand edits of rows by a person at random moments of real runs: minutes.
test-edits: $(STAMP)
	ROW_EDITS=$(if $(SHORT),500,2000) $(BIN)/pytest --timeout 3600 tests/flows/rows/test_row_edits_run.py

# Debian's packages where we are root; elsewhere a test says what it misses, and is skipped.
DEBIAN = test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || \
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends

# Two workers, sixty tracks, one dies: Prefect on PostgreSQL, network namespaces where root allows.
test-distributed: $(STAMP)
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && command -v ip >/dev/null || \
		$(DEBIAN) postgresql iproute2 >/dev/null; }
	TEST_DISTRIBUTED=1 TEST_DISTRIBUTED_TRACKS=$(if $(SHORT),30,60) $(BIN)/pytest tests/distributed \
		$(if $(SHORT),-k "not server_restart")

# A run started, watched and read in Prefect's UI; screenshots in build/screenshots.
test-ui: $(STAMP)
	command -v chromium >/dev/null || $(DEBIAN) chromium fonts-dejavu-core fonts-noto-cjk >/dev/null; }
	TEST_UI=1 $(BIN)/pytest tests/ui

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		2>/dev/null || { echo "library-sync needs Python 3.11 or newer; $(PYTHON) is" \
		"$$($(PYTHON) --version 2>/dev/null || echo not there). Name another:" \
		"make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# The lock holds hashes of every platform's files, and no address of an index.
lock: $(STAMP)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

clean:
	rm -rf $(VENV) demo build *.egg-info
