# Two commands on a fresh machine: `make demo` and `make test`. Each sets up what it needs the first time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Bytecode is kept, whatever the environment says: hundreds of tests start a Python of their own.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all fuzz lint format lock bench-deps clean

demo: $(VENV)/.ready
	$(BIN)/trapstreet demo

# No system package is needed; what is skipped says why. Simulations, bulk and what takes more than half a second
# are for test-all. A sixth of the time tests wait for others: three at once keep two processors busy.
test: $(VENV)/.ready
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -p no:faker -n 3 --dist loadfile -m "not system and not slow"

# Adds what needs Debian packages (see .ci/run), and what is slow.
test-all: $(VENV)/.ready
	$(BIN)/lint-imports --no-cache
	TRAPSTREET_FUZZ=600 $(BIN)/python -m pytest -p no:faker -n 2 --dist loadfile

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is written in C under the address and undefined-behaviour sanitizers, on texts made to harm it. Needs gcc.
fuzz: $(VENV)/.ready
	$(BIN)/python tests/fuzz/sanitized.py --seconds 140

# What bench/matcher.py is compared with; ripgrep is a Debian package.
bench-deps: $(VENV)/.ready
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/bench.lock

# Lock files hold hashes and no registry's address.
lock: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header requirements/bootstrap.in -o requirements/bootstrap.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/runtime.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header requirements/bench.in -o requirements/bench.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header requirements/pywb.in -o requirements/pywb.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header requirements/servers.in -o requirements/servers.lock
	cd requirements/azurite && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) src/trapstreet/index/_kernel*.so src/trapstreet/plugins/decoders/_compiled.so .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.ready: requirements/bootstrap.lock requirements/dev.lock pyproject.toml hatch_build.py src/trapstreet/index/kernel.c src/trapstreet/plugins/decoders/clues.c
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.lock requirements/bootstrap.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --reinstall --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "from trapstreet.index import native; print(native.remark() or 'The matcher is compiled.')"
	touch $@
