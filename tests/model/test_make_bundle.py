"""A bundle from photographs in one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nemf_model.export.bundle import Bundle
from nemf_model.training import make_bundle
from tests.model.photographs import write_photographs, write_settings


def test_command_line_makes_and_measures_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_bundle, "_VALIDATION_PAIRS", 4)
    write_photographs(tmp_path / "photographs", 4, seed=1)
    stage = {"steps": 1, "validate_every": 0}
    config = write_settings(tmp_path / "config.yaml", pretrain=stage, train=stage)
    arguments = f"--config {config} --photographs {tmp_path / 'photographs'} --warps 1"
    arguments += f" --out {tmp_path / 'bundles'} --runs {tmp_path / 'runs'} --device cpu"
    make_bundle.main(arguments.split())
    figures = json.loads(capsys.readouterr().out)
    directory = tmp_path / "bundles" / "nemf-small" / "1"
    provenance = Bundle.load(directory).manifest["provenance"]
    assert figures["bundle"] == "nemf-small/1"
    assert provenance["data"] == figures["provenance"]["data"]
    assert provenance["data"]["photographs"] == 3
    assert provenance["settings"]["train"]["steps"] == 1
    assert provenance["training_seconds"].keys() == {"pretrain", "train"}
    assert "warp/refined/pck0.1" in provenance["validation"]
    assert str(tmp_path) not in (directory / "model.json").read_text()
    assert figures["held_out_warps"]["photographs"] == 1
    with pytest.raises(FileExistsError, match="never overwritten"):
        make_bundle.main(arguments.split())
