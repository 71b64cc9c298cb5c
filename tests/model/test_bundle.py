"""Export round trip: what a bundle holds and that it answers like the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.export import bundle_writer
from nemf_model.export.bundle import Bundle, sha256
from nemf_model.export.bundle_writer import BundleName, check_encoder, export_bundle
from nemf_model.export.fast_encoder import FastEncoder
from nemf_model.export.preprocess import encoder_input
from nemf_model.matching.match import dense_matches
from nemf_model.matching.types import MatchOptions, Refinement


@pytest.fixture(scope="module")
def bundle_directory(tiny_model: NeMF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = BundleName(tmp_path_factory.mktemp("bundles"), "tiny", "3")
    return export_bundle(tiny_model, target, {"trained_on": "nothing"})


def random_image(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_files_and_manifest(bundle_directory: Path) -> None:
    assert bundle_directory.parts[-2:] == ("tiny", "3")
    files = sorted(p.name for p in bundle_directory.iterdir())
    assert files == ["encoder.pt", "field.pt", "model.json"]
    assert [p.name for p in bundle_directory.parent.iterdir()] == ["3"]
    manifest = json.loads((bundle_directory / "model.json").read_text())
    config = ModelConfig.tiny()
    assert manifest["format"] == 1
    assert (manifest["name"], manifest["version"]) == ("tiny", "3")
    assert manifest["encoder"] == {
        "file": "encoder.pt",
        "sha256": sha256(bundle_directory / "encoder.pt"),
        "input_size": 64,
        "grid": 4,
        "channels": 12,
        "mean": list(config.mean),
        "std": list(config.std),
    }
    assert manifest["field"] == {
        "file": "field.pt",
        "sha256": sha256(bundle_directory / "field.pt"),
        "channels": 12,
        "hidden": 16,
        "blocks": 3,
        "frequencies": list(config.field.frequencies),
        "scale": 2.0,
        "offset": 3.0,
    }
    assert manifest["provenance"]["trained_on"] == "nothing"
    assert manifest["provenance"]["torch"] == torch.__version__


def test_field_keeps_its_parameters_names(bundle_directory: Path) -> None:
    field = torch.jit.load(bundle_directory / "field.pt")
    layers = ["fc_p", "fc_out", *(f"fc_c.{i}" for i in range(3))]
    layers += [f"blocks.{i}.fc_{j}" for i in range(3) for j in range(2)]
    expected = {f"decoder.{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    shapes = {name: tuple(value.shape) for name, value in field.named_parameters()}
    assert set(shapes) == expected
    assert shapes["decoder.fc_p.weight"] == (16, 8 * 4 + 4)
    assert shapes["decoder.fc_c.2.weight"] == (16, 12)
    assert shapes["decoder.fc_out.weight"] == (1, 16)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_encoder_answers_like_the_model(
    bundle_directory: Path, tiny_model: NeMF, batch: int
) -> None:
    query, reference = torch.randn(2, batch, 3, 64, 64)
    with torch.no_grad():
        answer = Bundle.load(bundle_directory).encoder(query, reference)
        expected = tiny_model.encode(target=query, source=reference)
    assert answer[0].shape == (batch, 12, 4, 4, 4, 4)
    assert answer[1].shape == (batch, 2, 4, 4)
    assert answer[2].shape == (batch, 16, 16)
    for got, wanted in zip(answer, expected, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-4, rtol=1e-3)


def test_bundle_matches_images_of_any_sizes(bundle_directory: Path, tiny_model: NeMF) -> None:
    query, reference = random_image(9, 14, 1), random_image(30, 21, 2)
    bundle = Bundle.load(bundle_directory)
    options = MatchOptions(Refinement.PATCHMATCH, patchmatch_iterations=2)
    matches = bundle.match_dense(query, reference, options)
    assert matches.reference.shape == (9, 14, 2)
    pair = bundle.encode(query, reference)
    assert (pair.query_size, pair.reference_size) == ((14, 9), (21, 30))
    same = dense_matches(tiny_model.field, pair, options)
    torch.testing.assert_close(matches.scores, same.scores, atol=1e-4, rtol=1e-4)
    found = bundle.match_keypoints(query, reference, torch.tensor([[3.0, 4.0]]), options)
    torch.testing.assert_close(found.reference[0], matches.reference[4, 3], atol=1e-3, rtol=0)


def test_query_and_reference_are_not_swapped(bundle_directory: Path, tiny_model: NeMF) -> None:
    query, reference = random_image(64, 64, 1), random_image(64, 64, 2)
    config = tiny_model.config
    inputs = [encoder_input(i, 64, config.mean, config.std) for i in (query, reference)]
    with torch.no_grad():
        expected = tiny_model.encode(target=inputs[0], source=inputs[1])
    pair = Bundle.load(bundle_directory).encode(query, reference)
    torch.testing.assert_close(pair.phi, expected.phi[0], atol=1e-4, rtol=1e-3)


def test_damaged_file_is_refused(tiny_model: NeMF, tmp_path: Path) -> None:
    directory = export_bundle(tiny_model, BundleName(tmp_path, "tiny", "1"), {})
    path = directory / "field.pt"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"field\.pt: SHA-256"):
        Bundle.load(directory)


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"format": 2}')
    with pytest.raises(ValueError, match="format 2"):
        Bundle.load(tmp_path)


def test_versions_are_never_overwritten(bundle_directory: Path, tiny_model: NeMF) -> None:
    target = BundleName(bundle_directory.parents[1], "tiny", "3")
    with pytest.raises(FileExistsError):
        export_bundle(tiny_model, target, {})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "a b"])
def test_names_that_are_no_directory_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must match"):
        BundleName(Path(), name, "1")


def test_failed_export_leaves_nothing(
    tiny_model: NeMF, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_writer, "_TOLERANCE", -1.0)
    with pytest.raises(RuntimeError, match="differs"):
        export_bundle(tiny_model, BundleName(tmp_path, "tiny", "1"), {})
    assert list((tmp_path / "tiny").iterdir()) == []


@pytest.fixture(scope="module")
def large_costs() -> NeMF:
    """A model like the published one, on a grid of 8 x 8, whose costs are near 14,000."""
    levels = (LevelConfig(1, 16, (2, 3), (2, 1)), LevelConfig(2, 8, (2, 2), (1, 1)))
    config = ModelConfig.tiny().changed(
        image_size=128,
        grid=8,
        cost_embedding={"levels": levels, "field_correlations": ()},
        coarse={"lookups": (), "temperature": 0.02},
    )
    torch.manual_seed(1)
    model = NeMF(config).eval()
    with torch.no_grad():
        model.decoder.proj.weight.mul_(10)
        model.decoder.proj.bias.add_(3000)
    return model


def test_large_costs_are_exported(large_costs: NeMF, tmp_path: Path) -> None:
    query, reference = torch.randn(2, 3, 3, 128, 128, generator=torch.Generator().manual_seed(7))
    directory = export_bundle(large_costs, BundleName(tmp_path, "large", "1"), {})
    with torch.no_grad():
        phi, _, cost = Bundle.load(directory).encoder(query, reference)
        expected = large_costs.encode(query, reference)
    assert expected.cost.abs().max() > 1e4
    torch.testing.assert_close(phi, expected.phi, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(cost, expected.cost, atol=0, rtol=1e-5)


class Wrong(torch.nn.Module):
    """An encoder whose coarse map is changed."""

    def __init__(self, model: NeMF, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.encoder, self.change = FastEncoder(model).eval(), change

    def forward(self, query: torch.Tensor, reference: torch.Tensor) -> tuple[torch.Tensor, ...]:
        phi, coarse, cost = self.encoder(query, reference)
        return phi, self.change(coarse), cost


@pytest.mark.parametrize("model_name", ["tiny_model", "large_costs"])
@pytest.mark.parametrize(
    "change",
    [
        lambda coarse: coarse.flip(1),  # (y, x)
        lambda coarse: coarse.transpose(2, 3),
        lambda coarse: coarse + 2e-4,
        lambda coarse: coarse * float("nan"),
    ],
)
def test_wrong_coarse_maps_are_refused(
    model_name: str,
    change: Callable[[torch.Tensor], torch.Tensor],
    request: pytest.FixtureRequest,
) -> None:
    model = request.getfixturevalue(model_name)
    side = model.config.image_size
    inputs = torch.randn(2, 2, 3, side, side, generator=torch.Generator().manual_seed(3)).unbind()
    check_encoder(model, Wrong(model, lambda coarse: coarse), inputs)
    with pytest.raises(RuntimeError, match="coarse map"):
        check_encoder(model, Wrong(model, change), inputs)


def test_a_coarse_map_of_another_temperature_is_refused() -> None:
    config = ModelConfig.tiny().changed(coarse={"lookups": ()})
    torch.manual_seed(2)
    model = NeMF(config).eval()
    warmer = config.changed(coarse={"temperature": config.coarse.temperature * 1.01})
    other = NeMF(warmer).eval()
    other.load_state_dict(model.state_dict())
    inputs = torch.randn(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(3)).unbind()
    with pytest.raises(RuntimeError, match="coarse map"):
        check_encoder(model, FastEncoder(other).eval(), inputs)


def test_command_line_exports_a_trained_checkpoint(tiny_model: NeMF, tmp_path: Path) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text("model: tiny\n")
    checkpoint = {"config": tiny_model.config.to_dict(), "state_dict": tiny_model.state_dict()}
    torch.save(checkpoint, tmp_path / "model.pt")
    (tmp_path / "card.json").write_text('{"licence": "free"}')
    arguments = f"--name n --version 1 --out {tmp_path} --provenance {tmp_path / 'card.json'}"
    arguments += f" --config {config} --weights {tmp_path / 'model.pt'}"
    bundle_writer.main(arguments.split())
    bundle = Bundle.load(tmp_path / "n" / "1")
    assert bundle.manifest["provenance"]["licence"] == "free"
    weight = dict(bundle.field.named_parameters())["decoder.fc_p.weight"]
    torch.testing.assert_close(weight, tiny_model.field.fc_p.weight)


def test_weights_of_another_configuration_are_refused(tiny_model: NeMF, tmp_path: Path) -> None:
    checkpoint = {"config": ModelConfig.small().to_dict(), "state_dict": {}}
    torch.save(checkpoint, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="another configuration"):
        bundle_writer.load_trained_model(tiny_model.config, tmp_path / "model.pt")
