# Chasqui: everything that must hold, in a few commands.
#
#   make check   formatting, lints, unit tests, the tidy test: a few minutes, before every commit
#   make test    check, then every test, the core's models, the walk, sabotage, kill -9
#   make loom    the core's models alone: each, its mutants, and their count
#   make sim    the simulation of lanes and shards alone: SEEDS=100000, from SEED=first
#   make soak    what takes longer than a commit may: the same, deeper and at length
#
# All tests share one Cargo profile, `proof`: optimised, with every assertion on.

.PHONY: check test loom sim soak demo
.DEFAULT_GOAL := check

check:
	@bash .ci/sections check

test:
	@bash .ci/sections test

loom:
	@bash .ci/sections loom

sim:
	@CHASQUI_SEEDS=$(SEEDS) CHASQUI_SEED_FIRST=$(SEED) bash .ci/sections sim

# CHASQUI_SOAK_OPERATIONS and CHASQUI_SOAK_SEED say how many of each policy, and which.
soak:
	@bash .ci/sections soak

# The system against simulated providers, customers and agents, for a look.
demo:
	cargo run --release -- demo --for 20s --rate 500 --agents 50
