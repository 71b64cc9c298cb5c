"""The evaluation runs end to end on a tiny bundle and knows the truth of its warps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nemf_model.architecture.model import NeMF
from nemf_model.data.warps import WarpStrength
from nemf_model.export.bundle_writer import BundleName, export_bundle
from nemf_model.training import evaluate_bundle

STILL = WarpStrength(rotation=0, scale=0, stretch=0, shear=0, shift=0, perspective=0, spline=0)


def test_unwarped_views_are_equal_and_match_themselves() -> None:
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    [(reference, query, warp)] = evaluate_bundle.warped_pairs(images, STILL, False, 0)
    torch.testing.assert_close(reference, query, atol=1e-3, rtol=0)
    points = torch.rand(1, 9, 2) * 2 - 1
    torch.testing.assert_close(warp.match(points), points, atol=1e-4, rtol=0)


def test_summary_pools_points_of_all_pairs() -> None:
    errors = [{"coarse": torch.tensor([1.0, 3.0])}, {"coarse": torch.tensor([8.0])}]
    result = evaluate_bundle.summary(errors, resolution=100)["coarse"]
    assert result["epe_px"] == 4
    assert result["pck@0.01"] == pytest.approx(1 / 3, abs=1e-4)
    assert result["pck@0.1"] == 1


def test_command_line_prints_json(
    tiny_model: NeMF, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = export_bundle(tiny_model, BundleName(tmp_path / "out", "tiny", "1"), {})
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(photographs / "noise.png")
    arguments = f"{directory} --images {photographs} --warps 2 --resolution 12 --preset fast"
    evaluate_bundle.main((arguments + " --appearance").split())
    result = json.loads(capsys.readouterr().out)
    assert (result["model"], result["photographs"], result["warps"]) == ("tiny/1", 1, 2)
    assert result["preset"] == "fast"
    kinds = ["identity", "coarse", "patchmatch", "patchmatch_and_optimize"]
    assert list(result["answers"]) == kinds
    assert all(0 <= answer["epe_px"] < 30 for answer in result["answers"].values())
