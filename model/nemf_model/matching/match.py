"""Matching with an encoded pair, written plainly: the oracle of the C++ engine.

Points are (x, y). Normalised coordinates span [-1, 1] over an image, corners aligned. The query is
the image asked about, the reference is the image searched.
"""

from __future__ import annotations

import torch

from nemf_model.geometry import normalised_to_pixel, pixel_grid, pixel_to_normalised
from nemf_model.matching.lattice import on_lattice, upsample
from nemf_model.matching.optimization import optimize
from nemf_model.matching.patchmatch import PatchMatch
from nemf_model.matching.sampling import (
    coarse_map,
    field_scores,
    query_grid,
    sample_coarse,
    sample_map,
)
from nemf_model.matching.types import EncodedPair, Field, Matches, MatchOptions, Refinement


@torch.no_grad()
def transfer_keypoints(
    field: Field, pair: EncodedPair, keypoints: torch.Tensor, options: MatchOptions
) -> Matches:
    """Finds keypoints in the reference.

    Args:
      keypoints: [K, 2], query pixels (x, y), which may be fractional.

    Returns:
      Matches over [K].
    """
    query = pixel_to_normalised(keypoints, *pair.query_size)
    if options.refinement is Refinement.COARSE:
        coords = sample_coarse(pair, keypoints)
    elif _is_strided(pair, options):
        coords = upsample(field, pair, _optimized_nodes(field, pair, options), keypoints, options)
        return _score(field, pair, coords, query)
    else:
        coords = sample_map(PatchMatch(field, pair, options).run(), keypoints)
    return _finish(field, pair, coords, query, options)


@torch.no_grad()
def dense_matches(field: Field, pair: EncodedPair, options: MatchOptions) -> Matches:
    """Finds every pixel of the query in the reference; returns Matches over [H, W]."""
    width, height = pair.query_size
    if _is_strided(pair, options):
        matches = transfer_keypoints(field, pair, pixel_grid(width, height).reshape(-1, 2), options)
    else:
        coords = PatchMatch(field, pair, options).run() if _searches(options) else coarse_map(pair)
        query = query_grid(pair).reshape(-1, 2)
        matches = _finish(field, pair, coords.reshape(-1, 2), query, options)
    return Matches(
        matches.reference.reshape(height, width, 2), matches.scores.reshape(height, width)
    )


def flow(pair: EncodedPair, matches: Matches) -> torch.Tensor:
    """Returns reference pixel minus query pixel of dense matches, [H, W, 2]."""
    return matches.reference - pixel_grid(*pair.query_size)


def _finish(
    field: Field,
    pair: EncodedPair,
    coords: torch.Tensor,
    query: torch.Tensor,
    options: MatchOptions,
) -> Matches:
    """Optimises points [N, 2] if the options say so, scores them and converts them to pixels."""
    if options.refinement is Refinement.PATCHMATCH_AND_OPTIMIZE:
        coords = optimize(field, pair.phi, coords, query, options)
    return _score(field, pair, coords, query)


def _searches(options: MatchOptions) -> bool:
    return options.refinement is not Refinement.COARSE


def _is_strided(pair: EncodedPair, options: MatchOptions) -> bool:
    return on_lattice(pair, options).query_size != pair.query_size


def _optimized_nodes(field: Field, pair: EncodedPair, options: MatchOptions) -> torch.Tensor:
    """Returns the lattice's values after PatchMatch and, if the options say so, the optimisation,
    [h, w, 2]."""
    lattice = on_lattice(pair, options)
    coords = PatchMatch(field, lattice, options).run()
    if options.refinement is not Refinement.PATCHMATCH_AND_OPTIMIZE:
        return coords
    query = query_grid(lattice).reshape(-1, 2)
    flat = optimize(field, pair.phi, coords.reshape(-1, 2), query, options)
    return flat.reshape(coords.shape)


def _score(field: Field, pair: EncodedPair, coords: torch.Tensor, query: torch.Tensor) -> Matches:
    scores = field_scores(field, pair.phi, coords, query)
    return Matches(normalised_to_pixel(coords, *pair.reference_size), scores)
