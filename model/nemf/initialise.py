"""A start for training from which the coarse answer is already that of the plain correlation."""

from __future__ import annotations

import torch
from torch import nn

from nemf.model import NeMF

# Scale of the embedded costs: with the coarse answer's temperature of 0.02 it makes the softmax
# about as sharp as the contrastive training's.
COST_SCALE = 0.25


@torch.no_grad()
def start_from_correlation(model: NeMF, noise: float = 0.02) -> None:
    """Makes every 4D convolution of the cost embedding nearly the identity.

    Each output channel averages its inputs at the centre tap; a little noise (a share of the
    centre's weight) lets the channels part. The aggregator's projection starts at zero, and as the
    aggregator is residual, the refined costs start as the filtered correlations.
    """
    for embedder in model.corr_embedder:
        blocks = list(embedder.embedder.conv4d)
        for block in blocks:
            for module in (block[0].query_conv, block[0].supp_conv):
                _centre(module, noise)
        nn.init.constant_(blocks[-1][1].weight, COST_SCALE)
    nn.init.zeros_(model.decoder.proj.weight)


def _centre(convolution: nn.Conv2d | nn.ConvTranspose2d, noise: float) -> None:
    inputs = convolution.in_channels
    centre = 0.5 / inputs
    nn.init.normal_(convolution.weight, std=centre * noise)
    convolution.weight[:, :, 1, 1] += centre
    nn.init.zeros_(convolution.bias)
