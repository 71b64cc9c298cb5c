"""First stage of training: the backbone alone, by dense contrast between two views.

For points of the target view, the cosine similarities to all cells of the source view are a
classification whose right answer is known: exactly for two views of one photograph, up to a
tolerance for two photographs of one class (then any cell within the tolerance counts: a
multiple-instance loss). A classifier of the pooled features adds the classes themselves, and one of
each cell where in its photograph it lies: as objects of a class lie alike, that is where in the
object, or that it is on none where the object was put on another background.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.data.pairs import ClassView, PairBatch
from nemf_model.geometry import identity_grid
from nemf_model.training.compute import Compute
from nemf_model.training.losses import mean_of_valid

TEMPERATURE = 0.05
# Width (standard deviation) of the target distribution around an exact match, in cells.
LABEL_WIDTH = 0.6
# Object coordinates are classified by bins: their number a side, and the standard deviation of the
# target distribution around the true coordinates, normalised.
COORDINATE_BINS = 8
COORDINATE_WIDTH = 0.15


def _cells(side: int, count: int, batch: int, generator: torch.Generator) -> Tensor:
    """[batch, count] random cell indices of a side x side map, without repetition."""
    order = torch.rand(batch, side * side, generator=generator).argsort(dim=1)
    return order[:, :count]


def dense_contrast(
    source: Tensor, target: Tensor, pairs: PairBatch, count: int, generator: torch.Generator
) -> Tensor:
    """Mean loss over `count` random target cells a pair.

    source, target: feature maps [B, C, h, w] (square) of one level.
    """
    batch, _, side, _ = source.shape
    cells = _cells(side, min(count, side * side), batch, generator)
    grid = identity_grid(side, side)
    matches = pairs.matches(grid[cells])
    cells, grid = cells.to(source.device), grid.to(source.device)
    queries = F.normalize(target.flatten(2), dim=1).transpose(1, 2)
    queries = queries.gather(1, cells.unsqueeze(2).expand(-1, -1, queries.shape[2]))
    logits = queries @ F.normalize(source.flatten(2), dim=1) / TEMPERATURE
    truth = matches.source.to(source.device)
    squared = (truth.unsqueeze(2) - grid).square().sum(dim=3)
    if pairs.tolerance == 0:
        width = LABEL_WIDTH * 2 / (side - 1)
        labels = F.softmax(-squared / (2 * width * width), dim=2)
        loss = -(labels * F.log_softmax(logits, dim=2)).sum(dim=2)
    else:
        # Half a cell's diagonal, so that a cell is near.
        radius = matches.allowed().clamp(min=2**0.5 / (side - 1)).to(squared.device)
        far = squared > radius.square().view(-1, 1, 1)
        near = logits.masked_fill(far, -1e4).logsumexp(dim=2)
        loss = logits.logsumexp(dim=2) - near
    return mean_of_valid(loss, matches)


def coordinate_loss(logits: Tensor, view: ClassView) -> Tensor:
    """Mean cross-entropy of the object coordinates of the views' cells.

    logits: [B, COORDINATE_BINS^2 + 1, h, w] (square), of the bins row by row, then of no object.
    """
    batch, _, side, _ = logits.shape
    points = identity_grid(side, side).expand(batch, -1, -1)
    coordinates = view.object_coordinates(points)
    shown = view.pasted.shows(points)
    bins = identity_grid(COORDINATE_BINS, COORDINATE_BINS)
    squared = (coordinates.unsqueeze(2) - bins).square().sum(dim=3)
    labels = F.softmax(-squared / (2 * COORDINATE_WIDTH * COORDINATE_WIDTH), dim=2)
    labels = torch.cat([labels * shown.unsqueeze(2), (~shown).unsqueeze(2)], dim=2)
    labels = labels.to(logits.device)
    loss = -(labels * F.log_softmax(logits.flatten(2).transpose(1, 2), dim=2)).sum(dim=2)
    # What lies outside a photograph is shown only as its mirror image.
    known = (view.inside(points) | ~shown).to(logits.device)
    return (loss * known).sum() / known.sum().clamp(min=1)


def _rename_state(_: nn.Module, state: dict[str, Tensor], *__: object) -> None:
    """Gives a checkpoint's keys the names that the model has."""
    for key in [key for key in state if key.startswith("places.")]:
        state["object_coordinates." + key.removeprefix("places.")] = state.pop(key)


class PretrainingModel(nn.Module):
    """The backbone with the heads that only training needs."""

    def __init__(self, features: FeatureExtraction, class_count: int) -> None:
        super().__init__()
        self.features = features
        deepest = features.channels[-1]
        self.classifier = nn.Linear(deepest, max(1, class_count))
        self.object_coordinates = nn.Conv2d(deepest, COORDINATE_BINS**2 + 1, 1)
        self.register_load_state_dict_pre_hook(_rename_state)


class PretrainingObjective(nn.Module):
    """The first stage's losses.

    points: target cells a pair and level. taps: indices of the taps that are contrasted.
    with_coordinates: whether the loss of object coordinates is among them.
    """

    def __init__(
        self,
        model: PretrainingModel,
        points: int,
        taps: Sequence[int],
        compute: Compute,
        with_coordinates: bool = True,
    ) -> None:
        super().__init__()
        self.model = model
        self.points = points
        self.taps = taps
        self.compute = compute
        self.with_coordinates = with_coordinates

    def forward(
        self, batches: Sequence[PairBatch], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses by name; one backbone pass over all images of all batches."""
        images = torch.cat([image for b in batches for image in (b.source, b.target)])
        images = images.to(self.compute.device).contiguous(memory_format=torch.channels_last)
        with self.compute.autocast():
            maps = self.model.features.visual(images)
        maps = [tap.float() for tap in maps]
        losses: dict[str, Tensor] = {}
        labels = torch.cat([b.labels for b in batches for _ in range(2)]).to(images.device)
        if (labels >= 0).any():
            pooled = F.relu(maps[-1]).mean(dim=(2, 3))
            losses["class"] = F.cross_entropy(
                self.model.classifier(pooled), labels, ignore_index=-1
            )
        first = 0
        for batch in batches:
            count = len(batch.source)
            name = "warp" if batch.tolerance == 0 else "pair"
            for tap in self.taps:
                source = maps[tap][first : first + count]
                target = maps[tap][first + count : first + 2 * count]
                losses[f"{name}{tap}"] = dense_contrast(
                    source, target, batch, self.points, generator
                )
            if batch.views and self.with_coordinates:
                deepest = F.relu(maps[-1][first : first + 2 * count])
                both = self.model.object_coordinates(deepest).chunk(2)
                losses["coordinate"] = sum(map(coordinate_loss, both, batch.views)) / 2
            first += 2 * count
        return losses
