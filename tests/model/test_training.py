"""A short training on made-up photographs: it learns, it resumes, it repeats itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from nemf_model.architecture.model import NeMF
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.training import train, training_loop, training_state
from nemf_model.training.compute import Compute
from nemf_model.training.initialise import start_from_correlation
from nemf_model.training.objective import MatchingObjective
from nemf_model.training.settings import DataSettings, TrainSettings, load_settings
from nemf_model.training.sources import TrainingData
from tests.model.photographs import SETTINGS, write_photographs, write_settings

CONFIGS = Path(__file__).parents[2] / "model" / "configs"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_photographs(root / "photographs", 24, seed=1)
    write_photographs(root / "classes" / "one", 24, seed=2)
    write_photographs(root / "classes" / "two", 6, seed=3)
    (root / "photographs" / "broken.jpg").write_bytes(b"not a picture")
    return root


def command(data: Path, config: Path, out: Path) -> list[str]:
    arguments = f"--config {config} --out {out} --threads 1 --device cpu"
    arguments += f" --photographs {data / 'photographs'} --classes {data / 'classes'}"
    return arguments.split()


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "model.pt", weights_only=True)["state_dict"]


def notes(output: str) -> list[dict[str, float]]:
    """The validation lines that a training printed."""
    lines = [line.split(": ", 1)[1] for line in output.splitlines() if "train step" in line]
    parsed = []
    for line in lines:
        words = line.split()
        parsed.append(dict(zip(words[::2], map(float, words[1::2]), strict=True)))
    return parsed


def test_training_learns_and_an_interruption_changes_nothing(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    config = write_settings(tmp_path / "config.yaml")
    train.main(command(data, config, tmp_path / "whole"))
    first, *_, last = notes(capsys.readouterr().out)
    assert last["warp/coarse/error"] < first["warp/coarse/error"] - 0.01
    assert last["warp/coarse/pck0.1"] > first["warp/coarse/pck0.1"]
    assert "broken.jpg: skipped" in caplog.text
    assert "skipped 1 of 23 photographs" in caplog.text
    assert list((tmp_path / "whole" / "tensorboard" / "train").iterdir())

    def fail(stage: training_loop.Stage, *arguments: object) -> dict[str, float]:
        if stage.title == "train" and next(steps) == 7:
            raise KeyboardInterrupt
        return step(stage, *arguments)

    step, steps = training_loop._step, iter(range(100))
    monkeypatch.setattr(training_loop, "_step", fail)
    with pytest.raises(KeyboardInterrupt):
        train.main(command(data, config, tmp_path / "part"))
    assert not (tmp_path / "part" / "model.pt").exists()
    monkeypatch.undo()
    train.main(command(data, config, tmp_path / "part"))
    assert "train.pt: resumed at step 5" in caplog.text
    whole, part = weights(tmp_path / "whole"), weights(tmp_path / "part")
    assert all(torch.equal(whole[key], part[key]) for key in whole)


def test_a_last_stage_can_train_the_field_alone(data: Path, tmp_path: Path) -> None:
    brief = {"steps": 2, "validate_every": 0}
    without = write_settings(tmp_path / "without.yaml", pretrain=None, train=brief)
    train.main(command(data, without, tmp_path / "without"))
    frozen = SETTINGS["train"] | brief | {"encoder_rate_factor": 0, "backbone_rate_factor": 0}
    finish = write_settings(tmp_path / "with.yaml", pretrain=None, train=brief, finish=frozen)
    train.main(command(data, finish, tmp_path / "with"))
    before, after = weights(tmp_path / "without"), weights(tmp_path / "with")
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed
    assert all(key.startswith("mlp_model.") for key in changed)


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "train.pt"
    training_state.save_atomically({"step": 1}, path)
    with pytest.raises(Exception, match="pickle"):
        training_state.save_atomically({"step": 2, "bad": lambda: None}, path)
    assert torch.load(path) == {"step": 1}


def test_two_processes_average_their_gradients(data: Path, tmp_path: Path) -> None:
    changes = {"steps": 1, "warmup": 1, "accumulate": 2, "save_every": 1, "validate_every": 1}
    config = write_settings(tmp_path / "config.yaml", pretrain=None, train=changes)
    arguments = command(data, config, tmp_path / "run")
    torchrun = "torch.distributed.run --standalone --nproc-per-node 2 -m nemf_model.training"
    done = subprocess.run(
        [sys.executable, "-m", *torchrun.split(), *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("train step 1:") == 1
    checkpoint = torch.load(tmp_path / "run" / "train.pt", weights_only=True)
    assert len(checkpoint["generators"]) == 2
    expected = one_step_on_both_shares(load_settings(config).train, data)
    trained = weights(tmp_path / "run")
    for name, value in expected.items():
        # No loss depends on the score's bias, so its gradient is rounding, which Adam makes large.
        if not name.endswith("fc_out.bias"):
            torch.testing.assert_close(trained[name], value, atol=1e-5, rtol=1e-4, msg=name)


def one_step_on_both_shares(settings: TrainSettings, data: Path) -> dict[str, torch.Tensor]:
    """What a step of two processes must lead to, computed in one."""
    torch.manual_seed(0)
    config = ModelConfig.tiny()
    # train() makes a backbone of its own first.
    train.FeatureExtraction(config)
    model = NeMF(config).eval()
    start_from_correlation(model)
    objective = MatchingObjective(model, settings, Compute())
    optimiser = torch.optim.AdamW(train._groups(model, settings), weight_decay=0.01)
    for group in optimiser.param_groups:
        group["lr"] = settings.rate * group["factor"]
    sources = DataSettings(photographs=(data / "photographs",), classes=(data / "classes",))
    for rank in range(2):
        share = TrainingData(sources, config, held_out=False, seed=1000 * rank)
        for _ in range(settings.accumulate):
            losses = objective(share.draw(settings), share.generator)
            weights = {"coarse": 2.0, "fine": 0.1, "field": 1.0}
            total = sum(loss * weights[name.split("_")[1]] for name, loss in losses.items())
            (total / settings.accumulate / 2).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return model.state_dict()


def test_mixed_precision_changes_losses_little(data: Path) -> None:
    torch.manual_seed(1)
    config = ModelConfig.tiny()
    model = NeMF(config).eval()
    settings = TrainSettings(steps=1, rate=1e-3, size=64, points=16, candidates=15)
    losses = []
    for dtype in (torch.float32, torch.bfloat16):
        share = TrainingData(DataSettings(classes=(data / "classes",)), config, False, seed=2)
        objective = MatchingObjective(model, settings, Compute(dtype=dtype))
        losses.append(objective(share.draw(settings), share.generator))
        sum(losses[-1].values()).backward()
    parts = ("coarse", "fine", "field")
    assert losses[0].keys() == {f"{kind}_{part}" for kind in ("warp", "pair") for part in parts}
    for name, exact in losses[0].items():
        torch.testing.assert_close(losses[1][name], exact, atol=0.05, rtol=0.05)
        assert losses[1][name] != exact


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"architecture": "x86_64", "avx512_bf16": False, "amx_bf16": False}, torch.float32),
        ({"architecture": "x86_64", "avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"architecture": "aarch64"}, torch.bfloat16),
    ],
)
def test_a_cpu_without_bfloat16_takes_float32(
    capabilities: dict[str, object],
    dtype: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert Compute.start("cpu", "bfloat16").dtype is dtype
    assert ("taking float32" in caplog.text) == (dtype is torch.float32)
    assert Compute.start("cpu", "float16").dtype is torch.float16


def test_settings_name_what_is_wrong(tmp_path: Path) -> None:
    for changes, message in (
        ({"train": {"stepz": 3}}, "train: unknown settings: stepz"),
        ({"train": {"steps": "many"}}, "train: invalid literal"),
        ({"train": {"size": 32}}, "size must be the model's, 64"),
        ({"pretrain": {"keypoint_pairs": 1}}, "pretrain: keypoint_pairs"),
        ({"objects": {"steps": 1, "rate": 1e-3}}, "objects: the model has no object finder"),
        ({"aligned": {"steps": 1, "rate": 1e-3}}, "aligned: the model has no object finder"),
        ({"train": {"object_views": 2}}, "object_views are for the object finder"),
        ({"train": {"randomised": 1.5}}, "randomised = 1.5"),
        ({"train": {"nearest": 0.6}}, "nearest = 0.6, must be positive and below farthest = 0.5"),
        ({"train": None}, "must have the entries model and train"),
    ):
        with pytest.raises(ValueError, match=message):
            load_settings(write_settings(tmp_path / "config.yaml", **changes))
    path = write_settings(tmp_path / "config.yaml", train={"rate": "1e-3"})
    assert load_settings(path).train.rate == 1e-3


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_configurations_are_valid(path: Path) -> None:
    assert load_settings(path).train.steps > 0


def test_settings_and_checkpoints_with_old_names_are_read(data: Path, tmp_path: Path) -> None:
    config = write_settings(tmp_path / "config.yaml", pretrain={"steps": 1})
    values = yaml.safe_load(config.read_text())
    values["pretrain"]["place_weight"] = 0.5
    config.write_text(yaml.safe_dump(values))
    assert load_settings(config).pretrain.coordinate_weight == 0.5
    run = tmp_path / "run"
    train.main(command(data, config, run))
    stored = torch.load(run / "pretrain.pt", weights_only=True)
    head = "object_coordinates."
    stored["model"] = {
        key.replace(head, "places.") if key.startswith(head) else key: value
        for key, value in stored["model"].items()
    }
    assert "places.weight" in stored["model"]
    torch.save(stored, run / "pretrain.pt")
    before = weights(run)
    train.main(command(data, config, run))  # resumes at the last step
    assert all(torch.equal(value, before[key]) for key, value in weights(run).items())


def test_training_without_data_is_refused() -> None:
    with pytest.raises(ValueError, match="no data"):
        TrainingData(DataSettings(), ModelConfig.tiny(), held_out=False, seed=0)


def test_object_finder_and_aligned_classes_have_their_stages(data: Path, tmp_path: Path) -> None:
    tiny = ModelConfig.tiny()
    levels = (*tiny.cost_embedding.levels, LevelConfig(3, 4, (2, 2), (1, 1)))
    model = tiny.changed(
        object_finder={"widths": (4, 4, 6, 8), "side": 64}, cost_embedding={"levels": levels}
    )
    settings = {
        **SETTINGS,
        "model": json.loads(json.dumps(model.to_dict())),
        "data": {"pasted": 0.5},
        "objects": {"steps": 3, "rate": 3e-3, "size": 64, "object_views": 4},
        "aligned": {**SETTINGS["pretrain"], "steps": 2},
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    photographs = tmp_path / "photographs"
    write_photographs(photographs, 4, seed=5)
    # A picture whose object stands out, beside those where none does.
    y, x = np.mgrid[:80, :96] - np.array([40, 48])[:, None, None]
    disc = np.where((np.hypot(x, y) < 25)[..., None], (200, 60, 40), (240, 240, 240))
    Image.fromarray(disc.astype(np.uint8)).save(photographs / "disc.png")
    train.main([*command(data, config, tmp_path / "run"), "--photographs", str(photographs)])
    finder = torch.load(tmp_path / "run" / "objects.pt", weights_only=False)
    assert finder["step"] == 3
    assert torch.load(tmp_path / "run" / "aligned.pt", weights_only=False)["step"] == 2
    frames = torch.load(tmp_path / "run" / "frames.pt", weights_only=True)
    assert frames["affine"].shape[1:] == (3, 3) and frames["nonrigid_warp"].shape[1] == 2
    assert all(torch.isfinite(values).all() for values in frames.values())
    trained = weights(tmp_path / "run")
    prefix = "feature_extraction.object_finder."
    assert any(name.startswith(prefix) for name in trained)
    assert set(finder["model"]) == {n[len(prefix) :] for n in trained if n.startswith(prefix)}


def test_training_goes_on_from_given_weights(data: Path, tmp_path: Path) -> None:
    first = write_settings(tmp_path / "first.yaml", train={"steps": 1, "validate_every": 0})
    train.main(command(data, first, tmp_path / "first"))
    again = write_settings(tmp_path / "again.yaml", train={"steps": 1, "validate_every": 0})
    initial = tmp_path / "first" / "model.pt"
    train.main([*command(data, again, tmp_path / "again"), "--initial", str(initial)])
    assert not (tmp_path / "again" / "pretrain.pt").exists()
    rate = load_settings(again).train.rate
    old, new = weights(tmp_path / "first"), weights(tmp_path / "again")
    moved = torch.cat([(new[key] - old[key]).abs().flatten() for key in old if "fc_" in key])
    assert 0 < moved.max() < 2 * rate  # One step of AdamW from there.
