"""The encoder that is exported answers like the plain one, from which it takes its weights."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from nemf_model.architecture.conv4d import Conv4d, CostEmbedding
from nemf_model.architecture.model import NeMF, correlation
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.export.fast_aggregator import FastBlock
from nemf_model.export.fast_embedding import FastCostEmbedding, pool_rows
from nemf_model.export.fast_encoder import FastEncoder, unit_vectors

TOLERANCE = 1e-4

TINY = ModelConfig.tiny()
LEVELS = TINY.cost_embedding.levels
FIELD_CORRELATIONS = TINY.cost_embedding.field_correlations
CONFIGS = {
    "tiny": TINY,
    # As in the published model: a level that is enlarged, the unused modules, several blocks.
    "reference layout": TINY.changed(
        cost_embedding={
            "levels": (*LEVELS, LevelConfig(2, 4, (2, 2), (1, 1), transposed=True)),
            "depth": 2,
            "heads": 4,
        },
        reference_layout=True,
    ),
    "objects": TINY.changed(
        object_finder={"widths": (4, 4, 6, 8), "side": 32},
        cost_embedding={"levels": (*LEVELS, LevelConfig(3, 4, (2, 2), (1, 1)))},
    ),
    # Two field correlations, of which one shares its correlation with a level.
    "field correlations": TINY.changed(
        cost_embedding={
            "field_correlations": (*FIELD_CORRELATIONS, LevelConfig(1, 8, (3, 2), (1, 2)))
        }
    ),
    "no fine map": TINY.changed(cost_embedding={"field_correlations": ()}, coarse={"lookups": ()}),
    "one channel": TINY.changed(cost_embedding={"levels": (LevelConfig(1, 8, (1, 1), (2, 1)),)}),
}


def spread(module: nn.Module) -> nn.Module:
    """Gives parameters that start at constants other values, so that leaving one out shows."""
    for parameter in module.parameters():
        if parameter.dim() == 1 and parameter.requires_grad:
            parameter.data.add_(torch.randn_like(parameter), alpha=0.2)
    return module.eval()


def relative_difference(answer: Tensor, expected: Tensor) -> float:
    assert answer.shape == expected.shape
    return ((answer - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("batch", [1, 3])
@torch.no_grad()
def test_answers_like_the_plain_encoder(name: str, batch: int) -> None:
    torch.manual_seed(batch)
    model = spread(NeMF(CONFIGS[name]))
    query, reference = torch.randn(2, batch, 3, 64, 64)
    answers = FastEncoder(model)(query, reference)
    expected = model.encode(target=query, source=reference)
    for answer, part in zip(answers, expected, strict=True):
        assert relative_difference(answer, part) < TOLERANCE


@pytest.mark.parametrize("tokens", [1, 20, 1 << 20])
@torch.no_grad()
def test_a_block_does_not_depend_on_its_parts(tiny_model: NeMF, tokens: int) -> None:
    torch.manual_seed(tokens)
    plain = spread(copy.deepcopy(tiny_model.decoder.blocks[0]))
    stream = torch.randn(2, 5, 16, plain.norm1.normalized_shape[0])
    expected = plain(stream)
    block = FastBlock(plain)
    block.tokens = tokens
    block(stream)
    assert relative_difference(stream, expected) < TOLERANCE


@pytest.mark.parametrize("height, width, stride", [(4, 6, 2), (5, 7, 2), (9, 6, 3), (3, 5, 1)])
def test_pooling_rows_is_max_pooling(height: int, width: int, stride: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, height * width, 11)
    images = x.transpose(1, 2).unflatten(2, (height, width))
    expected = nn.functional.max_pool2d(images, stride, stride, ceil_mode=True)
    assert torch.equal(pool_rows(x, height, width, stride), expected.flatten(2).transpose(1, 2))


@pytest.mark.parametrize("size, strides", [(8, (2, 2)), (12, (2, 1)), (9, (2, 1)), (6, (1, 1))])
@torch.no_grad()
def test_cost_embedding(size: int, strides: tuple[int, ...]) -> None:
    torch.manual_seed(size)
    level = LevelConfig(0, size, (3, 5), strides)
    plain = spread(CostEmbedding(level))
    assert isinstance(plain.embedder.conv4d[0][0], Conv4d)
    source, target = torch.randn(2, 2, 7, size, size)
    fast = FastCostEmbedding(level, plain)
    answer = fast(*fast.pooled(unit_vectors(source), unit_vectors(target)))
    expected = plain(correlation(source, target)).flatten(4, 5).flatten(2, 3)
    assert relative_difference(answer, expected) < TOLERANCE
