"""Folders of photographs: what is trained on, and what is held out."""

from __future__ import annotations

from pathlib import Path

import pytest

from nemf_model.data.images import HELD_OUT_EVERY, classes
from tests.model.photographs import write_photographs

PHOTOGRAPHS = HELD_OUT_EVERY + 1  # of which the first and the last are held out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    for seed, name in enumerate(("car", "duck", "wrench")):
        write_photographs(folder / name, PHOTOGRAPHS, seed)
    return folder


def counts(folder: Path, held_out: bool, apart: tuple[str, ...] = ()) -> list[int]:
    """Photographs of each class."""
    return classes([folder], 16, held_out, apart=apart).labels.bincount().tolist()


def test_every_nth_photograph_is_held_out(folder):
    assert counts(folder, held_out=False) == [PHOTOGRAPHS - 2] * 3
    assert counts(folder, held_out=True) == [2] * 3


def test_whole_classes_can_be_held_out(folder):
    assert counts(folder, held_out=False, apart=("duck",)) == [PHOTOGRAPHS] * 2
    assert counts(folder, held_out=True, apart=("duck",)) == [PHOTOGRAPHS]
    train = classes([folder], 16, apart=("duck",)).images
    held_out = classes([folder], 16, held_out=True, apart=("duck",)).images
    assert not any((train == image).flatten(1).all(dim=1).any() for image in held_out)


def test_a_class_that_is_not_there_is_named(folder):
    with pytest.raises(ValueError, match="there is no folder goose"):
        classes([folder], 16, apart=("duck", "goose"))
