# The one front door. `make demo` and `make test` set up what they need in .venv, from hashed locks.
PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test lint format bench torture fuzz screenshots bench-reading bench-budget bench-model bench-registration evaluate wheel lock clean model help

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.venv/base: requirements/base.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("digitd needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements/base.txt
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: .venv/base requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	touch $@

demo: .venv/base ## the whole path on drawn forms, a minute or two on a fresh machine
	$(BIN)/digitd demo demo --force
	@echo 'To have digitd on your path: . .venv/bin/activate'

test: .venv/dev ## all tests
	$(BIN)/python -m pytest

lint: .venv/dev ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## put the code in its usual shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev ## how fast service, reading, desk and report are, and that a kill loses nothing; writes bench/*.json
	$(BIN)/python bench/service.py
	$(BIN)/python bench/speed.py
	$(BIN)/python bench/large.py
	$(BIN)/python bench/desk.py
	$(BIN)/python bench/report.py

torture: .venv/base ## whether the service loses or doubles a page while it is killed and its world fails; writes bench/torture.json
	$(BIN)/python bench/torture.py

fuzz: .venv/dev ## whether damaged files can do harm, ten minutes; writes bench/fuzz.json
	$(BIN)/python bench/fuzz.py

screenshots: .venv/dev ## pictures of the desk's screens, with the system's Chromium; writes docs/screens/
	$(BIN)/python bench/screenshots.py

bench-reading: .venv/base ## how many fields of real forms are right: make bench-reading SETS="..." MODEL=folder AGAINST=old.json
	$(BIN)/python bench/reading.py $(SETS) $(MODEL:%=--model %) $(AGAINST:%=--against %) $(OUT:%=--out %)

bench-budget: .venv/dev ## whether the budget keeps its promise on real writing; writes bench/budget.json
	$(BIN)/python bench/budget.py

bench-model: .venv/dev ## how fast a model reads, beside the seed network; writes bench/model.json
	$(BIN)/python bench/model.py $(MODEL)

bench-registration: .venv/base ## how exactly drawn forms are found on scans and photos, and that wrong ones are not; writes bench/registration.json
	$(BIN)/python bench/registration.py

evaluate: .venv/dev ## what a model is worth: make evaluate DATA=folder MODEL=paper OUT=folder
	$(BIN)/digitd model evaluate $(MODEL) $(DATA:%=--data %) --out $(or $(OUT),build/evaluation)

wheel: .venv/dev ## build the wheel, install it in a clean environment, run the demo from another folder
	rm -rf build/wheel build/clean
	$(BIN)/python -m hatchling build -t wheel -d build/wheel
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/base.txt
	build/clean/bin/python -m pip --disable-pip-version-check install --quiet --no-deps build/wheel/*.whl
	cd / && $(CURDIR)/build/clean/bin/digitd --version
	cd / && $(CURDIR)/build/clean/bin/digitd demo $(CURDIR)/build/clean/demo

lock: .venv/dev ## resolve the dependencies anew, with hashes, naming no host
	$(LOCK) pyproject.toml -c requirements/constraints.in -o requirements/base.txt
	$(LOCK) pyproject.toml --extra dev -c requirements/base.txt -c requirements/constraints.in -o requirements/dev.txt
	$(LOCK) requirements/build.in -c requirements/dev.txt -o requirements/build.txt

clean: ## remove what make made, the demo too
	rm -rf .venv build demo dist

model: .venv/dev ## train the shipped model anew: make model DATA="mnist.npz usps.npz nsysu.npz" CALIBRATE=paper_digits.npz
	$(BIN)/digitd train --recipe paper $(DATA:%=--data %) $(CALIBRATE:%=--calibrate %) --out build/models --name paper --replace
	rm -rf models/paper
	mkdir models/paper
	cp build/models/paper/model.tflite build/models/paper/model.keras build/models/paper/card.json models/paper/
