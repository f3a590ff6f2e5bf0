# Two commands set everything up: `make demo` answers a question about the demo clip, `make test` checks the whole project.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip

.PHONY: demo test tests-agents tests-rest lint types slow clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --upgrade "pip>=25.1"

# Both OpenCV builds share one folder; the headless one goes last, so that no display library is needed.
HEADLESS = $(PIP) install -q -c constraints.txt --force-reinstall --no-deps opencv-python-headless

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install -q -c constraints.txt -e ".[face]"
	$(HEADLESS)
	@touch $@

# A strict editable install links file by file (type checkers can follow it), so a new file asks for a new install.
FOLDERS = $(filter-out %__pycache__/.,$(wildcard agents/. agents/*/. agents/*/*/. prompts/. finetune/. finetune/*/.))
$(VENV)/.test: pyproject.toml constraints.txt $(FOLDERS) | $(VENV)/bin/python
	$(PIP) install -q -c constraints.txt -e ".[all]" --group test --config-settings editable_mode=strict
	$(HEADLESS)
	@touch $@

demo: $(VENV)/.demo
	$(VENV)/bin/cuechain ask examples/demo.mp4 "How does she feel, and why?"

# With `make -j2 test` two processors share the work.
test: lint tests-agents types tests-rest

tests-agents: $(VENV)/.test
	$(VENV)/bin/python -m pytest -m "not slow and not gpu" tests/agents

tests-rest: $(VENV)/.test
	$(VENV)/bin/python -m pytest -m "not slow and not gpu" --ignore=tests/agents tests

lint: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.test
	$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python

slow: $(VENV)/.test
	$(VENV)/bin/python -m pytest -m "slow"

clean:
	rm -rf $(VENV) build dist *.egg-info
