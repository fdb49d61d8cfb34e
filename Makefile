# Everything a person types. `make run` alone, on a fresh Debian-like machine with Swift 6.3, ends with the system
# running and the sample call delivered.

SWIFT ?= swift
ARGS ?=
SEEDS ?= 20
BENCHES := noop accept deliver pickup due-lag backlog memory fairness isolation in-flight

# Many tests wait for servers and processes: a few at a time go faster than all at once, and no one starves. The system
# tests look at when a request arrived, so they have the machine to themselves, and the day, which is a load of its own,
# comes last.
TESTING := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8

.PHONY: help run test build bench crash lint format clean setup $(BENCHES)
.NOTPARALLEL:

help:
	@echo "make run      set up, build, run everything here and deliver the sample call (ARGS=\"--port 9000\")"
	@echo "make test     set up, build, run all tests"
	@echo "make bench    set up, build, run the benchmarks; 'make bench noop' runs one of: $(BENCHES)"
	@echo "make crash    set up, build, kill and freeze everything under load (SEEDS=20 ARGS=\"--from 1 --parallel 2\")"
	@echo "make build    set up and build the programs for release"
	@echo "make lint     check the format · make format: put it right · make clean: remove builds"
	@echo "make setup    install missing system packages"

run: build
	.build/release/aventora dev $(ARGS)

test:
	@deploy/setup test
	$(SWIFT) build --build-tests
	$(TESTING) $(SWIFT) test --skip-build --skip '^SystemTests\.' $(ARGS)
	$(TESTING) $(SWIFT) test --skip-build --filter '^SystemTests\.' --skip '^SystemTests\.DayTests' $(ARGS)
	$(TESTING) $(SWIFT) test --skip-build --filter '^SystemTests\.DayTests' $(ARGS)

build: setup
	$(SWIFT) build -c release --static-swift-stdlib

# Peers that cannot be installed are left out of the comparison, which says so.
bench: build
	@deploy/setup bench || echo "going on with the peers that there are"
	@Benchmarks/peers/setup .aventora/peers
	.build/release/aventora-bench $(filter $(BENCHES),$(MAKECMDGOALS)) $(ARGS)

crash: build
	.build/release/aventora-crash --seeds $(SEEDS) $(ARGS)

# `make bench noop`: the names are words for bench, not work of their own.
$(BENCHES):
	@$(if $(filter bench,$(MAKECMDGOALS)),:,echo "say: make bench $@"; exit 64)

lint:
	$(SWIFT) format lint --strict --parallel --recursive Benchmarks Crash Examples/Package.swift Examples/Sources Examples/Tests Sources Tests Package.swift

format:
	$(SWIFT) format --in-place --parallel --recursive Benchmarks Crash Examples/Package.swift Examples/Sources Examples/Tests Sources Tests Package.swift

# The data of `make run` under .aventora stays.
clean:
	rm -rf .build .build-thread .build-address .build-examples

setup:
	@deploy/setup
