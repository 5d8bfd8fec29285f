# Two commands are enough: `make demo` shows it, `make test` proves it. Everything lives in .venv.
.PHONY: setup demo tour test check torch engine images bench docs clean
PY := .venv/bin/python
STAMP := .venv/.visaged-setup

setup: $(STAMP) ## make .venv with the command .venv/bin/visaged
$(STAMP): pyproject.toml constraints.txt
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --config-settings editable_mode=compat --editable '.[morph,faces,dev]'
	touch $@

demo: setup ## two heads that we make ourselves become a morph, in ./visaged-demo
	.venv/bin/visaged demo

# Torch is large; where pip would bring CUDA with it (gigabytes) and there is no GPU, install its small build before.
tour: setup ## a video of somebody talking is learned and film strips are made: VISAGED_TOUR=/path/to/clip.mp4 make tour
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch ai-edge-litert
	$(PY) -m bench.tour

test: setup check torch engine ## all checks and tests
	$(PY) -m pytest -n 3 --dist worksteal  # most tests wait for processes, so more than the cores of a small machine

check: setup ## style, types, directions of imports
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Torch may be gigabytes, so elsewhere its tests are skipped where it is not installed; pip's own settings say whose build it is.
torch: setup ## torch, and what else talking heads need, for the tests that need it, in CI
	test -z "$(CI)" || $(PY) -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt onnx torch ai-edge-litert c2pa-python triton

# Without root or Debian the tests that need an engine are skipped, except in CI.
engine: ## a Docker engine for the tests: the one that answers, else one that is installed and started
	tests/engine/up || test -z "$(CI)"

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
REVISION = $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
DEVICE ?= cpu

images: ## the images of all pipelines and of the daemon; DEVICE=cuda for NVIDIA's GPUs
	for file in images/*/Dockerfile; do \
	    name=visaged/$$(basename $$(dirname $$file)); \
	    docker build --file $$file --tag $$name:$(VERSION) --tag $$name:latest --build-arg DEVICE=$(DEVICE) \
	        --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) . || exit; \
	done

bench: setup ## measurements and long kill tests; tables go to bench/results
	$(PY) -m bench

docs: setup ## write the config reference from the config types
	$(PY) -m daemon.config > docs/config.md

clean: ## what setup and tests made
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
