"""Field correlations: those that are embedded for the field alone."""

from __future__ import annotations

from pathlib import Path

import torch

from nemf_model.architecture.model import Encoding, NeMF
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.training.initialise import start_from_correlation
from nemf_model.weights.trained_model import load_trained_model


@torch.no_grad()
def encoded(model: NeMF) -> Encoding:
    target, source = torch.randn(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return model.encode(target, source)


def test_phi_depends_on_field_correlations_and_the_coarse_map_does_not() -> None:
    torch.manual_seed(2)
    model = NeMF(ModelConfig.tiny()).eval()
    before = encoded(model)
    for parameter in model.mlp_model.field_correlations.parameters():
        parameter.data.add_(torch.randn_like(parameter))
    after = encoded(model)
    assert torch.equal(after.coarse, before.coarse)
    assert torch.equal(after.cost, before.cost)
    assert not torch.allclose(after.phi, before.phi, atol=1e-2)


def test_field_correlations_have_the_size_of_the_grid() -> None:
    field_correlations = (LevelConfig(1, 8, (2, 5), (2, 1)), LevelConfig(2, 4, (3,), (1,)))
    config = ModelConfig.tiny().changed(cost_embedding={"field_correlations": field_correlations})
    model = NeMF(config).eval()
    taps = [torch.randn(2, 4, side, side) for side in (16, 8, 4)]
    shapes = [tuple(d.shape) for d in model.field_correlations(taps, taps)]
    assert shapes == [(2, 5, 4, 4, 4, 4), (2, 3, 4, 4, 4, 4)]


def test_configurations_from_before_there_were_field_correlations_have_none() -> None:
    values = ModelConfig.small().to_dict()
    del values["cost_embedding"]["field_correlations"]
    assert ModelConfig.from_dict(values).cost_embedding.field_correlations == ()


def test_checkpoints_with_the_old_name_are_read() -> None:
    torch.manual_seed(4)
    model = NeMF(ModelConfig.tiny())
    state = model.state_dict()
    old = {key.replace(".field_correlations.", ".details."): value for key, value in state.items()}
    assert old.keys() != state.keys()
    other = NeMF(ModelConfig.tiny())
    other.load_state_dict(old, strict=True)
    assert all(torch.equal(value, state[key]) for key, value in other.state_dict().items())


def test_the_checkpoint_that_ships_is_read() -> None:
    path = Path(__file__).parents[2] / "model" / "checkpoints" / "nemf-small-6.pt"
    stored = torch.load(path, weights_only=True)["state_dict"]
    assert any(key.startswith("mlp_model.details.") for key in stored)
    state = load_trained_model(ModelConfig.small(), path).state_dict()
    assert len(state) == len(stored)
    key = "mlp_model.{}.0.embedder.conv4d.1.0.query_conv.weight"
    expected = stored[key.format("details")].float()
    assert torch.equal(state[key.format("field_correlations")], expected)


def test_field_correlations_start_as_the_levels_do() -> None:
    torch.manual_seed(3)
    level = LevelConfig(1, 8, (8, 8), (2, 1))
    both = {"levels": (level,), "field_correlations": (level,)}
    model = NeMF(ModelConfig.tiny().changed(cost_embedding=both))
    start_from_correlation(model, noise=0.0)
    weights = model.corr_embedder[0].state_dict()
    for name, value in model.mlp_model.field_correlations[0].state_dict().items():
        # The first convolution keeps a tenth of its random weights.
        torch.testing.assert_close(value, weights[name], atol=0.05, rtol=0)
