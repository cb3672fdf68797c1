# Portico. `make help` says what each target does.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-build setup-test run test check fuzz fuzz-gateway drill bench audit clean

target := $(abspath $(or $(CARGO_TARGET_DIR),target))

# Debian's packages, named only where something is missing. Elsewhere the names are a hint for your own installer.
install = install() { \
	echo "installing $$*"; \
	command -v apt-get >/dev/null || { echo "Please install what Debian calls: $$*" >&2; exit 1; }; \
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	$$as_root apt-get update -qq && \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$$@" >/dev/null; \
}; install

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: setup-build setup-test ## installs what building and testing lack (Debian: with apt-get)

setup-build: ## installs what building lacks: a C compiler, and Rust's std for the browser
	@command -v cargo >/dev/null || { echo "Portico needs Rust 1.94.1 or newer: https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { $(install) gcc libc6-dev; }
	@command -v curl >/dev/null || { $(install) curl ca-certificates; }
	@ls "$$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)"/libstd-* >/dev/null 2>&1 || \
		ls "$$(rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/Cargo.lock" >/dev/null 2>&1 || \
		ls "$$(/usr/bin/rustc --print sysroot 2>/dev/null || echo none)/lib/rustlib/src/rust/library/Cargo.lock" >/dev/null 2>&1 || \
		{ command -v apt-get >/dev/null && { $(install) rustc-web cargo-web rust-web-src; }; } || \
		{ echo "Portico's pages need this: rustup target add wasm32-unknown-unknown" >&2; exit 1; }

setup-test: setup-build ## installs what tests lack: Node.js, Chromium, PostgreSQL, the browser's driver
	@{ command -v node && command -v npm; } >/dev/null || { $(install) nodejs npm; }
	@command -v chromium >/dev/null || { $(install) chromium; }
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { $(install) postgresql; }
	@cd end2end && { cmp -s package-lock.json node_modules/.portico-lock || \
		{ npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.portico-lock; }; }

run: setup-build ## builds a release and starts Portico with its worked example, on SQLite in ./portico-data
	cargo build --release --locked --bin portico --example tidewater
	@server/examples/with-tidewater.sh $(target)/release/portico $(target)/release/examples/tidewater

test: setup-test ## all tests, on SQLite and PostgreSQL, then the journeys in Chromium
	CI=1 cargo test --locked --workspace --all-targets --no-fail-fast
	cd end2end && PORTICO_BIN=$(target)/debug/portico npm test --silent

check: setup-test ## formatting, lints, house rules, colours
	cargo fmt --all --check
	PORTICO_SKIP_WASM=1 cargo clippy --locked --workspace --all-targets -- --deny warnings
	PORTICO_SKIP_WASM=1 cargo test --locked --workspace --test house
	node --test --test-reporter=spec end2end/style/*.test.mjs

fuzz: setup-build ## holds the management API to its own document with schemathesis, for a minute (needs Python 3 with venv)
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { $(install) python3 python3-venv; }
	cargo build --locked --bin portico
	end2end/schemathesis/run

fuzz-gateway: setup-build ## feeds each parser of the gateway with hostile bytes, two at a time (MINUTES=10 each), and the pipeline with a million requests
	PORTICO_MUTATIONS=1000000 cargo test --locked -p portico-gateway --lib authorised:: -- --nocapture
	PORTICO_FUZZ_MINUTES=$(or $(MINUTES),10) cargo test --locked -p portico-gateway --lib fuzz:: -- --nocapture --test-threads 2

drill: setup-build ## a thousand publications in a minute, under load
	cargo test --locked -p portico-gateway --test it change:: -- --include-ignored --nocapture

bench: setup-build ## the gateway beside nginx, haproxy and pingora (BENCH='core lat --rounds 3' for a part of it)
	@command -v python3 >/dev/null || { $(install) python3; }
	@command -v wrk >/dev/null || { $(install) wrk; }
	@command -v cmake >/dev/null || { $(install) cmake g++; }
	cargo build --release --locked --bin portico
	cargo build --release --locked --package portico-gateway --example bench
	cargo build --release --locked --workspace --manifest-path server/bench/Cargo.toml --target-dir $(target)/bench
	CARGO_TARGET_DIR=$(target) server/bench/bench.py $(BENCH)

audit: ## dependencies: bans, licences, sources (installs cargo-deny where it is missing)
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --all-features check bans licenses sources

clean: ## removes what was built; your data in ./portico-data stays
	cargo clean
	rm -rf end2end/node_modules end2end/results end2end/screenshots
