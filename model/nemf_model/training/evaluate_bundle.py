"""Measures a bundle on photographs under known random warps.

    python -m nemf_model.training.evaluate_bundle BUNDLE --images DIR [DIR ...] [--warps 16]

Prints JSON: the end-point error and the PCK of the identity (no flow), of the coarse map, of
PatchMatch and of the optimised answer, by the schedule that the server takes by default. Use
photographs that the model was not trained on; with --held-out only every twentieth of a folder is
taken, those that training leaves out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from nemf_model.data.appearance import randomise_appearance
from nemf_model.data.images import image_files, load, photographs
from nemf_model.data.warps import RandomWarp, WarpStrength
from nemf_model.export.bundle import Bundle
from nemf_model.geometry import normalised_to_pixel
from nemf_model.matching.match import dense_matches
from nemf_model.matching.presets import PRESETS
from nemf_model.matching.sampling import query_grid
from nemf_model.matching.types import EncodedPair, MatchOptions, Refinement
from nemf_model.training.metrics import endpoint_errors

ALPHAS = (0.01, 0.03, 0.05, 0.1)


def warped_pairs(
    images: Tensor, strength: WarpStrength, appearance: bool, seed: int
) -> Iterator[tuple[Tensor, Tensor, RandomWarp]]:
    """Two views each of photographs [N, 3, S, S] in [0, 1]: (reference, query, warp).

    The views are [1, 3, S, S] in [0, 1]; warp.match takes query points to reference points.
    """
    generator = torch.Generator().manual_seed(seed)
    for image in images.split(1):
        warp = RandomWarp.sample(1, strength, generator)
        views = warp.views(image, image.shape[-1])
        if appearance:
            views = tuple(randomise_appearance(view, generator) for view in views)
        yield *views, warp


@torch.no_grad()
def pair_errors(
    bundle: Bundle,
    reference: Tensor,
    query: Tensor,
    warp: RandomWarp,
    resolution: int,
    options: MatchOptions,
) -> dict[str, Tensor]:
    """Errors of each kind of answer, of the query pixels whose match lies in the reference.

    Args:
      reference, query: [1, 3, S, S] in [0, 1], S the encoder's input size.
      resolution: side, in pixels, at which the dense answer is computed.
      options: the schedule; its refinement is replaced.

    Returns:
      kind -> [M] distances in pixels of an image of `resolution`.
    """
    encoder = bundle.manifest["encoder"]
    mean, std = (torch.tensor(encoder[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    phi, coarse, _ = bundle.encoder((query - mean) / std, (reference - mean) / std)
    side = (resolution, resolution)
    pair = EncodedPair(phi[0], coarse[0], side, side)
    grid = query_grid(pair)
    truth = warp.match(grid.view(1, -1, 2)).view_as(grid)
    valid = truth.abs().amax(dim=-1) <= 1
    truth = normalised_to_pixel(truth, *side)
    answers = {"identity": normalised_to_pixel(grid, *side)}
    for refinement in Refinement:
        schedule = replace(options, refinement=refinement)
        answers[refinement.value] = dense_matches(bundle.field, pair, schedule).reference
    return {kind: endpoint_errors(a, truth)[valid] for kind, a in answers.items()}


def summary(errors: Sequence[dict[str, Tensor]], resolution: int) -> dict[str, dict[str, float]]:
    """Kind -> mean error in pixels, and share of points within each alpha of the side."""
    kinds = errors[0].keys()
    pooled = {kind: torch.cat([pair[kind] for pair in errors]) for kind in kinds}
    return {
        kind: {
            "epe_px": round(values.mean().item(), 4),
            **{
                f"pck@{a}": round((values <= a * resolution).float().mean().item(), 4)
                for a in ALPHAS
            },
        }
        for kind, values in pooled.items()
    }


def evaluate(arguments: argparse.Namespace) -> dict[str, object]:
    """Measures the bundle that the command line names; what it returns is what main() prints."""
    bundle = Bundle.load(arguments.bundle)
    size = bundle.manifest["encoder"]["input_size"]
    if arguments.held_out:
        store = photographs(arguments.images, size, held_out=True)
    else:
        store = load([(f, -1) for folder in arguments.images for f in image_files(folder)], size)
    generator = torch.Generator().manual_seed(arguments.seed)
    chosen = torch.randint(len(store), (arguments.warps,), generator=generator)
    options = replace(PRESETS[arguments.preset], seed=arguments.seed)
    pairs = warped_pairs(store.batch(chosen), WarpStrength(), arguments.appearance, arguments.seed)
    errors = [
        pair_errors(bundle, *pair, arguments.resolution, options)
        for pair in tqdm(pairs, total=arguments.warps, desc="warps", unit="pair", disable=None)
    ]
    return {
        "model": f"{bundle.manifest['name']}/{bundle.manifest['version']}",
        "photographs": len(store),
        "warps": arguments.warps,
        "seed": arguments.seed,
        "preset": arguments.preset,
        "resolution": arguments.resolution,
        "appearance": arguments.appearance,
        "answers": summary(errors, arguments.resolution),
    }


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m nemf_model.training.evaluate_bundle", description=__doc__
    )
    parser.add_argument("bundle", type=Path, help="directory of a bundle's version")
    parser.add_argument("--images", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--held-out", action="store_true", help="only what training leaves out")
    parser.add_argument("--warps", type=int, default=16, help="pairs to measure on")
    parser.add_argument("--appearance", action="store_true", help="also change colours and texture")
    parser.add_argument("--resolution", type=int, default=256, help="side of the dense answer, px")
    parser.add_argument("--preset", choices=PRESETS, default="balanced", help="the schedule")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    print(json.dumps(evaluate(parse(argv)), indent=2))


if __name__ == "__main__":
    main()
