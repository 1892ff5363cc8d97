# Only dispatches: what each target does is in toolchain/.
PYTHON ?= python3
RUN := toolchain/run.sh

.DEFAULT_GOAL := help
.PHONY: help up preview tools cluster cluster-stop cluster-status cluster-reset shell lint audit unit test test-quick \
	test-cluster faults bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: cluster ## Install the tools, start the cluster, deploy the dev stack, print its URLs
	@$(RUN) toolchain/up.sh

preview: cluster ## Show what `make up` would change in the dev stack
	@$(RUN) pulumi preview --diff --stack dev

tools: ## Install the pinned tools and Python packages
	@$(PYTHON) -m toolchain.tools

cluster: tools ## Start the embedded cluster: Docker, a registry, Consul and Nomad, on loopback
	@$(PYTHON) -m toolchain.cluster up

cluster-stop: ## Stop the cluster; its jobs and images come back at the next start
	@$(PYTHON) -m toolchain.cluster stop

cluster-status: ## Show each server's address, process, log and health
	@$(PYTHON) -m toolchain.cluster status

cluster-reset: ## Stop the cluster and delete its jobs, images and logs
	@$(PYTHON) -m toolchain.cluster reset

shell: tools ## Start your shell in the environment of `. ./activate`
	@$(RUN) toolchain/shell.sh

lint: tools ## Check formatting, lint and types
	@$(RUN) toolchain/lint.sh

audit: tools ## Check the dependencies: installed as pinned, Go's hashes, known advisories; AUDIT=--help
	@$(RUN) python -m toolchain.audit $(AUDIT)

unit: tools ## Run the tests that need no cluster
	@$(RUN) pytest tests/unit

test: lint audit ## Run everything: lint, types, audit, unit tests, tests on a cluster of their own
	@$(RUN) pytest tests/unit --numprocesses 2
	@$(RUN) pytest tests/faults tests/cluster tests/field --numprocesses 6 --dist loadgroup

test-quick: tools ## Run lint, types and unit tests: the loop of every minute
	@$(RUN) toolchain/lint.sh
	@$(RUN) pytest tests/unit --numprocesses 2

test-cluster: tools ## Start a cluster for single tests, which stays up: pytest tests/cluster/test_deploy.py --cluster
	@$(PYTHON) -m toolchain.cluster up --dir .caravan/test-cluster

faults: tools ## Bring about every fault, the long loops too, and write what was seen into README.md and docs/faults.md
	@$(RUN) toolchain/faults.sh $(FAULTS)

bench: tools ## Measure speed beside the peers, on a cluster of its own; BENCH="--full" and others: BENCH=--help
	@$(RUN) python -m bench $(BENCH)

clean: cluster-reset ## Delete the cluster, the environment and the installed tools; stack state and the user's cache stay
	@rm -rf .venv .caravan/bin .caravan/libexec .caravan/pulumi .mypy_cache .ruff_cache .pytest_cache .hypothesis
