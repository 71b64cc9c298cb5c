# The project's commands. `make demo` and `make test` install what is missing first.

PRESET ?= release
BUILD := build/$(PRESET)
PYTHON := .venv/bin/python
CXX_FILES = $(shell git ls-files --cached --others --exclude-standard '*.cc' '*.h' '*.cu' '*.cuh')

QUICK_TESTS := base_test grpc_server_test models_service_test models_test scheduling_test \
  service_parts_test telemetry_test

.PHONY: help demo test check bench bench-serving bench-smoke bundle build sanitized configure \
  format lint thread-safety tidy clean

help:
	@echo "make demo    match a real photograph pair through the server, into build/demo"
	@echo "make test    build and run every test"
	@echo "make check   the quick checks: lint, and the tests that need no LibTorch"
	@echo "make bench-serving  measure the served system against its bars, into build/bench"
	@echo "make bench-smoke  run both benchmarks in their quick mode, as a test of them"
	@echo "make bundle  train and export the shipped model: PHOTOGRAPHS=DIR [CLASSES=DIR] [OUT=DIR]"
	@echo "make bench   measure the engine beside plain PyTorch, into build/bench"
	@echo "make build   build everything into $(BUILD) (PRESET=release|ci|client|debug|asan|tsan|cuda)"
	@echo "make format  format the C++ and Python sources"
	@echo "make lint    check formatting, the Python sources, the layers and the words"
	@echo "make tidy    clang-tidy over the C++ files that changed since BASE, default HEAD~1"
	@echo "make thread-safety  check the server's lock annotations with clang"
	@echo "make clean   remove build/ (the Python environment .venv stays)"

demo:
	deploy/install-deps demo
	$(MAKE) --no-print-directory configure
	cmake --build $(BUILD) --target nemf-server nemf-cli
	$(PYTHON) deploy/demo --bin $(BUILD)/bin

test:
	deploy/install-deps test
	$(MAKE) --no-print-directory build
	$(MAKE) --no-print-directory sanitized
	$(PYTHON) deploy/run_tests.py $(BUILD) --asan build/asan --tsan build/tsan

# Builds the tests that run with sanitizers.
sanitized:
	$(MAKE) --no-print-directory configure PRESET=asan
	cmake --build build/asan --target asan_tests
	$(MAKE) --no-print-directory configure PRESET=tsan
	cmake --build build/tsan --target tsan_tests

check: lint
	$(MAKE) --no-print-directory configure PRESET=ci
	cmake --build build/ci --target $(QUICK_TESTS)
	ctest --test-dir build/ci --label-regex '^(base|models|scheduling|service|telemetry)$$' \
	  --exclude-regex NOT_BUILT --parallel $$(nproc) --output-on-failure
	$(PYTHON) -m pytest -q tests/lint

# Retrains the shipped model with fixed seeds; an interrupted run continues from its checkpoints.
bundle:
	@test -n "$(PHOTOGRAPHS)" || { echo "make bundle PHOTOGRAPHS=DIR [CLASSES=DIR] [OUT=DIR]"; exit 2; }
	deploy/install-deps test
	PYTHONPATH=model $(PYTHON) -m nemf_model.training.make_bundle --photographs $(PHOTOGRAPHS) \
	  $(if $(CLASSES),--classes $(CLASSES)) --runs build/bundle/runs --seed 1 \
	  --out $(or $(OUT),build/bundle)

bench-serving:
	deploy/install-deps test
	$(MAKE) --no-print-directory configure
	cmake --build $(BUILD) --target nemf-server nemf-cli bench_serving_engine
	$(PYTHON) -m tests.bench_serving --bin $(BUILD)/bin --out build/bench $(BENCH_FLAGS)

bench-smoke:
	deploy/install-deps bench
	$(MAKE) --no-print-directory configure
	cmake --build $(BUILD) --target nemf-server nemf-cli bench_serving_engine nemf-bench-worker \
	  nemf-bench-hot
	NEMF_BIN_DIR=$(BUILD)/bin $(PYTHON) -m pytest -q tests/bench tests/bench_serving

bench:
	deploy/install-deps bench
	$(MAKE) --no-print-directory configure
	cmake --build $(BUILD) --target nemf-bench-worker nemf-bench-hot
	$(PYTHON) tests/bench/run.py --bin $(BUILD)/bin

build: configure
	cmake --build $(BUILD)

# The log level hides what CMake has found; warnings and errors are still shown.
configure:
	@cmake --preset $(PRESET) --log-level=WARNING

format:
	deploy/install-deps dev
	clang-format -i $(CXX_FILES)
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	deploy/install-deps dev
	clang-format --dry-run --Werror $(CXX_FILES)
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) tests/lint/check_layers.py
	$(PYTHON) tests/lint/check_words.py

# Parses with clang what the preset compiles with g++: no second build.
thread-safety:
	deploy/install-deps dev
	$(MAKE) --no-print-directory configure
	cmake --build $(BUILD) --target nemf_proto
	$(PYTHON) tests/lint/check_thread_safety.py $(BUILD)

BASE ?= HEAD~1
tidy:
	deploy/install-deps dev
	$(MAKE) --no-print-directory configure PRESET=clang
	cmake --build build/clang --target nemf_proto
	git diff --name-only --diff-filter=d $(BASE) -- 'server/*.cc' 'client/*.cc' | \
	  xargs --no-run-if-empty -n 1 -P 2 clang-tidy -p build/clang --quiet --warnings-as-errors='*'

clean:
	rm -rf build
