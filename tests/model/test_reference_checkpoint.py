"""Reference checkpoints load without conversion, and hostile ones are refused unexecuted."""

from __future__ import annotations

import argparse
import os
import pickle
from argparse import Namespace
from pathlib import Path

import pytest
import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.weights.checkpoints import load_state_dict
from nemf_model.weights.reference_checkpoint import (
    load_hyperparameters,
    load_reference_model,
    reference_config,
)


class Executes:
    """Pickles to a call that leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def write_pickle(path: Path, value: object, protocol: int = pickle.DEFAULT_PROTOCOL) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def test_random_reference_weights_load_strictly(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = NeMF(ModelConfig.reference())
    # Two names of one backbone: the file holds it once, the state_dict twice.
    state = {f"module.{key}": value for key, value in model.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state, "best_val": 0.5}, tmp_path / "model_best.pth")
    pickled = write_pickle(tmp_path / "args.pkl", Namespace(hyperpixel="[3,7,29,32]", lr=1e-4))
    loaded = load_reference_model(tmp_path / "model_best.pth", pickled)
    assert not loaded.training
    assert loaded.config.backbone.hyperpixel_ids == (3, 7, 29, 32)
    expected = model.state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in loaded.state_dict().items())


def test_the_encoder_has_the_first_of_two_differing_backbones(tmp_path: Path) -> None:
    # A fine-tuned checkpoint: the encoder's copy was trained, the other one kept its start.
    second = "mlp_model.backbone."
    expected = {
        key: value.clone() for key, value in NeMF(ModelConfig.reference()).state_dict().items()
    }
    state = {key: value + 1 if key.startswith(second) else value for key, value in expected.items()}
    torch.save({"state_dict": state}, tmp_path / "model_best.pth")
    loaded = load_reference_model(tmp_path / "model_best.pth").state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in expected.items())


def test_plain_state_dict_is_accepted(tmp_path: Path) -> None:
    state = {"a.weight": torch.ones(2), "module.b": torch.zeros(1)}
    torch.save(state, tmp_path / "plain.pth")
    # 'module.' is DataParallel's only where every key has it.
    assert load_state_dict(tmp_path / "plain.pth").keys() == state.keys()


@pytest.mark.parametrize("content", [{"state_dict": 3}, [torch.ones(1)], {"lr": 0.1}])
def test_files_without_weights_are_named(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth: holds no state_dict"):
        load_state_dict(tmp_path / "other.pth")


def test_checkpoint_that_executes_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    torch.save({"state_dict": {"a": torch.ones(1)}, "x": Executes(mark)}, tmp_path / "bad.pth")
    with pytest.raises(ValueError, match="more than tensors"):
        load_state_dict(tmp_path / "bad.pth")
    assert not mark.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_hyperparameters_of_plain_values_are_read(tmp_path: Path, protocol: int) -> None:
    values = Namespace(lr=3e-4, hyperpixel="[3,7,30,33]", seeds={1, 2}, nested=Namespace(a=None))
    read = load_hyperparameters(write_pickle(tmp_path / "args.pkl", values, protocol))
    assert read.lr == 3e-4
    assert read.seeds == {1, 2}
    assert vars(read.nested) == {"a": None}
    assert reference_config(read) == ModelConfig.reference()


@pytest.mark.parametrize("hide", [lambda x: x, lambda x: Namespace(a=x), lambda x: [{"k": x}]])
def test_hyperparameters_that_execute_are_refused(tmp_path: Path, hide) -> None:
    mark = tmp_path / "executed"
    path = write_pickle(tmp_path / "args.pkl", hide(Executes(mark)))
    with pytest.raises(ValueError, match="refused to load"):
        load_hyperparameters(path)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["eval", "exec", "getattr", "__import__", "open", "object"])
def test_other_builtins_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "args.pkl").write_bytes(f"cbuiltins\n{name}\n.".encode())
    with pytest.raises(ValueError, match=f"refused to load builtins.{name}"):
        load_hyperparameters(tmp_path / "args.pkl")


def test_pickle_cannot_patch_argparse(tmp_path: Path) -> None:
    # BUILD with a slot state on the class itself would set Namespace.patched = 1.
    patch = b"\x80\x02cargparse\nNamespace\nN}X\x07\x00\x00\x00patchedK\x01s\x86b."
    (tmp_path / "args.pkl").write_bytes(patch)
    with pytest.raises(ValueError, match="not a plain pickled"):
        load_hyperparameters(tmp_path / "args.pkl")
    assert not hasattr(argparse.Namespace, "patched")


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps([1, 2])])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "args.pkl").write_bytes(content)
    with pytest.raises(ValueError, match=r"args\.pkl: not a plain pickled"):
        load_hyperparameters(tmp_path / "args.pkl")


def test_oversized_hyperparameters_are_refused(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "args.pkl", Namespace(text="x" * (1 << 21)))
    with pytest.raises(ValueError, match="larger than"):
        load_hyperparameters(path)


@pytest.mark.parametrize("ids", [[3, 7, 30], [4, 7, 30, 33], "[3,7", "f()", ["3"], 7])
def test_wrong_hyperpixel_ids_are_named(ids: object) -> None:
    with pytest.raises(ValueError, match="hyperpixel ids = "):
        reference_config(Namespace(hyperpixel=ids))
