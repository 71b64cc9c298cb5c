"""Fixtures shared by the tests of the Python model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.matching.types import EncodedPair
from tests.model.pairs import make_pair

# For the tests that start `python -m nemf_model...`.
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2] / "model")


def pytest_configure(config: pytest.Config) -> None:
    # Upstream's notice that torch.jit is in maintenance; the version is pinned.
    config.addinivalue_line("filterwarnings", "ignore:.*torch.jit.*:DeprecationWarning")


@pytest.fixture(autouse=True)
def kept_threads() -> Iterator[None]:
    """A training sets the number of torch's threads; the next test has those of before."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny_model() -> NeMF:
    """A tiny model with random weights, none of them left at zero."""
    generator = torch.Generator().manual_seed(5)
    model = NeMF(ModelConfig.tiny()).eval()
    with torch.no_grad():
        for parameter in model.field.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model


@pytest.fixture(scope="session")
def tiny_pair() -> EncodedPair:
    """Random encodings of the tiny model's shapes; a query of 11 x 7, a reference of 13 x 9."""
    return make_pair((11, 7), (13, 9))
