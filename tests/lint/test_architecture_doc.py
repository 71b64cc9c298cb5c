"""docs/architecture.md is true: its layers are those that are enforced, its functions exist."""

import re
from pathlib import Path

import pytest

from tests.lint.check_layers import ROOMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
FUNCTION = re.compile(r"`(\w+)\(\)`")
FILE = re.compile(r"`((?:server|client)/[\w/]+\.(?:h|cc|cuh|cu))`")
# A row of a table: a folder, perhaps a link, its purpose, and what it may include.
LAYER = re.compile(r"^\| \[?`([\w/]+)`(?:\]\(\S+\))? \|[^|]*\|([^|]*)\|$", re.MULTILINE)


def steps() -> list[str]:
    """The numbered steps of the sections on the life of a request."""
    sections = re.findall(r"^## Life of a request.*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    return [step for section in sections for step in re.findall(r"^\d+\. .*$", section, re.M)]


def missing_functions(step: str) -> list[str]:
    """The functions that occur in none of the files that the step cites."""
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in FILE.findall(step)]
    return [
        name
        for name in FUNCTION.findall(step)
        if not any(re.search(rf"\b{name}\(", text) for text in texts)
    ]


@pytest.mark.parametrize("step", steps())
def test_functions_of_a_step_are_in_its_files(step):
    assert missing_functions(step) == []


def test_both_requests_are_described_function_by_function():
    assert len(steps()) >= 12
    assert sum(len(FUNCTION.findall(step)) for step in steps()) >= 25


def test_a_missing_function_is_found():
    step = "1. `Main()` and `NoSuchFunction()` (`server/main.cc`)."
    assert missing_functions(step) == ["NoSuchFunction"]


def documented_layers() -> dict[str, set[str]]:
    """Folder -> the folders that the page's table lets it include."""
    section = re.search(r"^## Layers.*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL).group()
    return {folder: set(re.findall(r"`([\w/]+)`", cell)) for folder, cell in LAYER.findall(section)}


def test_layers_are_those_that_are_enforced():
    documented = documented_layers()

    def layer_of(folder: str) -> str:
        """The documented folder that a folder of check_layers.py lies in."""
        layers = [layer for layer in documented if f"{folder}/".startswith(f"{layer}/")]
        return max(layers, key=len, default=folder)

    enforced: dict[str, set[str]] = {layer_of(folder): set() for folder in ROOMS}
    for folder, allowed in ROOMS.items():
        enforced[layer_of(folder)] |= {layer_of(other) for other in allowed}
    for layer, allowed in enforced.items():
        allowed.discard(layer)
    assert documented == enforced


def full_name(folder: str, name: str) -> str:
    """The folder in ROOMS that a README in `folder` calls `name`."""
    candidates = [name, f"{folder}/{name}", f"server/{name}", f"server/engine/{name}"]
    return next(candidate for candidate in candidates if candidate in ROOMS or candidate == "proto")


@pytest.mark.parametrize("folder", ["server/engine", "server/scheduling", "server/service"])
def test_readme_of_a_folder_lists_its_subfolders(folder):
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    documented = {
        f"{folder}/{name}": {full_name(folder, other) for other in re.findall(r"`([\w/]+)`", cell)}
        for name, cell in LAYER.findall(text)
    }
    enforced = {
        name: set(allowed) for name, allowed in ROOMS.items() if name.startswith(f"{folder}/")
    }
    assert documented == enforced
