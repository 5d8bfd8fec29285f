# Two commands are enough: `make demo` shows it, `make test` proves it. Everything lives in .venv.
.PHONY: setup demo test check bench docs clean
PY := .venv/bin/python
STAMP := .venv/.visaged-setup

setup: $(STAMP) ## make .venv with the command .venv/bin/visaged
$(STAMP): pyproject.toml constraints.txt
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --config-settings editable_mode=compat --editable '.[morph,dev]'
	touch $@

demo: setup ## two heads that we make ourselves become a morph, in ./visaged-demo
	.venv/bin/visaged demo

test: setup check ## all checks and tests
	$(PY) -m pytest -n 4 --dist worksteal  # most tests wait for processes, so twice the cores of a small machine

check: setup ## style, types, directions of imports
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: setup ## measurements and long kill tests; tables go to bench/results
	$(PY) -m bench

docs: setup ## write the config reference from the config types
	$(PY) -m daemon.config > docs/config.md

clean: ## what setup and tests made
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
