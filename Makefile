# make demo: start the app and print its address.   make test: all that the project is held to.

VENV := .venv
PY := $(VENV)/bin/python
TORCH := $(shell grep '^torch[>=<]' requirements.txt)
# PyTorch's own index has builds without CUDA, a tenth of the size; taken where there is no GPU.
CPU_BUILDS := https://download.pytorch.org/whl/cpu

.PHONY: demo test

demo: $(VENV)/.installed
	$(PY) app.py

test: $(VENV)/.installed-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m basedpyright
	$(VENV)/bin/lint-imports
	$(PY) -m pytest

$(VENV)/.installed: requirements.txt
	@test -x $(PY) || for python in python3 python3.12 python3.11 python3.10; do \
		if $$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' \
			2>/dev/null; then $$python -m venv $(VENV) && break; fi; \
	done
	@test -x $(PY) || { echo "EmoStudio needs Python 3.10, 3.11 or 3.12."; exit 1; }
	@builds=; if ! command -v nvidia-smi >/dev/null && $(PY) -c \
		'import urllib.request as r; r.urlopen("$(CPU_BUILDS)/torch/", timeout=5)' 2>/dev/null; \
		then builds="--extra-index-url $(CPU_BUILDS)"; fi; \
	$(PY) -m pip install --quiet $$builds "$(TORCH)"
	$(PY) -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(PY) -m pip install --quiet --upgrade "pip>=25.1"
	$(PY) -m pip install --quiet --group dev
	@touch $@
