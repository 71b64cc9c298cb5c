"""Writes the data that oracle_test.cc compares the engine with.

    python make_oracle.py DIR

A tiny model with random weights goes through matching.match, the method written plainly in Python.
DIR then holds bundles/tiny/1/ and, as raw little-endian arrays named in index.json, the inputs and
answers of some pairs of random images. Needs the folder model/ in PYTHONPATH.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from nemf_model.architecture.field import harmonic_embedding
from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.export.bundle import Bundle
from nemf_model.export.bundle_writer import BundleName, export_bundle
from nemf_model.export.preprocess import encoder_input
from nemf_model.geometry import pixel_to_normalised
from nemf_model.matching.match import dense_matches, transfer_keypoints
from nemf_model.matching.optimization import score_gradient
from nemf_model.matching.presets import BALANCED, FAST
from nemf_model.matching.sampling import field_scores, interpolate_phi
from nemf_model.matching.types import EncodedPair, MatchOptions, Refinement

_OPTIONS = MatchOptions(seed=0x0123456789ABCDEF)
# Query and reference (width, height) of the pairs.
_PAIRS = {
    "main": ((32, 24), (28, 36)),
    "row": ((9, 1), (33, 20)),
    "column": ((1, 9), (7, 1)),
    "square": ((2, 2), (1, 1)),
}
_POINTS = 500
# Columns and rows of the grid that a field is sampled on.
_NODES = (7, 5)


class Writer:
    """Writes arrays to files and remembers their names for the index."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._index: dict[str, dict[str, object]] = {}

    def add(self, name: str, values: torch.Tensor | np.ndarray) -> None:
        """Writes float32 values, or bytes as they are."""
        array = np.ascontiguousarray(np.asarray(values))
        file = f"{name}.{'u8' if array.dtype == np.uint8 else 'f32'}"
        array.tofile(self._directory / file)
        self._index[name] = {"file": file, "shape": list(array.shape)}

    def write_index(self, extra: dict[str, object]) -> None:
        index = {"arrays": self._index, **extra}
        (self._directory / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def random_model(seed: int) -> NeMF:
    """A tiny model whose field is far from flat."""
    torch.manual_seed(seed)
    model = NeMF(ModelConfig.tiny()).eval()
    with torch.no_grad():
        for parameter in model.field.parameters():
            if parameter.dim() == 2:
                parameter.normal_(std=1.7 / parameter.shape[1] ** 0.5)
            else:
                parameter.normal_(std=0.1)
    return model


def random_image(generator: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """[H, W, 3] uint8."""
    return generator.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def random_keypoints(generator: np.random.Generator, size: tuple[int, int]) -> torch.Tensor:
    """The image's corners, a whole pixel and some fractional ones: [K, 2] float32."""
    last = np.array(size, np.float32) - 1
    corners = last * np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
    inside = last * generator.random((12, 2), np.float32)
    return torch.from_numpy(np.concatenate([corners, np.floor(last / 2)[None], inside]))


def write_points(writer: Writer, bundle: Bundle, pair: EncodedPair) -> None:
    """The field's parts at random points."""
    generator = torch.Generator().manual_seed(5)
    points = torch.rand(_POINTS, 4, generator=generator) * 2.2 - 1.1
    reference, query = points[:, :2], points[:, 2:]
    field = bundle.manifest["field"]
    frequencies = torch.tensor(field["frequencies"])
    with torch.no_grad():
        writer.add("points", points)
        writer.add("points_phi", interpolate_phi(pair.phi, points))
        writer.add(
            "points_embedding",
            harmonic_embedding(reference, frequencies, field["scale"], field["offset"]),
        )
        writer.add("points_scores", field_scores(bundle.field, pair.phi, reference, query))
    writer.add("points_gradient", score_gradient(bundle.field, pair.phi, reference, query))


def write_field(
    writer: Writer, bundle: Bundle, name: str, images: list[np.ndarray], keypoint: torch.Tensor
) -> None:
    """Scores and coarse cost of one keypoint [2] against a grid of reference points."""
    sizes = bundle.manifest["encoder"]
    inputs = [
        encoder_input(image, sizes["input_size"], sizes["mean"], sizes["std"]) for image in images
    ]
    with torch.no_grad():
        phi, _, cost = (output[0] for output in bundle.encoder(*inputs))
        columns, rows = _NODES
        y, x = torch.meshgrid(
            torch.linspace(-1, 1, rows), torch.linspace(-1, 1, columns), indexing="ij"
        )
        reference = torch.stack([x, y], dim=-1).reshape(-1, 2)
        height, width, _ = images[0].shape
        at = pixel_to_normalised(keypoint, width, height)
        query = at.expand_as(reference)
        writer.add(f"{name}_field_point", keypoint[None])
        scores = field_scores(bundle.field, phi, reference, query)
        writer.add(f"{name}_field_scores", scores.reshape(rows, columns))
        volume = cost.reshape(1, *phi.shape[1:])
        sampled = interpolate_phi(volume, torch.cat([reference, query], dim=1))
        writer.add(f"{name}_field_cost", sampled.reshape(rows, columns))


def write_answers(
    writer: Writer,
    bundle: Bundle,
    pair: EncodedPair,
    keypoints: torch.Tensor,
    names: str,
    options: MatchOptions,
) -> None:
    """The dense answer and the keypoints'; `names` takes "dense" or "sparse"."""
    dense = dense_matches(bundle.field, pair, options)
    sparse = transfer_keypoints(bundle.field, pair, keypoints, options)
    for kind, matches in (("dense", dense), ("sparse", sparse)):
        writer.add(names.format(kind), matches.reference)
        writer.add(names.format(kind) + "_scores", matches.scores)


def write_pair(writer: Writer, bundle: Bundle, name: str, generator: np.random.Generator) -> None:
    """A pair's images, encoding and answers."""
    query, reference = (random_image(generator, size) for size in _PAIRS[name])
    pair = bundle.encode(query, reference)
    keypoints = random_keypoints(generator, _PAIRS[name][0])
    writer.add(f"{name}_query", query)
    writer.add(f"{name}_reference", reference)
    writer.add(f"{name}_phi", pair.phi.permute(1, 2, 3, 4, 0))
    writer.add(f"{name}_coarse", pair.coarse)
    writer.add(f"{name}_keypoints", keypoints)
    write_field(writer, bundle, name, [query, reference], keypoints[-1])
    for refinement in Refinement:
        options = replace(_OPTIONS, refinement=refinement)
        names = f"{name}_{{}}_{refinement.value}"
        write_answers(writer, bundle, pair, keypoints, names, options)
    for preset, options in (("balanced", BALANCED), ("fast", FAST)):
        names = f"{name}_{{}}_{preset}"
        options = replace(options, seed=_OPTIONS.seed)
        write_answers(writer, bundle, pair, keypoints, names, options)
    if name == "main":
        write_points(writer, bundle, pair)


def main(directory: Path) -> None:
    torch.set_num_threads(1)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    target = BundleName(directory / "bundles", "tiny", "1")
    bundle = Bundle.load(export_bundle(random_model(seed=3), target, {}))
    writer = Writer(directory)
    generator = np.random.default_rng(11)
    for name in _PAIRS:
        write_pair(writer, bundle, name, generator)
    writer.write_index({"seed": _OPTIONS.seed, "pairs": list(_PAIRS)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
