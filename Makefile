# Two commands matter: `make run` and `make test`. Everything else is listed by `make help`.
PYTHON_HERE = .venv/bin/python
WITH_SERVICES = $(PYTHON_HERE) -m teamboard.launch.with_services

.PHONY: help run test check-fast test-clock test-openclaw test-oidc security lint bench faults mutants shape reqs owner reset clean vendor lock translations

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start everything on this machine and print the address (EMPTY=1: no demo project, PORT=8000)
	@scripts/setup
	@exec $(PYTHON_HERE) manage.py up

test: ## lint, then all tests on a private PostgreSQL and Valkey, then the browser
	@scripts/setup dev
	@scripts/test

check-fast: ## before a commit: lint, and the tests beside the files that changed since main
	@scripts/setup dev
	@scripts/check-fast

test-clock: ## the tests that have to do with time, at other times and in other zones (FULL=1: all tests)
	@scripts/setup dev
	@FULL="$(FULL)" scripts/test-clock

test-openclaw: ## the main loop against the real OpenClaw gateway (installed for it)
	@scripts/setup dev
	@tests/openclaw/run

test-oidc: ## sign-in and sign-out with a certified OpenID provider (installed for it)
	@scripts/setup dev
	@tests/certified/run

security: ## known weaknesses: bandit, pip-audit, secrets and doors, MDN's Observatory over six kinds of page
	@scripts/setup dev
	@scripts/security

lint: ## ruff, types, import layers, migrations, deployment checks, translations, the scripts (Biome, types)
	@scripts/setup dev
	@$(WITH_SERVICES) scripts/lint

bench: ## our figures beside bare floors, in CPU milliseconds
	@scripts/setup dev
	@$(WITH_SERVICES) $(PYTHON_HERE) -m bench

faults: ## the fault runs in full: kills, restarts and storms, printed as a table
	@scripts/setup dev
	@$(PYTHON_HERE) -m tests.faults

mutants: ## break some eighty chosen lines one at a time; the nearest tests must notice each
	@scripts/setup dev
	@$(WITH_SERVICES) $(PYTHON_HERE) -m tests.mutants

shape: ## the shape of the code in figures: circles, names, folders, saves, ignores, path lengths
	@scripts/setup dev
	@$(PYTHON_HERE) -m tests.shape

reqs: ## which numbered criteria have tests and which have none
	@scripts/setup dev
	@$(PYTHON_HERE) scripts/reqs.py

owner: ## give the owner account a new password (also while the board runs)
	@scripts/setup
	@$(PYTHON_HERE) manage.py owner

reset: ## delete the data of `make run` (asks first)
	@scripts/reset

clean: ## delete what the set-up made, never the data
	rm -rf .venv .runtime node_modules staticfiles .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis test-results

vendor: ## renew static/vendor from npm
	@scripts/setup dev
	@$(PYTHON_HERE) scripts/vendor.py

lock: ## renew the locked requirements (needs uv)
	@scripts/lock

translations: ## collect new texts into locale/ and compile it (needs gettext)
	@scripts/setup dev
	@scripts/translations update
