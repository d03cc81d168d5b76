# The commands of this project. `make up` is the first one to try; `make help` lists them.

.POSIX:
SHELL = /bin/sh
CARGO = cargo
# More for cairn up: make up ARGS="--listen 127.0.0.1:9000 --data-dir /tmp/cairn"
ARGS =
# What tests and checks run. The whole workspace at once, as in the tests: a package alone has other features
# of its dependencies, and they would all be compiled once more.
PROGRAMS = $(CARGO) build --workspace --bin cairn --example openapi --locked
OPENAPI = "$${CARGO_TARGET_DIR:-target}/debug/examples/openapi"
# How often the kill harness kills.
KILLS = 20

.PHONY: help up build postgres rust test test-all check fmt openapi kill-test relevance bench doctor

help:
	@echo 'make up         build, start everything, load the demo, print addresses and the first key'
	@echo 'make test       every test that needs nothing but this repository and Postgres'
	@echo 'make test-all   also the shared corpora, the crash loops and the browser (CAIRN_SHARED)'
	@echo 'make check      formatting, lints, the rules of the house, generated files'
	@echo 'make kill-test  kill the server $(KILLS) times while it imports and writes'
	@echo 'make relevance  judge search on the shared collections (CAIRN_SHARED)'
	@echo 'make bench      measure, side by side with the floor'
	@echo 'make openapi    write crates/http/openapi.json'
	@echo 'make fmt        format'
	@echo 'make doctor     what a start would find on this machine'

up: build postgres
	@exec "$${CARGO_TARGET_DIR:-target}/release/cairn" up $(ARGS)

build: rust
	$(CARGO) build --release --locked --package cairn-server

doctor: build
	@exec "$${CARGO_TARGET_DIR:-target}/release/cairn" doctor $(ARGS)

rust:
	@command -v $(CARGO) >/dev/null 2>&1 || { \
	  echo 'cargo was not found. Cairn needs Rust 1.94 or newer; https://rustup.rs installs it' >&2; \
	  exit 1; }

# Finds a Postgres or installs one with the package client of this machine.
postgres:
	@sh .ci/postgres

# The kill harness runs the program itself, so it is built first, with the features of the tests.
test: rust postgres
	$(PROGRAMS)
	$(CARGO) test --workspace --locked

test-all: rust postgres
	@test -n "$$CAIRN_SHARED" || { \
	  echo 'set CAIRN_SHARED to the folder with corpora/ and search/' >&2; exit 1; }
	$(PROGRAMS)
	CAIRN_TEST_ALL=1 $(CARGO) test --workspace --locked -- --include-ignored

kill-test: build postgres
	CAIRN_TEST_KILLS=$(KILLS) \
	CAIRN_TEST_BINARY="$$(cd "$${CARGO_TARGET_DIR:-target}/release" && pwd)/cairn" \
	$(CARGO) test --locked --package cairn-tests --test suite -- kill --include-ignored --nocapture

check: rust
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	$(PROGRAMS)
	@$(OPENAPI) > openapi.new
	@cmp -s openapi.new crates/http/openapi.json || { \
	  rm -f openapi.new; \
	  echo 'crates/http/openapi.json is not what the handlers say; run make openapi' >&2; exit 1; }
	@rm -f openapi.new
	$(CARGO) test --workspace --locked --test suite house

fmt: rust
	$(CARGO) fmt --all

openapi: rust
	$(PROGRAMS)
	$(OPENAPI) > openapi.new
	mv openapi.new crates/http/openapi.json

# What search finds on the judged collections, and how fast. A changed weight needs no build.
relevance: rust
	@test -n "$$CAIRN_SHARED" || { \
	  echo 'set CAIRN_SHARED to the folder with search/' >&2; exit 1; }
	$(CARGO) test --workspace --locked --test room -- relevance --nocapture

bench: build postgres
	$(CARGO) run --release --locked --package cairn-bench -- $(ARGS)
