"""NeMF: encoder (backbone, correlation, cost embedding, aggregator) and matching field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.aggregator import Aggregator
from nemf_model.architecture.aligned_costs import AlignedCosts, Costs
from nemf_model.architecture.alignment import align, match_prior, similarity
from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.architecture.conv4d import CostEmbedding, PhiEmbedding, mutual_nearest_neighbour
from nemf_model.architecture.field import Decoder
from nemf_model.architecture.fine_map import FineMap, MapRefinement
from nemf_model.architecture.lookup import unit_features
from nemf_model.architecture.object_finder import COORDINATE_CHANNELS, coordinate_features
from nemf_model.config import LevelConfig, ModelConfig

# Weight of the mean of the aggregator's channels beside the alignment's match prior, which it
# corrects. The channels' differences from their mean tell where in its cell a match lies; they are
# added in full.
AGGREGATOR_WEIGHT = 0.25


class Encoding(NamedTuple):
    """What the encoder makes of B pairs.

    phi: [B, C, h, w, h, w], source rows and columns, then target rows and columns.
    coarse: [B, 2, h, w], normalised source (x, y) on the target grid.
    cost: [B, h*w, h*w], source x target, the refined correlation's mean over its channels.
    """

    phi: Tensor
    coarse: Tensor
    cost: Tensor


class ObjectCoordinates(NamedTuple):
    """The object coordinates of two images after alignment, and what they say about matches.

    source, target: coordinate_features(), [B, COORDINATE_CHANNELS, h, w]; they replace the last
      taps, which are the coordinates before alignment.
    match_prior: [B, sources, targets], see alignment.match_prior().
    """

    source: Tensor
    target: Tensor
    match_prior: Tensor

    def blended(self, aggregated: Tensor) -> Tensor:
        """The match prior with the aggregator's costs, [B, C, sources, targets]."""
        mean = aggregated.mean(dim=1)
        return aggregated + (self.match_prior - (1 - AGGREGATOR_WEIGHT) * mean).unsqueeze(1)


def correlation(source: Tensor, target: Tensor) -> Tensor:
    """Cosine similarities of two feature maps [B, C, h, w] -> [B, 1, h, w, h, w]."""
    source, target = unit_features(source), unit_features(target)
    costs = source.flatten(2).transpose(1, 2) @ target.flatten(2)
    return costs.view(costs.shape[0], 1, *source.shape[2:], *target.shape[2:])


class _Embedder(nn.Module):
    """Names one level's embedding as reference checkpoints do."""

    def __init__(self, embedding: CostEmbedding) -> None:
        super().__init__()
        self.embedder = embedding.embedder

    def forward(self, x: Tensor) -> Tensor:
        return self.embedder(x)


def _embedded(
    levels: Sequence[LevelConfig],
    embedders: nn.ModuleList,
    source: Sequence[Tensor],
    target: Sequence[Tensor],
) -> list[Tensor]:
    """Taps of both images -> each level's embedded correlation, [B, C, grid, grid, grid, grid]."""
    return [
        embedder(correlation(source[level.tap], target[level.tap]))
        for level, embedder in zip(levels, embedders, strict=True)
    ]


class MatchingField(nn.Module):
    """What Phi is made by and the decoder, under the names of reference checkpoints."""

    def __init__(self, config: ModelConfig, backbone: nn.Module) -> None:
        super().__init__()
        self.mlp = nn.ModuleList([Decoder(config)])
        self.field_correlations = nn.ModuleList(
            _Embedder(CostEmbedding(level)) for level in config.cost_embedding.field_correlations
        )
        self.cost_embedding = PhiEmbedding(
            config.cost_embedding.channels,
            config.cost_embedding.field_correlation_channels,
            config.field.phi_channels - config.coarse.offset_channels,
        )
        self.refinement = MapRefinement(config) if config.coarse.lookups else None
        if config.reference_layout:
            self.backbone = backbone


