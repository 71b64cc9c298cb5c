"""The reference configuration has the published model's state_dict, key by key."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig

TABLE = Path(__file__).parent / "data" / "official_state_dict.tsv"


def shape(text: str) -> tuple[int, ...]:
    """ "1x4x16" -> (1, 4, 16); "scalar" -> ()."""
    return () if text == "scalar" else tuple(int(size) for size in text.split("x"))


def official_entries() -> dict[str, tuple[tuple[int, ...], str]]:
    """Key -> (shape, dtype name)."""
    with TABLE.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["key"]: (shape(row["shape"]), row["dtype"]) for row in rows}


@pytest.fixture(scope="module")
def reference_on_meta() -> NeMF:
    with torch.device("meta"):
        return NeMF(ModelConfig.reference())


def test_keys_shapes_and_types(reference_on_meta: NeMF) -> None:
    entries = {
        key: (tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for key, value in reference_on_meta.state_dict().items()
    }
    official = official_entries()
    assert len(official) == 1440
    assert sorted(entries) == sorted(official)
    assert entries == official
