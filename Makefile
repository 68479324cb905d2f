# Every task of the project. CI runs the same targets as people do.
#
#   make up      set up, build, collect this machine, print the address to open
#   make test    set up, build, run every test
#   make build   the release binary with the page inside
#   make dist    the same, optimised as a whole: what is published and measured, for four times the build
#   make check   format, clippy with warnings as errors, tidy, the page's types
#   make bench   side by side with VictoriaMetrics, Prometheus, node_exporter and kube-state-metrics, in one run;
#                BENCH="ingest --quick" names sections and options
#   make fuzz    libFuzzer over all that reads bytes from outside; SECONDS=60 each, TARGETS="promql part" only these
#   make testbed the tool that makes real Kubernetes clusters, with every program it needs (docs/testbed.md)
#   make deny    licences, advisories and sources of the dependencies

SHELL := /bin/bash
.DELETE_ON_ERROR:

# In CI the checkout is new every time; what can be kept between runs stands beside it.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/periplus
ifeq ($(CI),true)
export CARGO_TARGET_DIR ?= $(CACHE)/target
export CARGO_INCREMENTAL = 0
export npm_config_cache ?= $(CACHE)/npm
endif
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
export PERIPLUS_PEERS := $(CACHE)/peers
export TESTBED := $(CACHE)/testbed/testbed

UI := front/ui
BROWSER := tests/browser
UI_SOURCES := $(shell find $(UI)/src $(UI)/index.html $(UI)/package.json $(UI)/vite.config.ts -type f 2>/dev/null)
UP ?=
BENCH ?=

.PHONY: up test build dist check bench fuzz testbed deny ui clean setup-build setup-test

up: build
	$(TARGET)/release/periplus up $(UP)

build: ui
	cargo build --release --package periplus

dist: ui
	cargo build --profile dist --package periplus

ui: $(UI)/dist/index.html

$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json | setup-build
	cd $(UI) && npm ci --no-audit --no-fund
	touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.package-lock.json $(UI_SOURCES)
	cd $(UI) && npm run build
	touch $@

$(BROWSER)/node_modules/.package-lock.json: $(BROWSER)/package-lock.json
	cd $(BROWSER) && npm ci --no-audit --no-fund
	touch $@

setup-build:
	scripts/setup.sh build

setup-test:
	scripts/setup.sh test

VERSION := github.com/prometheus/common/version.Version

# Peers are built from the Go module proxy, pinned by go.sum.
$(PERIPLUS_PEERS)/node_exporter: tests/peers/node_exporter/go.sum
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-X $(VERSION)=1.12.1" -o $@ github.com/prometheus/node_exporter

$(PERIPLUS_PEERS)/prometheus: tests/peers/prometheus/go.sum
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-X $(VERSION)=3.10.0" -o $@ github.com/prometheus/prometheus/cmd/prometheus

VM_VERSION := github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version

$(PERIPLUS_PEERS)/victoriametrics: tests/peers/victoriametrics/go.sum
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-X $(VM_VERSION)=victoria-metrics-1.122.0" -o $@ \
		github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics

$(PERIPLUS_PEERS)/promtool: tests/peers/prometheus/go.sum
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-X $(VERSION)=3.10.0" -o $@ github.com/prometheus/prometheus/cmd/promtool

$(PERIPLUS_PEERS)/helm: tests/peers/helm/go.sum
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-s -w" -o $@ helm.sh/helm/v3/cmd/helm

$(PERIPLUS_PEERS)/versitygw: tests/peers/versitygw/go.sum
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-s -w" -o $@ github.com/versity/versitygw/cmd/versitygw

$(PERIPLUS_PEERS)/otelsend: tests/peers/otel/go.sum tests/peers/otel/main.go
	mkdir -p $(@D) && cd $(<D) && go build -ldflags "-s -w" -o $@ .

PEERS := $(addprefix $(PERIPLUS_PEERS)/,node_exporter prometheus promtool helm versitygw otelsend)

CLUSTER := tests/cluster

# The tool asks by itself which programs are built; it keeps them beside itself, by the checksum of their sources.
testbed: setup-test
	mkdir -p $(dir $(TESTBED)) && cd $(CLUSTER) && go build -o $(TESTBED) .
	$(TESTBED) build

test: setup-test ui $(BROWSER)/node_modules/.package-lock.json $(PEERS) testbed
	go mod download github.com/prometheus/prometheus@v0.316.0
	cd $(UI) && npm test
	$(TESTBED) sweep
	cd $(CLUSTER) && go test -p 1 -timeout 30m ./...
	cargo build --workspace
	rm -f $(TARGET)/skipped.txt
	PERIPLUS_SKIPPED=$(TARGET)/skipped.txt cargo test --workspace --no-fail-fast; \
		status=$$?; $(TESTBED) down --all; exit $$status
	@if [ -s $(TARGET)/skipped.txt ]; then echo "skipped here:"; sort -u $(TARGET)/skipped.txt; fi

check: ui
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo xtask tidy
	cd $(CLUSTER) && test -z "$$(gofmt -l . | tee /dev/stderr)" && go vet ./...
	cd tests/peers/otel && test -z "$$(gofmt -l . | tee /dev/stderr)" && go vet ./...
	cd $(UI) && npm run check

BENCH_PEERS := $(addprefix $(PERIPLUS_PEERS)/,node_exporter prometheus victoriametrics)

bench: dist $(BENCH_PEERS) $(BROWSER)/node_modules/.package-lock.json testbed
	cargo build --profile dist --package cluster --example state
	cargo run --profile dist --package bench -- --periplus $(TARGET)/dist/periplus $(BENCH)

SECONDS := 60
TARGETS ?=

fuzz:
	scripts/fuzz.sh $(SECONDS) $(TARGETS)

deny:
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check

clean:
	cargo clean
	rm -rf $(UI)/node_modules $(UI)/dist/assets $(UI)/dist/index.html $(BROWSER)/node_modules
