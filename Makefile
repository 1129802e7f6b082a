# slim: what one types. CMake and Ninja do the work (see CMakePresets.json).
#
#   make test    installs what is missing, builds, runs every test
#   make demo    the same, then compresses and runs a real model
PRESET ?= release
BUILD  ?= $(if $(filter release,$(PRESET)),build,build-$(PRESET))
JOBS   ?= $(shell nproc)
PREFIX ?= /usr/local

VENV    := build/venv
PYTHON  := $(CURDIR)/$(VENV)/bin/python3
MODELS  := build/models
PEERS   := build/peers
CTEST   := ctest --test-dir $(BUILD) --output-on-failure --no-tests=error
FORMAT  := clang-format-22
SOURCES = git ls-files '*.h' '*.cpp' '*.c'

.PHONY: help deps configure build test check-unit check-integration check-slow \
        demo bench format check-format install clean

help:
	@echo "usage: make TARGET [PRESET=release|debug|sanitize] [BUILD=dir] [JOBS=n]"
	@echo
	@echo "  deps               install Debian packages (root) and a Python environment"
	@echo "  build              configure and build the tools"
	@echo "  test               build, then unit, lit and integration tests"
	@echo "  check-unit         only the unit tests"
	@echo "  check-integration  only the tests on whole models"
	@echo "  check-slow         only what takes longer than make test should"
	@echo "  demo               compress, compile and run a real model; prints a table"
	@echo "  bench              slim beside ONNX Runtime, OpenVINO and IREE; BENCH= options"
	@echo "  format             clang-format the tree; check-format only looks"
	@echo "  install            install to PREFIX ($(PREFIX))"
	@echo "  clean              remove the build, keep downloads and Python environment"

# The stamp is renewed when either list of dependencies changes; the script
# itself looks at what is installed, so that it is cheap to run each time.
deps: $(VENV)/.stamp
	@sh scripts/install-deps.sh

$(VENV)/.stamp: test/requirements.txt scripts/install-deps.sh
	@sh scripts/install-deps.sh
	@echo "deps: Python environment in $(VENV)"
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install -q --disable-pip-version-check -r test/requirements.txt
	@touch $@

configure: deps
	@test -f $(BUILD)/build.ninja || \
	  cmake --preset $(PRESET) -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX)

build: configure
	cmake --build $(BUILD) -j $(JOBS)

test: build
	@$(CTEST) -j $(JOBS) -LE slow

check-unit: build
	@$(CTEST) -j $(JOBS) -L unit

check-integration: build
	@$(CTEST) -j $(JOBS) -L integration -LE slow

check-slow: build
	@$(CTEST) -j $(JOBS) -L slow

demo: build
	@$(PYTHON) scripts/fetch_models.py --dir $(MODELS) minilm_l6
	@$(PYTHON) scripts/demo.py --tools $(BUILD)/bin --models $(MODELS) \
	  --work $(BUILD)/demo

bench: build
	@python3 benchmarks/run.py --tools $(BUILD)/bin --models $(MODELS) \
	  --peers $(PEERS) --work $(BUILD)/benchmark \
	  --json $(BUILD)/benchmark.json --markdown $(BUILD)/benchmark.md $(BENCH)

format:
	@$(SOURCES) | xargs $(FORMAT) -i

check-format:
	@$(SOURCES) | xargs $(FORMAT) --dry-run --Werror

install: build
	cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	@if [ "$(BUILD)" = build ]; then \
	  find build -mindepth 1 -maxdepth 1 ! -name venv ! -name models \
	    ! -name peers \
	    -exec rm -rf {} + 2>/dev/null || true; \
	else rm -rf "$(BUILD)"; fi
