"""Inputs and results of a matching run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import torch

# Scores points [N, 4] (reference x, y, query x, y; normalised) given phi there [N, C] -> [N].
Field = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Refinement(Enum):
    """Which stages follow the coarse map."""

    COARSE = "coarse"
    PATCHMATCH = "patchmatch"
    PATCHMATCH_AND_OPTIMIZE = "patchmatch_and_optimize"


@dataclass(frozen=True)
class MatchOptions:
    """The schedule of one run; the defaults are the paper's. Lengths are normalised.

    refinement: the last stage that runs.
    seed: of the random search, in [0, 2^64).
    patchmatch_iterations: propagations, each followed by a random search.
    search_radius: half-width of the random search; no answer is further from the coarse map.
    optimize_steps: of AdamW, after PatchMatch.
    learning_rate, final_learning_rate: of the first and the last step; a cosine in between.
    weight_decay: AdamW's.

    The remaining fields save work:
    lattice_stride: PatchMatch and the optimisation run on query points about this many pixels
      apart; 1 for all pixels.
    upsample_candidates: between the lattice's nodes the answer is the interpolated value. If the
      nodes' values jump, it is the best scored of that value and of this many nodes around.
    search_candidates: random points an iteration.
    search_decay: factor of the search radius from one iteration to the next.
    """

    refinement: Refinement = Refinement.PATCHMATCH_AND_OPTIMIZE
    seed: int = 0
    patchmatch_iterations: int = 20
    search_radius: float = 0.1
    optimize_steps: int = 20
    learning_rate: float = 3e-4
    final_learning_rate: float = 1e-6
    weight_decay: float = 0.01
    lattice_stride: int = 1
    upsample_candidates: int = 0
    search_candidates: int = 1
    search_decay: float = 1.0


@dataclass(frozen=True)
class EncodedPair:
    """The encoder's answer for one pair.

    phi: [C, h, w, h, w], axes (channel, reference row, column, query row, column).
    coarse: [2, h, w], the normalised reference (x, y) of each cell of the query's grid.
    query_size, reference_size: (width, height) of the images in pixels.
    """

    phi: torch.Tensor
    coarse: torch.Tensor
    query_size: tuple[int, int]
    reference_size: tuple[int, int]


@dataclass(frozen=True)
class Matches:
    """The matches of query points [...].

    reference: [..., 2], reference pixels (x, y).
    scores: [...], the field's logits.
    """

    reference: torch.Tensor
    scores: torch.Tensor

    @property
    def confidence(self) -> torch.Tensor:
        """The field's probability that each match is correct: [...] in (0, 1)."""
        return torch.sigmoid(self.scores)
