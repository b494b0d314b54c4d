# Every command of the project; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stop test check docs bench judge-bench judge-aa faults simulate simulate-mutants prove-npm clean

NAME ?=
node := scripts/node.sh
tool := $(node) node_modules/.bin
tests := $(if $(NAME),test/$(NAME)/**/*.test.ts,test/**/*.test.ts)
benches := $(if $(NAME),bench/$(NAME).ts,$(sort $(wildcard bench/*.ts)))
faults := $(if $(NAME),test/faults/$(NAME).ts,$(sort $(wildcard test/faults/*.ts)))

# A terminal gets a bold heading; a file, or NO_COLOR, plain text.
heading = @if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then printf '\033[1m%s\033[0m\n' '$(1)'; else echo '$(1)'; fi

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

setup: ## install what the project needs (every other command does it too)
	@scripts/setup.sh
	@echo 'setup: ready'

demo: ## a canary, a bad release and its rollback before your eyes; KEEP=1 leaves it running
	@scripts/setup.sh demo
	@KEEP='$(KEEP)' $(node) demo/run.ts

demo-stop: ## end what a demo with KEEP=1 has left running
	@$(node) demo/stop.ts

test: check ## every check and every test; NAME=core: only test/core
	@scripts/setup.sh test
	$(call heading,tests)
	@$(node) --test --test-reporter=spec --test-concurrency=2 --test-timeout=120000 '$(tests)'

check: ## types, lint rules, unused code, format
	@scripts/setup.sh
	$(call heading,types)
	@$(tool)/tsc -b
	$(call heading,lint)
	@$(tool)/oxlint
	$(call heading,unused code)
	@$(tool)/knip
	$(call heading,format)
	@$(tool)/prettier --check --log-level=warn .

docs: ## write the JSON Schema and the reference of the command line anew
	@scripts/setup.sh
	@$(node) scripts/schema.ts
	@$(node) scripts/cli-docs.ts >docs/cli.md.new && mv docs/cli.md.new docs/cli.md

bench: ## every benchmark; NAME=edge: only bench/edge.ts
	@scripts/setup.sh bench
	@for bench in $(benches); do \
	  [ -f "$$bench" ] || { echo "no $$bench; there are:" bench/*.ts >&2; exit 1; }; \
	  $(node) "$$bench" || exit; \
	done

judge-bench: ## the judge's operating characteristics; MINUTES=n and CELL=x: only so much of them
	@scripts/setup.sh bench
	@MINUTES='$(or $(MINUTES),all)' CELL='$(CELL)' $(node) bench/judge.ts
	@[ -n '$(MINUTES)$(CELL)' ] || $(node) bench/judge/aa/main.ts

judge-aa: ## an hour of the same code beside itself on the real edge; MINUTES=n
	@scripts/setup.sh bench
	@MINUTES='$(or $(MINUTES),60)' $(node) bench/judge/aa/main.ts

faults: ## real faults on real parts; NAME=replicas: only test/faults/replicas.ts
	@scripts/setup.sh test
	@for fault in $(faults); do \
	  [ -f "$$fault" ] || { echo "no $$fault; there are:" test/faults/*.ts >&2; exit 1; }; \
	  $(node) "$$fault" || failed="$$failed $$fault"; \
	done; [ -z "$$failed" ] || { echo "missed:$$failed" >&2; exit 1; }

simulate: ## whole lives on a virtual clock with faults; SEED=n one of them, SEEDS=n FROM=m a range
	@scripts/setup.sh
	@SEED='$(SEED)' SEEDS='$(SEEDS)' FROM='$(FROM)' MUTANT='$(MUTANT)' $(node) test/simulation/run.ts

simulate-mutants: ## in how many of these lives each planted bug is found
	@scripts/setup.sh
	@SEEDS='$(SEEDS)' $(node) test/simulation/run.ts mutants

prove-npm: ## install from a clean home folder with npm 10 and 11
	@scripts/prove-npm-ci.sh

clean: ## remove what was built (npm packages and data stay)
	@rm -rf dist dist-test bench/out demo/out
