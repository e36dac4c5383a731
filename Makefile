# advnets: set up, run, test. `make help` lists what there is.
#
# Everything happens in .venv, which is made on the first call and kept up to date
# with setup.cfg, setup.py, pyproject.toml and those of plugins/*.

.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?=
STEPS ?= 2500
RECIPE ?= recipes/goodfellow2014.yaml
PYTEST_ARGS ?=
BENCH_ARGS ?=
GPU_ARGS ?=
FAULTS_ARGS ?=

# Files of tests next to each other, a process per core, four at most (conftest.py); PYTEST_ARGS="-n 0" plays them in one.
# A process that crashes ends the run, and its test is named: one that xdist started again would leave it waiting for ever.
PARALLEL := -n auto --dist loadfile --max-worker-restart=0

VENV := .venv
PLUGINS := $(sort $(dir $(wildcard plugins/*/setup.cfg plugins/*/pyproject.toml)))
METADATA := setup.cfg setup.py pyproject.toml $(wildcard plugins/*/setup.cfg plugins/*/pyproject.toml)
EDITABLE := $(foreach plugin,$(PLUGINS),-e ./$(plugin))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help
help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: install
install: $(VENV)/.installed ## advnets and every distribution in plugins/, from this checkout, without what the tests need
	@echo "The commands advnets and tensorboard are in $(VENV)/bin."

.PHONY: run
run: $(VENV)/.installed ## play the MNIST game of Goodfellow et al. (2014) for about three minutes (STEPS=2500)
	$(VENV)/bin/advnets run $(RECIPE) training.steps=$(STEPS)
	@echo "The commands advnets and tensorboard are in $(VENV)/bin."

.PHONY: test
test: $(VENV)/.installed-test ## the tests, without the slow ones (PYTEST_ARGS="-k word")
	$(VENV)/bin/python -m pytest -m "not slow" $(PARALLEL) --durations=30 $(PYTEST_ARGS)

.PHONY: test-all
test-all: $(VENV)/.installed-test ## the tests, the slow ones too
	$(VENV)/bin/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

.PHONY: bench
bench: $(VENV)/.installed ## time advnets against its peers, side by side: about 20 minutes (BENCH_ARGS="--cases ring")
	$(VENV)/bin/python -m benchmarks.run $(BENCH_ARGS)

.PHONY: gpu-check
gpu-check: $(VENV)/.installed ## play and resume games on a GPU, or in small on the CPU: some minutes (GPU_ARGS="--only xla")
	$(VENV)/bin/python -m benchmarks.gpu_check $(GPU_ARGS)

.PHONY: faults
faults: $(VENV)/.installed-test ## kill runs a hundred times, and measure every fault: about 45 minutes (FAULTS_ARGS="--kills 8")
	$(VENV)/bin/python tests/faults/kill_series.py $(FAULTS_ARGS)
	$(VENV)/bin/python tests/faults/measure_matrix.py $(filter --write,$(FAULTS_ARGS))

.PHONY: results
results: $(VENV)/.installed-test ## the pictures and tables of docs/results.md, from what lies in docs/results/
	$(VENV)/bin/python tools/draw_results.py
	$(VENV)/bin/python tools/write_docs.py

.PHONY: lint
lint: $(VENV)/.installed-dev ## ruff (style, format) and mypy (types)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

.PHONY: dist
dist: $(VENV)/.installed-dev ## the wheel and the source archive, in dist/
	$(VENV)/bin/python -m build

.PHONY: clean
clean: ## remove .venv, caches and build products; runs/ and data stay
	rm -rf $(VENV) .bench build dist *.egg-info plugins/*/build plugins/*/*.egg-info plugins/*/src/*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per set of requirements. The larger sets hold the smaller ones, so their stamps
# are set too, and `make test` followed by `make run` installs once.
$(VENV)/.installed: $(METADATA)
	@$(call install,.)
	@touch $@

$(VENV)/.installed-test: $(METADATA)
	@$(call install,.[test])
	@touch $(VENV)/.installed $@

$(VENV)/.installed-dev: $(METADATA)
	@$(call install,.[dev])
	@touch $(VENV)/.installed $(VENV)/.installed-test $@

# The environment is made again when its Python no longer runs (moved, upgraded, removed).
define install
if ! $(VENV)/bin/python -m pip --version >/dev/null 2>&1; then \
	python="$$(tools/find-python $(PYTHON))"; \
	echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear $(VENV); \
fi; \
echo "Installing advnets, $(words $(PLUGINS)) plugin(s) and what they need (minutes, the first time) ..."; \
$(VENV)/bin/python -m pip install --quiet -e '$(1)' $(EDITABLE)
endef
