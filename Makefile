# Two commands do everything on a fresh machine: `make verify` and `make test`. Options go in ARGS: make verify ARGS="--quick --seed 7"

SHELL := /bin/sh
NODE := node_modules/.bin/node
ARGS ?=

.PHONY: help setup verify test lint types format docs seeds clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo '  ARGS="..." passes options on, e.g. make verify ARGS="--quick --topology sentinel"'

node_modules/.package-lock.json: package.json package-lock.json
	@# not `npm ci`: it refuses a lock file without the optional builds for other platforms, and not every mirror carries those
	npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

setup: node_modules/.package-lock.json ## install npm packages (Node 24 among them) and a server when one is missing
	@sh conformance/targets/process/setup

verify: setup ## the main job: deploy, keep every pattern busy, break the primary, report
	@$(NODE) conformance/cli.ts verify $(ARGS)

test: setup ## all tests: types, lint, formats, unit, real servers, end to end
	@sh .ci/test $(ARGS)

types: node_modules/.package-lock.json ## check types only
	@$(NODE) node_modules/typescript/bin/tsc --noEmit -p .

lint: node_modules/.package-lock.json ## lint and format check
	@$(NODE) node_modules/oxlint/bin/oxlint && $(NODE) node_modules/oxfmt/bin/oxfmt --check spec conformance lifecycle docs .ci architecture.test.ts vitest.config.ts

format: node_modules/.package-lock.json ## format the source
	@$(NODE) node_modules/oxfmt/bin/oxfmt spec conformance lifecycle docs .ci architecture.test.ts vitest.config.ts

docs: node_modules/.package-lock.json ## generate the reference and README's table (REPORT=reports/latest takes a new sample)
	@$(NODE) docs/generate.ts

seeds: setup ## twenty seeds of `verify --quick` in a row (about 7 minutes); prints the distribution of gaps
	@$(NODE) conformance/testing/seeds.ts $(ARGS)

clean: ## remove what was generated here
	rm -rf node_modules reports
