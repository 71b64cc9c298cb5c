"""A start for training that already does what plain correlation can do.

From random weights the coarse loss is least at the identity, and training stays there. Here the
cost embedding starts by copying correlations, the aggregator by adding that matches are likelier
near the same place, and Phi by telling on which side of a position the correlation lies.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nemf_model.architecture.conv4d import Conv4d
from nemf_model.architecture.model import NeMF
from nemf_model.config import LevelConfig

# Scale of the embedded costs: with the paper's temperature of the coarse answer, 0.02, it makes the
# softmax about as sharp as the contrastive training's.
COST_SCALE = 0.25
# The same for models with object coordinates: of the visual levels and of the coordinates' level,
# which say less precisely where a match is, and more reliably.
COST_SCALE_BESIDE_COORDINATES = 0.15
COORDINATE_SCALE = 0.5
# Width (standard deviation, normalised units) of the prior that matches are near the same place.
PRIOR_WIDTH = 0.5
# Taps of a stride-2 kernel that lie in the grid's own cell, (row, column): the kernel's centre is
# the cell's first position.
SUBCELLS = ((1, 1), (1, 2), (2, 1), (2, 2))


@torch.no_grad()
def start_from_correlation(model: NeMF, noise: float = 0.02) -> None:
    """Sets cost embedding, aggregator and Phi's embedding; a little noise (a share of the largest
    weight) lets the channels part."""
    embedders = [*model.corr_embedder, *model.mlp_model.field_correlations]
    sizes = model.config.cost_embedding
    levels = [*sizes.levels, *sizes.field_correlations]
    for level, embedder in zip(levels, embedders, strict=True):
        blocks = list(embedder.embedder.conv4d)
        for index, block in enumerate(blocks):
            _average(block[0], noise)
            if index == 0 and _has_subcells(level):
                _subcells(block[0])
        if _has_subcells(level):
            _copy(blocks[-1][0], noise)
        nn.init.constant_(blocks[-1][1].weight, _cost_scale(model, level))
    if model.decoder is not None:
        _prior(model)
    costs = [_offsets(level) for level in sizes.levels] or [torch.zeros(sizes.channels, 4)]
    mean = torch.zeros(1, 4)  # of R
    offsets = torch.cat([*costs, mean, *map(_offsets, sizes.field_correlations)])
    _moments(model.mlp_model.cost_embedding.embedder.conv4d[0][0], offsets, noise)


def _cost_scale(model: NeMF, level: LevelConfig) -> float:
    features = model.feature_extraction
    if features.object_finder is None:
        return COST_SCALE
    return COST_SCALE_BESIDE_COORDINATES if level.tap in features.compared else COORDINATE_SCALE


def _has_subcells(level: LevelConfig) -> bool:
    """Whether the level's channels can copy the 4 positions of a cell of both images."""
    return level.strides == (2, 1) and not level.transposed and level.channels == (8, 8)


def _average(convolution: Conv4d, noise: float) -> None:
    """Each output channel averages its inputs at the centre tap."""
    for part in (convolution.query_conv, convolution.supp_conv):
        centre = 0.5 / part.in_channels
        nn.init.normal_(part.weight, std=centre * noise)
        part.weight[:, :, 1, 1] += centre
        nn.init.zeros_(part.bias)


def _copy(convolution: Conv4d, noise: float) -> None:
    """Each output channel is the input channel of its number."""
    for part in (convolution.query_conv, convolution.supp_conv):
        nn.init.normal_(part.weight, std=0.5 * noise)
        for channel in range(part.out_channels):
            part.weight[channel, channel, 1, 1] += 0.5


def _subcells(convolution: Conv4d) -> None:
    """Channels 0 to 3 copy the four positions of a cell of the source, 4 to 7 of the target; the
    other image's positions are pooled."""
    for first, part in ((0, convolution.query_conv), (4, convolution.supp_conv)):
        part.weight.mul_(0.1)
        for number, (row, column) in enumerate(SUBCELLS):
            part.weight[first + number, 0, row, column] += 1


def _prior(model: NeMF) -> None:
    """The aggregator adds a Gaussian's logarithm, -|s - t|^2 / (2 width^2), to the costs, at the
    scale of the coarse answer's softmax; without what depends on the token's own position alone.

    The product of the positions goes through the position embeddings: half of a token's values
    carry its x along a fixed direction, the other half its y, and the projection reads them there.
    """
    aggregator, grid = model.decoder, model.config.grid
    scale = model.config.coarse.temperature / PRIOR_WIDTH**2
    positions = torch.linspace(-1, 1, grid)
    half = aggregator.pos_embed_x.shape[-1]
    direction = torch.ones(half)
    direction[1::2] = -1  # Costs are alike in size: in the sum along it they cancel.
    direction = direction / half**0.5
    aggregator.pos_embed_x.copy_(positions.view(1, 1, 1, grid, 1) * direction)
    aggregator.pos_embed_y.copy_(positions.view(1, 1, grid, 1, 1) * direction)
    row, column = torch.meshgrid(positions, positions, indexing="ij")
    row, column = row.flatten(), column.flatten()
    weight = aggregator.proj.weight
    nn.init.zeros_(weight)
    weight[:, :half] = scale * column.unsqueeze(1) * direction
    weight[:, half : 2 * half] = scale * row.unsqueeze(1) * direction
    aggregator.proj.bias.copy_(-0.5 * scale * (row.square() + column.square()))
    for block in aggregator.blocks:  # They begin by passing their input on.
        for layer in (block.attn.proj, block.mlp2.fc2, block.attn_multiscale.proj, block.mlp.fc2):
            nn.init.zeros_(layer.weight)


def _offsets(level: LevelConfig) -> Tensor:
    """[channels, 4]: where a channel's correlation is from its grid position, in cells, as source
    x, y, target x, y. Not known of averages, hence 0."""
    offsets = torch.zeros(level.channels[-1], 4)
    if _has_subcells(level):
        for number, (row, column) in enumerate(SUBCELLS):
            offset = torch.tensor([column - 1.5, row - 1.5]) / 2
            offsets[number, :2] = offset
            offsets[4 + number, 2:] = offset
    return offsets


def _moments(convolution: Conv4d, offsets: Tensor, noise: float) -> None:
    """Phi's channels, by twelve: four times the mean cost, then the cost's first moments, source
    +x, -x, +y, -y, then target's.

    Near a match at position p, the moment about a node is proportional to p - node; interpolated,
    its positive and negative parts are equal at p. So a field of few units can be largest between
    the nodes. After GroupNorm the parts of one group of four keep their zero, as they sum to zero.

    offsets: [inputs, 4] of _offsets().
    """
    taps = torch.tensor([-1.0, 0.0, 1.0])
    inputs = convolution.query_conv.in_channels
    for part, image in ((convolution.query_conv, 0), (convolution.supp_conv, 1)):
        nn.init.normal_(part.weight, std=noise / inputs)
        nn.init.zeros_(part.bias)
        x = offsets[:, 2 * image].view(-1, 1, 1) + taps.view(1, 1, 3)
        y = offsets[:, 2 * image + 1].view(-1, 1, 1) + taps.view(1, 3, 1)
        x, y = (m.expand(-1, 3, 3) / inputs for m in (x, y))
        for channel in range(part.out_channels):
            kind = channel % 12
            if kind < 4:
                part.weight[channel, :, 1, 1] += 0.5 / inputs
            elif (kind - 4) // 4 == image:
                moment = (x, -x, y, -y)[kind % 4]
                part.weight[channel] += moment
