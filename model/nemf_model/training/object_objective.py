"""Training of the object finder: what it covers, and where and how large that is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.object_finder import ObjectFinder
from nemf_model.data.object_views import ObjectBatch
from nemf_model.geometry import extent
from nemf_model.training.compute import Compute

# Share of a picture that an object must cover for its extent to count.
LEAST_SHARE = 0.02


class ObjectObjective(nn.Module):
    """The object finder's losses."""

    def __init__(self, finder: ObjectFinder, compute: Compute) -> None:
        super().__init__()
        self.finder = finder
        self.compute = compute

    def forward(
        self, batches: Sequence[ObjectBatch], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """`mask`, the mean cross-entropy of the cells that are known, and `extent`, see
        extent_loss(). Nothing is drawn from the generator."""
        (batch,) = batches
        device = self.compute.device
        with self.compute.autocast():
            images = batch.images.to(device).contiguous(memory_format=torch.channels_last)
            logits = self.finder(images)
        logits = logits.float()
        masks, known = (
            F.interpolate(m, logits.shape[2:], mode="area").to(device)
            for m in (batch.masks, batch.known)
        )
        loss = F.binary_cross_entropy_with_logits(logits, masks, reduction="none")
        return {
            "mask": (loss * known).mean(),
            "extent": extent_loss(logits.sigmoid() * known, masks * known),
        }


def extent_loss(weights: Tensor, masks: Tensor) -> Tensor:
    """Mean absolute error of centres, and of the logarithms of sizes, over the pictures [B, 1, h,
    w] that show an object."""
    found, true = extent(weights), extent(masks)
    error = (found.centre - true.centre).abs()
    error = error + (found.deviation / true.deviation).log().abs()
    counts = masks.mean(dim=(1, 2, 3)) > LEAST_SHARE
    return (error.mean(dim=1) * counts).sum() / counts.sum().clamp(min=1)
