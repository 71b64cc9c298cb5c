"""Second stage of training: the whole model, by the paper's loss.

For warped photographs and pairs of one class, the field is trained at random points and the coarse
map at every cell of its grid; for annotated pairs, both at the keypoints.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nemf.compute import Compute
from nemf.data.keypoint_sampler import KeypointBatch
from nemf.data.pairs import Matches, PairBatch
from nemf.data.warps import identity_grid
from nemf.losses import CandidateSampling, coarse_loss, field_loss, kept_loss
from nemf.model import NeMF
from nemf.settings import TrainSettings

KINDS = ("warp", "pair", "keypoint")


class MatchingObjective(nn.Module):
    """The second stage's losses: KIND_coarse, KIND_field and, where costs are to be kept, KIND_kept
    of each of the KINDS of pairs that there are."""

    def __init__(self, model: NeMF, settings: TrainSettings, compute: Compute) -> None:
        """The costs to be kept, if any, are those that the model finds now."""
        super().__init__()
        self.model = model
        self.settings = settings
        self.compute = compute
        self.before = None
        if settings.keep_weight > 0:
            self.before = copy.deepcopy(model).requires_grad_(False)

    def forward(
        self, batches: Sequence[PairBatch | KeypointBatch], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses by name, on the compute's device."""
        settings = self.settings
        sampling = CandidateSampling(
            settings.candidates,
            settings.near_candidates,
            settings.nearest,
            settings.farthest,
            generator,
        )
        losses = {}
        for batch in batches:
            images = torch.cat([batch.source, batch.target]).to(self.compute.device)
            with torch.set_grad_enabled(settings.backbone_rate_factor > 0):
                taps = self._taps(self.model, images)
            encoding = self.model.encode_refined(self._refined(self.model, taps))
            name, coarse_at, field_at = self._matches(batch, generator)
            losses[f"{name}_coarse"] = coarse_loss(encoding.coarse, coarse_at)
            losses[f"{name}_field"] = field_loss(self.model.field, encoding.phi, field_at, sampling)
            if self.before is not None:
                kept = self._cost_before(images, taps)
                temperature = self.model.config.temperature
                losses[f"{name}_kept"] = kept_loss(encoding.cost, kept, temperature)
        return losses

    def _taps(self, model: NeMF, images: Tensor) -> list[Tensor]:
        """Of sources, then targets."""
        with self.compute.autocast():
            return model.feature_extraction(images)

    def _refined(self, model: NeMF, taps: list[Tensor]) -> Tensor:
        """The refined correlation of taps of sources, then targets. In mixed precision up to here;
        a softmax at a low temperature and a score that is compared with a hundred others need all
        the digits of float32."""
        with self.compute.autocast():
            source, target = zip(*(tap.chunk(2) for tap in taps), strict=True)
            return model.refine(source, target).float()

    @torch.no_grad()
    def _cost_before(self, images: Tensor, taps: list[Tensor]) -> Tensor:
        """The costs to be kept; taps: of the model, whose backbone may be as it was."""
        if self.settings.backbone_rate_factor > 0:
            taps = self._taps(self.before, images)
        return self._refined(self.before, taps).mean(dim=1)

    def _matches(
        self, batch: PairBatch | KeypointBatch, generator: torch.Generator
    ) -> tuple[str, Matches, Matches]:
        """The kind of pairs, and the points at which coarse map and field are trained."""
        if isinstance(batch, KeypointBatch):
            return "keypoint", batch.matches, batch.matches
        count, grid = len(batch.source), self.model.config.grid
        cells = identity_grid(grid, grid).expand(count, -1, -1)
        points = torch.rand(count, self.settings.points, 2, generator=generator) * 2 - 1
        name = "warp" if batch.tolerance == 0 else "pair"
        return name, batch.matches(cells), batch.matches(points)
