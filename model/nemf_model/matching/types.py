"""What goes into a matching run and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import torch

# Scores points [N, 4] (reference x, y, query x, y; normalised) given phi there [N, C] -> [N].
Field = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Refinement(Enum):
    """How far the coarse answer is refined."""

    COARSE = "coarse"
    PATCHMATCH = "patchmatch"
    PATCHMATCH_AND_OPTIMIZE = "patchmatch_and_optimize"


@dataclass(frozen=True)
class MatchOptions:
    """The schedule of one run; the defaults are the paper's. Lengths are in normalised units.

    The last four save work. PatchMatch and the optimisation may work on a lattice of query points,
    one in about `lattice_stride` pixels along each axis; between its nodes the answer is the
    interpolated value or, where values jump, the best scored of that and of up to
    `upsample_candidates` nodes around. An iteration searches `search_candidates` random points, and
    the radius shrinks by `search_decay` from one iteration to the next.
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
    """What the encoder made of one pair, and the sizes (width, height) of its images in pixels.

    phi: [C, h, w, h, w], axes (channel, reference row, column, query row, column).
    coarse: [2, h, w], the normalised reference (x, y) of each cell of the query's grid.
    """

    phi: torch.Tensor
    coarse: torch.Tensor
    query_size: tuple[int, int]
    reference_size: tuple[int, int]


@dataclass(frozen=True)
class Matches:
    """Answers for points [...]: reference [..., 2] in reference pixels, scores [...] (logits)."""

    reference: torch.Tensor
    scores: torch.Tensor

    @property
    def confidence(self) -> torch.Tensor:
        """The field's probability that each point is right: [...] in (0, 1)."""
        return torch.sigmoid(self.scores)
