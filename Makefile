# Every target sets up what it needs: on a new machine Python 3.13 and make are enough.

PYTHON ?= python3.13
BIN := .venv/bin
AXE := tests/browser/node_modules/axe-core/axe.min.js
UNIT := -p no:schemathesis -p no:anyio tests/unit  # plugins that it would wait for in vain
export SAM_CLI_TELEMETRY := 0
export PYTHONPATH := layers/product/python:.

.PHONY: help setup demo serve bench cost drain chaos mutants loans edits openapi dashboard previews texts contract import sns check erase explain plan-again restored test browser browser-tools unit lint format validate build lock clean

help:                ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/installed  ## install the tools that the other targets use into .venv

.venv/installed: requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

demo: setup          ## play six weeks of reminders on a local stack and compare the counts
	$(BIN)/python -m local.demo

serve: setup         ## keep a local stack with the sample running until Ctrl-C
	$(BIN)/python -m local.serve

bench: setup         ## measure cold starts, sizes, calls, units and growth against their targets
	$(BIN)/python -m local.benchmark

cost: setup          ## what a month costs, by service, beside two usual ways to build the same
	$(BIN)/python -m local.costs

drain: setup         ## when the last message leaves if everybody chose one minute: make drain CHECK=20000 plays it
	CHECK="$(CHECK)" $(BIN)/python -m local.drain

chaos: setup         ## run the fault campaign: make chaos SCHEDULES=2000 PAIRS=5000; it resumes
	SCHEDULES="$(SCHEDULES)" PAIRS="$(PAIRS)" $(BIN)/python -m tests.chaos

mutants: setup       ## change the product line by line; its tests must notice: make mutants ONLY=domain/clock
	ONLY="$(ONLY)" $(BIN)/python -m tests.mutants

loans: setup         ## twenty thousand loans with histories, against a second implementation
	LOAN_HISTORIES=20000 $(BIN)/python -m pytest -q tests/loans

edits: setup         ## twenty thousand histories of one bill, in which no edit may rewrite the past
	EDIT_HISTORIES=20000 $(BIN)/python -m pytest -q -s tests/edits

openapi: setup       ## write the API's document and its page, which api_docs serves, from the routes
	$(BIN)/python -m local.openapi

dashboard: setup     ## write the body of the administrator's dashboard into template.yaml
	$(BIN)/python -m local.dashboard

previews: setup      ## write every message in every language into build/previews/index.html
	$(BIN)/python -m local.previews

texts: setup         ## list the SMS wordings to register: make texts SENDER="Lantern" COUNTRY=IN
	@$(BIN)/python -m local.texts $(if $(SENDER),--sender "$(SENDER)") \
		$(if $(COUNTRY),--country "$(COUNTRY)")

contract: setup      ## let Schemathesis alone compare the deployed local API with its document
	$(BIN)/python -m pytest tests/stack/test_api_contract.py

import: setup        ## make import STACK=name USERS=users.csv BILLS=bills.csv
	$(BIN)/python -m bill_reminders.cli import --stack "$(STACK)" $(if $(USERS),--users "$(USERS)") \
		$(if $(BILLS),--bills "$(BILLS)") $(FLAGS)

test: setup browser-tools lint validate  ## run every check: lint, types, template, unit, adapters, local stack
	EXAMPLES=all $(BIN)/python -m pytest -n 2 $(UNIT)
	$(BIN)/python -m pytest -n 2 tests/loans tests/edits tests/adapters tests/api tests/chaos
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/stack  # two stacks, each with its own engine

browser: setup browser-tools  ## the pages in a headless Chromium, alone
	$(BIN)/python -m pytest tests/stack/test_pages_in_browser.py tests/stack/test_console_in_browser.py

browser-tools: $(AXE)
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		echo "The browser tests need Chromium: apt-get install chromium fonts-noto-cjk npm" >&2; exit 1; }

$(AXE): tests/browser/package-lock.json
	@command -v npm || { \
		echo "The browser tests need npm: apt-get install chromium fonts-noto-cjk npm" >&2; exit 1; }
	npm ci --silent --no-audit --no-fund --prefix tests/browser
	@touch $@

unit: setup          ## the unit tests alone, in seconds: with few of the examples that make test takes
	$(BIN)/python -m pytest -n 2 $(UNIT)

lint: setup          ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup        ## let ruff order imports and lay out code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

validate: setup      ## check template.yaml
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam validate --lint

build: setup         ## build what is deployed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build

lock: setup          ## pin the libraries of the .in files; UPGRADE=--upgrade for newer ones
	$(BIN)/uv pip compile --quiet $(UPGRADE) --generate-hashes --python-version 3.13 \
		--no-emit-index-url --no-emit-find-links requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet $(UPGRADE) --generate-hashes --python-version 3.13 \
		--python-platform x86_64-manylinux2014 --no-emit-index-url --no-emit-find-links \
		-c requirements-dev.txt layers/dependencies/requirements.in \
		-o layers/dependencies/requirements.txt
	$(BIN)/uv pip compile --quiet $(UPGRADE) --generate-hashes --python-version 3.13 \
		--python-platform x86_64-manylinux2014 --no-emit-index-url --no-emit-find-links \
		-c requirements-dev.txt layers/api/requirements.in \
		-o layers/api/requirements.txt

sns: setup           ## let SNS tell what became of SMS and pushes: make sns STACK=name; it may be repeated
	$(BIN)/python -m bill_reminders.cli setup --stack "$(STACK)" $(FLAGS)

check: setup         ## say what of that is missing, and change nothing: make check STACK=name
	$(BIN)/python -m bill_reminders.cli check --stack "$(STACK)" $(FLAGS)

erase:               ## erase an imported person for good: make erase STACK=name PERSON=user-id
	@test -n "$(PERSON)" || { echo "say who: make erase STACK=name PERSON=user-id" >&2; exit 2; }
	@$(MAKE) --no-print-directory setup
	$(BIN)/python -m bill_reminders.cli erase --stack "$(STACK)" --user "$(PERSON)" $(FLAGS)

explain:             ## why somebody is or is not reminded: make explain STACK=name PERSON=user-id BILL=bill-id
	@test -n "$(PERSON)" || { echo "say who: make explain STACK=name PERSON=user-id" >&2; exit 2; }
	@$(MAKE) --no-print-directory setup
	@$(BIN)/python -m bill_reminders.cli explain --stack "$(STACK)" \
		--who "$(PERSON)" $(if $(BILL),--bill "$(BILL)") $(FLAGS)

plan-again: setup    ## after an update of zones, holidays or SpreadMinutes: make plan-again STACK=name; it goes on
	$(BIN)/python -m bill_reminders.cli plan-again --stack "$(STACK)" \
		$(if $(PERSON),--user "$(PERSON)",--everybody)

restored: setup      ## after a restore (docs/runbook.md): make restored STACK=name BEFORE=2027-03-05T12:34Z
	$(BIN)/python -m bill_reminders.cli restored --stack "$(STACK)" --before "$(BEFORE)" $(FLAGS)

clean:               ## remove what was built and installed
	rm -rf .venv .aws-sam build tests/browser/node_modules
