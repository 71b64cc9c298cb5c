"""The exported encoder: a model's weights and answers, arranged for inference.

Its answers equal those of architecture/model.py, which is the oracle, up to float32 rounding. See
fast_aggregator.py and fast_embedding.py for the differences. In addition, both images pass through
the backbone together and channels last.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nemf_model.architecture.conv4d import mutual_nearest_neighbour
from nemf_model.architecture.model import NeMF, correlation
from nemf_model.config import LevelConfig
from nemf_model.export.fast_aggregator import FastAggregator
from nemf_model.export.fast_embedding import FastCostEmbedding, FastPhiEmbedding
from nemf_model.export.fast_linear import compiled


class FastEncoder(nn.Module):
    """`NeMF.encode()` with the bundle's signature, for inference only.

    It shares the model's weights, keeps copies made from some of them, and works in place.
    """

    def __init__(self, model: NeMF) -> None:
        super().__init__()
        self.model = model
        field = model.mlp_model
        sizes = model.config.cost_embedding
        self.embeddings = fast_embeddings(sizes.levels, model.corr_embedder)
        self.field_correlations = fast_embeddings(
            sizes.field_correlations, field.field_correlations
        )
        self.aggregator = None if model.decoder is None else compiled(FastAggregator(model.decoder))
        self.phi = FastPhiEmbedding(field.cost_embedding, model.config)

    def forward(self, query: Tensor, reference: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, 3, S, S] each -> phi [B, C, h, w, h, w], coarse [B, 2, h, w], cost [B, hw, hw]."""
        model, grid = self.model, self.model.config.grid
        images = torch.cat([reference, query]).contiguous(memory_format=torch.channels_last)
        taps = model.feature_extraction(images)
        sources, targets = zip(*(tap.chunk(2) for tap in taps), strict=True)
        if self.aggregator is None:
            refined, coarse = model.aligned_costs(sources, targets)
            cost = refined.mean(dim=1)
            field_correlations = embedded(
                taps, model.config.cost_embedding.field_correlations, self.field_correlations
            )
        else:
            refined, field_correlations = self._aggregated(taps, sources, targets)
            cost = refined.mean(dim=1)
            coarse = model.coarse_map(cost)
        phi = self.phi(refined, field_correlations)
        phi = phi.unflatten(3, (grid, grid)).unflatten(2, (grid, grid))
        refinement = model.mlp_model.refinement
        if refinement is not None:
            fine = refinement(sources, targets, cost, coarse)
            phi = torch.cat([phi, refinement.offsets(fine[-1])], dim=1)
        return phi, coarse, cost

    def _aggregated(
        self, taps: list[Tensor], sources: Sequence[Tensor], targets: Sequence[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """Returns R [B, C, S, T] and the embedded field correlations.

        Args:
          taps: of the references, then of the queries; the last one is changed.
          sources, targets: the same, of the references and of the queries alone.
        """
        model = self.model
        coordinates = None
        if model.aligns_objects:
            coordinates = model.object_coordinates(sources, targets)
            taps[-1] = torch.cat([coordinates.source, coordinates.target])
        source, target = model.projected(taps).chunk(2)
        levels = model.config.cost_embedding.levels
        extra = model.config.cost_embedding.field_correlations
        # Together, as a field correlation mostly is a level's correlation, embedded anew.
        embeddings = [*self.embeddings, *self.field_correlations]
        costs = embedded(taps, [*levels, *extra], embeddings)
        field_correlations = costs[len(levels) :]
        costs = torch.cat(costs[: len(levels)], dim=1)
        refined = self.aggregator(mutual_nearest_neighbour(costs), source, target)
        if coordinates is not None:
            refined = coordinates.blended(refined)
        return refined, field_correlations


def fast_embeddings(levels: Sequence[LevelConfig], plain: nn.ModuleList) -> nn.ModuleList:
    return nn.ModuleList(
        embedder if level.transposed else FastCostEmbedding(level, embedder)
        for level, embedder in zip(levels, plain, strict=True)
    )


def embedded(
    taps: Sequence[Tensor], levels: Sequence[LevelConfig], embeddings: Sequence[nn.Module]
) -> list[Tensor]:
    """Taps of the references, then the queries -> embedded correlations, [B, C, S, T] each."""
    costs = []
    pooled: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
    for level, embedding in zip(levels, embeddings, strict=True):
        tap = taps[level.tap]
        if level.transposed:
            source, target = tap.chunk(2)
            costs.append(embedding(correlation(source, target)).flatten(4, 5).flatten(2, 3))
            continue
        if embedding.pooling not in pooled:
            pooled[embedding.pooling] = embedding.pooled(*unit_vectors(tap).chunk(2))
        costs.append(embedding(*pooled[embedding.pooling]))
    return costs


def unit_vectors(tap: Tensor) -> Tensor:
    """Features [B, C, h, w] -> [B, h * w, C], of length 1."""
    features = tap.flatten(2).transpose(1, 2).contiguous()
    return features / (features.square().sum(dim=2, keepdim=True) + 1e-6).sqrt()
