"""PatchMatch on the matching field: propagation and random search over all pixels."""

from __future__ import annotations

import torch

from nemf_model.matching.philox import search_offsets
from nemf_model.matching.sampling import coarse_map, field_scores, query_grid
from nemf_model.matching.types import EncodedPair, Field, MatchOptions


class PatchMatch:
    """PatchMatch over all pixels of a query (docs/algorithm.md, section 5.2).

    coords: [H, W, 2], the current normalised reference point of each query pixel.
    scores: [H, W], its score.
    """

    def __init__(self, field: Field, pair: EncodedPair, options: MatchOptions):
        self._field = field
        self._phi = pair.phi
        self._options = options
        self._query = query_grid(pair)
        self._initial = coarse_map(pair)
        self.coords = self._initial.clone()
        self.scores = self._score(self.coords)

    @torch.no_grad()
    def run(self) -> torch.Tensor:
        """Runs all iterations; returns coords [H, W, 2]."""
        for iteration in range(self._options.patchmatch_iterations):
            self.propagate()
            self.search(iteration)
            self.clamp()
        return self.coords

    @torch.no_grad()
    def propagate(self) -> None:
        """Takes the neighbours' best scored point if it is strictly better; of equal scores the
        first wins."""
        for candidate in neighbour_values(self.coords):
            self._replace_where_better(candidate)

    @torch.no_grad()
    def search(self, iteration: int) -> None:
        """Takes the best scored random point if it is strictly better; of equal scores the first
        wins. All candidates of an iteration lie around the point that propagation left."""
        height, width = self.scores.shape
        options = self._options
        centre = self.coords
        for candidate in range(options.search_candidates):
            decays = iteration + candidate / options.search_candidates
            radius = options.search_radius * options.search_decay**decays
            offsets = search_offsets(height, width, iteration, options.seed, radius, candidate)
            self._replace_where_better(centre + torch.from_numpy(offsets))

    @torch.no_grad()
    def clamp(self) -> None:
        """Clamps points to the search radius around the coarse map; scores those that moved."""
        radius = self._options.search_radius
        clamped = self.coords.clamp(self._initial - radius, self._initial + radius)
        moved = (clamped != self.coords).any(dim=-1)
        self.coords = clamped
        if moved.any():
            self.scores[moved] = field_scores(
                self._field, self._phi, clamped[moved], self._query[moved]
            )

    def _replace_where_better(self, candidate: torch.Tensor) -> None:
        scores = self._score(candidate)
        better = scores > self.scores
        self.coords = torch.where(better[..., None], candidate, self.coords)
        self.scores = torch.where(better, scores, self.scores)

    @torch.no_grad()
    def _score(self, coords: torch.Tensor) -> torch.Tensor:
        return field_scores(self._field, self._phi, coords, self._query)


def neighbour_values(coords: torch.Tensor) -> list[torch.Tensor]:
    """Returns the values above, below, left and right of each pixel.

    The border is mirrored without repeating the edge: row -1 is row 1.

    Args:
      coords: [H, W, 2].

    Returns:
      Four tensors [H, W, 2].
    """
    height, width = coords.shape[:2]
    rows, columns = torch.arange(height), torch.arange(width)
    return [
        coords[_mirrored(rows - 1, height)],
        coords[_mirrored(rows + 1, height)],
        coords[:, _mirrored(columns - 1, width)],
        coords[:, _mirrored(columns + 1, width)],
    ]


def _mirrored(index: torch.Tensor, size: int) -> torch.Tensor:
    """Maps indices in [-1, size] into [0, size) by reflection at the first and last element."""
    if size == 1:
        return torch.zeros_like(index)
    index = index.abs()
    return torch.where(index >= size, 2 * (size - 1) - index, index)