def _upgrade_state(model: NeMF, state: dict[str, Tensor], *_: object) -> None:
    """Gives a checkpoint's keys the names that the model has.

    A reference checkpoint's `mlp_model.backbone.*`, which nothing uses, is replaced by its
    `feature_extraction.*`, which the encoder uses: the model has one backbone under both names, so
    otherwise the copy that is loaded last would win.
    """
    for key in list(state):
        if key.startswith("mlp_model.details."):
            renamed = key.replace("details", "field_correlations", 1)
            state[renamed] = state.pop(key)
    if model.config.reference_layout:
        first, second = "feature_extraction.", "mlp_model.backbone."
        for key in [key for key in state if key.startswith(second)]:
            del state[key]
        for key in [key for key in state if key.startswith(first)]:
            state[second + key.removeprefix(first)] = state[key]


class NeMF(nn.Module):
    """The whole model. Images are normalised and config.image_size wide and high."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        steps = torch.linspace(-1, 1, config.grid)
        self.x_normal = nn.Parameter(steps.clone(), requires_grad=False)
        self.y_normal = nn.Parameter(steps.clone(), requires_grad=False)
        self.feature_extraction = FeatureExtraction(config)
        channels = self.feature_extraction.channels
        levels = config.cost_embedding.levels
        if self.aligns_objects:
            channels = (*channels, COORDINATE_CHANNELS)
        self.proj = nn.ModuleList(
            nn.Linear(channels[level.tap], config.cost_embedding.feature_channels)
            for level in levels
        )
        self.corr_embedder = nn.ModuleList(_Embedder(CostEmbedding(level)) for level in levels)
        self.decoder = Aggregator(config) if levels else None
        self.aligned_costs = None if levels else AlignedCosts(config)
        self.mlp_model = MatchingField(config, self.feature_extraction)
        self.register_load_state_dict_pre_hook(_upgrade_state)

    @property
    def field(self) -> Decoder:
        """The field's decoder (`decoder` is the aggregator in reference checkpoints)."""
        return self.mlp_model.mlp[0]

    @property
    def aligns_objects(self) -> bool:
        """Whether the last tap of an image is its object coordinates, before alignment."""
        return self.feature_extraction.object_finder is not None

    def object_coordinates(
        self, source: Sequence[Tensor], target: Sequence[Tensor]
    ) -> ObjectCoordinates:
        """Taps of two images -> their object coordinates, aligned by the taps of the levels."""
        compared = self.feature_extraction.compared
        with torch.autocast(source[-1].device.type, enabled=False):
            alike = similarity(
                [source[i] for i in compared], [target[i] for i in compared], self.config.grid
            )
            aligned = align(source[-1], target[-1], alike)
            return ObjectCoordinates(
                coordinate_features(source[-1][:, :2]),
                coordinate_features(aligned),
                match_prior(source[-1], aligned, alike),
            )

    def projected(self, taps: list[Tensor]) -> Tensor:
        """Features on the coarse grid, projected: [B, levels, positions, feature_channels]."""
        size = [self.config.grid, self.config.grid]
        projected = []
        for level, linear in zip(self.config.cost_embedding.levels, self.proj, strict=True):
            tap = F.interpolate(taps[level.tap], size, mode="bilinear", align_corners=True)
            projected.append(linear(tap.flatten(2).transpose(1, 2)))
        return torch.stack(projected, dim=1)

    def _cost_embedding(self, source: list[Tensor], target: list[Tensor]) -> Tensor:
        """All levels' embedded correlations: [B, C, sources, targets]."""
        levels = self.config.cost_embedding.levels
        cost = torch.cat(_embedded(levels, self.corr_embedder, source, target), dim=1)
        return cost.flatten(4, 5).flatten(2, 3)

    def coarse_map(self, cost: Tensor) -> Tensor:
        """[B, sources, targets] -> [B, 2, grid, grid]: expected source point of each target."""
        grid = self.config.grid
        probability = F.softmax(cost / self.config.coarse.temperature, dim=1)
        by_position = probability.view(-1, grid, grid, grid * grid)
        x = (by_position.sum(dim=1) * self.x_normal.view(1, -1, 1)).sum(dim=1)
        y = (by_position.sum(dim=2) * self.y_normal.view(1, -1, 1)).sum(dim=1)
        return torch.stack([x, y], dim=1).view(-1, 2, grid, grid)

    def costs(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Costs:
        """Taps of both images -> R and the coarse map."""
        if self.aligned_costs is not None:
            return self.aligned_costs(source, target)
        refined = self.refine(list(source), list(target)).float()
        return Costs(refined, self.coarse_map(refined.mean(dim=1)))

    def refine(self, source: list[Tensor], target: list[Tensor]) -> Tensor:
        """Taps of both images -> the refined correlation R, [B, C, sources, targets]."""
        if not self.aligns_objects:
            return self._aggregated(source, target)
        coordinates = self.object_coordinates(source, target)
        refined = self._aggregated(
            [*source[:-1], coordinates.source], [*target[:-1], coordinates.target]
        )
        return coordinates.blended(refined)

    def _aggregated(self, source: list[Tensor], target: list[Tensor]) -> Tensor:
        cost = mutual_nearest_neighbour(self._cost_embedding(source, target))
        return self.decoder(cost, self.projected(source), self.projected(target))

    def field_correlations(
        self, source: Sequence[Tensor], target: Sequence[Tensor]
    ) -> list[Tensor]:
        """Taps of both images -> the embedded field correlations, [B, C, grid, grid, grid, grid]
        each."""
        levels = self.config.cost_embedding.field_correlations
        return _embedded(levels, self.mlp_model.field_correlations, source, target)

    def fine_maps(
        self, source: Sequence[Tensor], target: Sequence[Tensor], costs: Costs
    ) -> list[FineMap]:
        """Taps of both images and costs() -> the fine map after each round, or [] if the model has
        none. They pass no gradient to what they are made of."""
        refinement = self.mlp_model.refinement
        if refinement is None:
            return []
        taps = [[tap.detach().float() for tap in image] for image in (source, target)]
        return refinement(*taps, costs.cost.detach(), costs.coarse.detach())

    def phi(
        self, refined: Tensor, field_correlations: Sequence[Tensor], fine: Sequence[FineMap] = ()
    ) -> Tensor:
        """R [B, C, sources, targets], field_correlations() and fine_maps(), to which no gradient
        passes -> Phi [B, C', grid, grid, grid, grid]."""
        grid = self.config.grid
        shaped = refined.reshape(*refined.shape[:2], grid, grid, grid, grid)
        embedded = self.mlp_model.cost_embedding(shaped, field_correlations)
        if not fine:
            return embedded
        offsets = self.mlp_model.refinement.offsets(fine[-1]).detach()
        return torch.cat([embedded, offsets], dim=1)

    def encode_taps(self, target: list[Tensor], source: list[Tensor]) -> Encoding:
        """Taps of both images -> Encoding."""
        costs = self.costs(source, target)
        fine = self.fine_maps(source, target, costs)
        return self.encode_costs(costs, self.field_correlations(source, target), fine)

    def encode_costs(
        self, costs: Costs, field_correlations: Sequence[Tensor], fine: Sequence[FineMap] = ()
    ) -> Encoding:
        """costs(), field_correlations() and fine_maps() -> Encoding."""
        phi = self.phi(costs.refined, field_correlations, fine)
        return Encoding(phi, costs.coarse, costs.cost)

    def encode(self, target: Tensor, source: Tensor) -> Encoding:
        """[B, 3, S, S] each (the query, then the reference) -> Encoding."""
        return self.encode_taps(self.feature_extraction(target), self.feature_extraction(source))

    forward = encode
