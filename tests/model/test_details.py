"""Details: correlations that are embedded for the field alone."""

from __future__ import annotations

from dataclasses import replace

import torch

from nemf_model.architecture.model import Encoding, NeMF
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.training.initialise import start_from_correlation


@torch.no_grad()
def encoded(model: NeMF) -> Encoding:
    target, source = torch.randn(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return model.encode(target, source)


def test_details_are_seen_by_phi_and_leave_the_coarse_answer() -> None:
    torch.manual_seed(2)
    model = NeMF(ModelConfig.tiny()).eval()
    before = encoded(model)
    for parameter in model.mlp_model.details.parameters():
        parameter.data.add_(torch.randn_like(parameter))
    after = encoded(model)
    assert torch.equal(after.coarse, before.coarse)
    assert torch.equal(after.cost, before.cost)
    assert not torch.allclose(after.phi, before.phi, atol=1e-2)


def test_details_have_the_size_of_the_grid() -> None:
    details = (LevelConfig(1, 8, (2, 5), (2, 1)), LevelConfig(2, 4, (3,), (1,)))
    model = NeMF(replace(ModelConfig.tiny(), details=details)).eval()
    taps = [torch.randn(2, 4, side, side) for side in (16, 8, 4)]
    shapes = [tuple(d.shape) for d in model.details(taps, taps)]
    assert shapes == [(2, 5, 4, 4, 4, 4), (2, 3, 4, 4, 4, 4)]


def test_configurations_from_before_there_were_details_have_none() -> None:
    values = ModelConfig.small().to_dict()
    del values["details"]
    assert ModelConfig.from_dict(values).details == ()


def test_details_start_as_the_levels_do() -> None:
    torch.manual_seed(3)
    level = LevelConfig(1, 8, (8, 8), (2, 1))
    model = NeMF(replace(ModelConfig.tiny(), levels=(level,), details=(level,)))
    start_from_correlation(model, noise=0.0)
    weights = model.corr_embedder[0].state_dict()
    for name, value in model.mlp_model.details[0].state_dict().items():
        # The first convolution keeps a tenth of its random weights.
        torch.testing.assert_close(value, weights[name], atol=0.05, rtol=0)
