# Two commands do everything on a fresh machine with Python 3.11+, make and git:
#   make demo    the whole system on this machine, against a local exchange
#   make test    every check and test
.DEFAULT_GOAL := help
.PHONY: help demo up test recording lint lint-sql format slow bench screenshots lock audit bom site package release clean
# Where bytecode is not kept, as in many images of Python, each of a hundred processes compiles dbt anew: 3 s of each.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 --durations 12

# Of the scripts under benchmarks/ that run alone: those that take minutes, and those that take longer, or need others'
# packages (peers) or the recording (footprint).
BENCH := decode replay warehouse archive month readers freshness dashboard terminal burst scale sandbox install first_candle cost
LONGER := crash_matrix footprint peers proof reconcile seal_kills simulate soak year

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: ## Run everything against the local exchange; the terminal says where to look
	@scripts/venv.sh run
	@$(BIN)/candlewick up --demo

up: ## Record live from Binance, with candlewick.toml where there is one
	@scripts/venv.sh run
	@$(BIN)/candlewick up

test: lint ## Lint, types and every test but the slow ones
	@scripts/chromium.sh
	@scripts/promtool.sh || [ -z "$$CI" ]
	@$(PYTEST) -m "not slow"

recording: ## Those tests again on the recording of real trades, where it lies beside this folder
	@scripts/venv.sh dev
	@if cd tests && ../$(BIN)/python -c 'from made.recordings import REAL; raise SystemExit(not REAL.is_dir())'; \
		then cd .. && $(PYTEST) -m "recording and not slow"; else echo "There is no recording of real trades here."; fi

lint: ## Ruff (lint and format) and mypy in strict mode
	@scripts/venv.sh dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

lint-sql: ## Sqlfluff over what the models compile to, in both dialects: half a minute on two cores
	@scripts/tools.sh lint-sql
	@$(BIN)/python scripts/lint_sql.py

format: ## Format and fix what ruff can
	@scripts/venv.sh dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

slow: ## The tests that take minutes
	@scripts/venv.sh dev
	@$(BIN)/python -m pytest -m slow

bench: ## The published numbers that take minutes each; BENCH="name ..." for some, LONGER says what takes hours
	@scripts/venv.sh dev
	@for name in $(BENCH); do echo "== benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || exit 1; done

screenshots: ## Make docs/img from a running demo
	@scripts/venv.sh dev
	@scripts/chromium.sh
	@$(BIN)/python scripts/screenshot.py

lock: ## Resolve the locks anew
	@scripts/lock.sh

audit: ## Look everything in the locks up among known vulnerabilities (asks the package indexes)
	@scripts/venv.sh dev
	@for lock in requirements.lock requirements-dev.lock requirements-build.lock requirements-node.lock requirements-release.lock requirements-lint-sql.lock; do \
		echo "== $$lock"; $(BIN)/pip-audit --require-hashes --disable-pip -r $$lock || exit 1; done
	@cd src/candlewick/dashboard/frontend && npm audit

bom: ## Write the bill of materials (CycloneDX) to dist/
	@scripts/venv.sh dev
	@$(BIN)/python scripts/bom.py dist/candlewick.cdx.json

site: ## Build the documentation's site into build/site
	@scripts/venv.sh dev
	@$(BIN)/mkdocs build --strict

package: ## Build the wheel, with its bill of materials inside, into dist/
	@scripts/venv.sh dev
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

release: ## Build sdist and wheel into build/dist as an index wants them, and let twine check both
	@scripts/release.sh

clean: ## Remove what was built and installed; never a lake
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis src/candlewick/dashboard/assets
