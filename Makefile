# Every target is a line or two; `make help` lists them.
CARGO ?= cargo
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help try demo test test-fast clients hunt load lint bench conformance crds testbed

help: ## This list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

try: ## Without Kubernetes: emulator, plan, apply, a change by hand, plan. Needs Rust alone.
	@$(CARGO) build --workspace --bins --quiet
	@$(CARGO) run --quiet -p snowfence-demo -- try

demo: ## The whole: control plane, emulator, operator, drift and its mending. ONCE=1 ends by itself; CLUSTER=context uses yours.
	@$(CARGO) build --workspace --bins
	@$(CARGO) run --quiet -p snowfence-demo -- demo $(if $(ONCE),--once) $(if $(CLUSTER),--cluster $(CLUSTER))

# The same random cases each time; `make hunt` is for new ones.
test test-fast: export PROPTEST_RNG_SEED ?= 20270131
test: lint testbed ## Everything that continuous integration runs.
	$(CARGO) test --workspace
	@$(MAKE) --no-print-directory clients
	@$(MAKE) --no-print-directory demo ONCE=1

test-fast: ## The tests that need neither Go nor a control plane.
	$(CARGO) test --workspace --lib --bins
	$(CARGO) test -p snowfence --test suite -- --skip e2e::

clients: ## Snowflake's programs in Python judge the emulator; needs Python 3.11 or newer. ARGS='-k snow' takes some.
	@$(CARGO) build --quiet --workspace --bins
	@$(PYTHON) clients/run.py $(ARGS)

hunt: ## Lives that no test has lived yet, for ten minutes; a failing one is kept in tests/property.proptest-regressions.
	PROPERTY_SEED=random PROPERTY_SECONDS=600 PROPERTY_CASES=100000 $(CARGO) test -p snowfence --lib --test suite converge_after -- --nocapture

load: ## 64 clients at the emulator for a minute; SECONDS=600 for longer.
	LOAD_SECONDS=$(or $(SECONDS),60) $(CARGO) test -p snowfence-emulator --test door -- load:: --nocapture

lint: ## Formatting and clippy.
	$(CARGO) fmt --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench: testbed ## The figures, on the terminal and in target/figures.json; FIGURE=name takes one.
	@$(CARGO) build --release --workspace --bins --bench figures
	@$(CARGO) bench --workspace --bench figures -- $(FIGURE)

conformance: ## The list of what Snowflake answers, against the emulator; CONNECTION=name asks, then takes an account.
	@$(CARGO) run --quiet -p snowfence-conformance -- $(if $(CONNECTION),--connection $(CONNECTION)) $(if $(YES),--yes) $(if $(COMPUTE),--compute) $(addprefix --only ,$(ONLY))

crds: ## Writes the custom resource definitions to crds/.
	$(CARGO) run --quiet -p snowfence --bin snowfence -- crds --dir crds

testbed: ## Builds the local Kubernetes, once, into the user's cache.
	@$(CARGO) run --quiet -p snowfence-testbed -- build
