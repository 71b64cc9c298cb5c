"""Writes a bundle, the form in which the server loads a model.

    python -m nemf_model.export --config small --weights best.pt \
        --name nemf-small --version 1 --out DIR
    python -m nemf_model.export --reference model_best.pth --hyperparameters args.pkl \
        --name nemf-spair --version 1 --out DIR
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from nemf_model.architecture.field import Decoder
from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.export.bundle import FORMAT, MANIFEST, sha256
from nemf_model.export.fast_encoder import FastEncoder
from nemf_model.weights.reference_checkpoint import load_reference_model
from nemf_model.weights.trained_model import load_trained_model

_ENCODER_FILE = "encoder.pt"
_FIELD_FILE = "field.pt"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# The largest difference allowed between an exported answer and the plain one, as a share of the
# plain answer's largest magnitude: fused and folded layers round differently.
_TOLERANCE = 1e-3
# The coarse map's largest difference from the exact one, in normalised coordinates, if its logits
# are exact; and how often float32 rounds a logit, each time by a relative error of at most 2^-24.
_COARSE_TOLERANCE = 1e-5
_LOGIT_ROUNDINGS = 4
_TRACED_BATCH = 2
_CHECKED_BATCHES = (1, 3)

logger = logging.getLogger(__name__)


class Field(nn.Module):
    """The matching field with the bundle's signature and parameter names (decoder.*)."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, points: Tensor, phi: Tensor) -> Tensor:
        """points [N, 4] (reference x, y, query x, y), phi [N, C] -> scores [N]."""
        return self.decoder(points, phi)


@dataclass(frozen=True)
class BundleName:
    """The directory of a bundle, <out>/<name>/<version>/."""

    out: Path
    name: str
    version: str

    def __post_init__(self) -> None:
        for what in ("name", "version"):
            value = getattr(self, what)
            if not _NAME.fullmatch(value):
                raise ValueError(f"{what} = {value!r}, must match {_NAME.pattern}")

    @property
    def directory(self) -> Path:
        return self.out / self.name / self.version


def export_bundle(model: NeMF, target: BundleName, provenance: dict[str, Any]) -> Path:
    """Writes a bundle and compares its answers with the model's; returns its directory.

    The bundle is written to a temporary directory and renamed, so it appears whole or not at all.

    Raises:
      FileExistsError: the bundle's directory exists.
      RuntimeError: an exported module's answers differ from the model's.
    """
    if target.directory.exists():
        raise FileExistsError(f"{target.directory} exists; a version is never overwritten")
    model = model.eval()
    target.directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.directory.parent, prefix=".export-") as temporary:
        staged = Path(temporary) / target.version
        staged.mkdir()
        export_encoder(model, staged / _ENCODER_FILE)
        export_field(model, staged / _FIELD_FILE)
        manifest = make_manifest(model.config, target, provenance, staged)
        (staged / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        os.rename(staged, target.directory)
    return target.directory


@torch.no_grad()
def trace_encoder(model: NeMF, batch: int = _TRACED_BATCH) -> torch.jit.ScriptModule:
    """Traces the FastEncoder with `batch` pairs; the result takes any number of pairs."""
    with warnings.catch_warnings():
        # torch.jit is in maintenance; the version is pinned. The tracer warns about shape checks
        # inside GroupNorm; export_encoder() checks other batch sizes.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        inputs = _encoder_inputs(model, batch)
        return torch.jit.trace(FastEncoder(model).eval(), inputs, check_trace=False).eval()


@torch.no_grad()
def export_encoder(model: NeMF, path: Path) -> None:
    """Traces the encoder, writes it to `path` and checks the file.

    The encoder is frozen if freezing keeps its answers.
    """
    logger.info("tracing the encoder; the published model takes some minutes")
    traced = trace_encoder(model)
    chosen = torch.jit.freeze(traced)
    _require_no_device(chosen)
    try:
        check_encoder(model, chosen, _encoder_inputs(model, 1, seed=1))
    except RuntimeError as error:
        logger.warning("written unfrozen, as freezing changes the answers: %s", error)
        chosen = traced
    chosen.save(str(path))
    saved = torch.jit.load(path, map_location="cpu")
    for batch in _CHECKED_BATCHES:
        check_encoder(model, saved, _encoder_inputs(model, batch, seed=10 + batch))


@torch.no_grad()
def export_field(model: NeMF, path: Path) -> None:
    """Scripts the field, writes it to `path` and checks the file; parameters keep their names."""
    field = Field(model.field).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(field).save(str(path))
    saved = torch.jit.load(path, map_location="cpu")
    for rows in (1, 7, 2048):
        inputs = _field_inputs(model.config, rows)
        _require_near(f"field, {rows} rows", saved(*inputs), field(*inputs))


@torch.no_grad()
def check_encoder(model: NeMF, exported: nn.Module, inputs: tuple[Tensor, Tensor]) -> None:
    """Compares an exported encoder's answers with the model's.

    The coarse map is a softmax of the cost with a low temperature, so it magnifies differences of
    the cost without bound. It is therefore compared with the exact coarse map of the exported cost;
    that of a model without an aggregator, which has a finer grid of the source, with the model's.

    Args:
      exported: takes query and reference; returns phi, coarse and cost (see Bundle.encoder).
      inputs: query and reference, [B, 3, S, S] each.

    Raises:
      RuntimeError: an answer differs by more than rounding explains.
    """
    phi, coarse, cost = exported(*inputs)
    expected = model.encode(*inputs)
    batch = len(inputs[0])
    _require_near(f"phi, {batch} pairs", phi, expected.phi)
    _require_near(f"cost, {batch} pairs", cost, expected.cost)
    if model.decoder is None:
        _require_near(f"coarse map, {batch} pairs", coarse, expected.coarse)
        return
    exact, allowed = coarse_bounds(model, cost)
    _require(f"coarse map, {batch} pairs", ((coarse - exact).abs() / allowed).max().item(), 1.0)


def coarse_bounds(model: NeMF, cost: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the exact coarse map of a cost, and how far rounding in float32 may move it.

    Logits that are off by at most e change each probability by a factor within exp(+-2 e), and so
    an expected coordinate by at most (exp(2 e) - 1) times its mean absolute deviation.

    Args:
      cost: [B, sources, targets] float32.

    Returns:
      Two float64 tensors [B, 2, h, w], normalised.
    """
    grid = model.config.grid
    exact = model.coarse_map(cost.double())
    logits = cost.double() / model.config.coarse.temperature
    x, y = model.x_normal.repeat(grid), model.y_normal.repeat_interleave(grid)
    distances = torch.stack([x, y])[None, :, :, None] - exact.flatten(2).unsqueeze(2)
    deviation = (logits.softmax(dim=1).unsqueeze(1) * distances.abs()).sum(dim=2)
    errors = _LOGIT_ROUNDINGS * 2.0**-24 * logits.abs().amax(dim=1, keepdim=True)
    allowed = _COARSE_TOLERANCE + (2 * errors.clamp(max=1)).expm1() * deviation
    return exact, allowed.view_as(exact)


def make_manifest(
    config: ModelConfig, target: BundleName, provenance: dict[str, Any], files: Path
) -> dict[str, Any]:
    """Returns the content of model.json for the encoder and field in the directory `files`."""
    return {
        "format": FORMAT,
        "name": target.name,
        "version": target.version,
        "encoder": {
            "file": _ENCODER_FILE,
            "sha256": sha256(files / _ENCODER_FILE),
            "input_size": config.image_size,
            "grid": config.grid,
            "channels": config.field.phi_channels,
            "mean": list(config.mean),
            "std": list(config.std),
        },
        "field": {
            "file": _FIELD_FILE,
            "sha256": sha256(files / _FIELD_FILE),
            "channels": config.field.phi_channels,
            "hidden": config.field.hidden,
            "blocks": config.field.blocks,
            "frequencies": list(config.field.frequencies),
            "scale": config.field.scale,
            "offset": config.field.offset,
        },
        "provenance": {"torch": torch.__version__, "config": config.to_dict(), **provenance},
    }


def _encoder_inputs(model: NeMF, batch: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Returns random normalised images, [batch, 3, S, S] each."""
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 3, model.config.image_size, model.config.image_size)
    return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)


def _field_inputs(config: ModelConfig, rows: int) -> tuple[Tensor, Tensor]:
    """Returns random points [rows, 4] in [-1, 1] and values of phi [rows, C]."""
    generator = torch.Generator().manual_seed(rows)
    points = torch.rand(rows, 4, generator=generator) * 2 - 1
    return points, torch.rand(rows, config.field.phi_channels, generator=generator)


def _require_near(what: str, answer: Tensor, expected: Tensor) -> None:
    """Raises RuntimeError unless the tensors agree up to _TOLERANCE of the largest magnitude."""
    if answer.shape != expected.shape:
        raise RuntimeError(f"{what}: shape {list(answer.shape)}, must be {list(expected.shape)}")
    scale = expected.abs().max().clamp(min=1e-6)
    _require(what, ((answer - expected).abs().max() / scale).item(), _TOLERANCE)


def _require(what: str, difference: float, allowed: float) -> None:
    """Raises RuntimeError unless the difference is allowed; NaN is not."""
    logger.info("%s: difference %.1e (allowed %.0e)", what, difference, allowed)
    if not difference <= allowed:
        raise RuntimeError(f"{what}: the exported module differs by {difference:.1e}")


def _require_no_device(module: torch.jit.ScriptModule) -> None:
    """Raises RuntimeError if tracing wrote a device into the graph, which must run on any."""
    graph = module.inlined_graph  # Kept, because its nodes are freed with it.
    for node in graph.findAllNodes("prim::Constant", recurse=True):
        if node.output().type().str() == "Device":
            raise RuntimeError(f"the traced encoder is bound to a device:\n{node}")


def load_config(name_or_yaml: str) -> ModelConfig:
    """Returns a named configuration, or the `model` entry of a training YAML file."""
    if not name_or_yaml.endswith((".yaml", ".yml")):
        return ModelConfig.named(name_or_yaml)
    return ModelConfig.of(yaml.safe_load(Path(name_or_yaml).read_text())["model"])


def _load_model(arguments: argparse.Namespace) -> NeMF:
    if arguments.reference:
        return load_reference_model(arguments.reference, arguments.hyperparameters)
    return load_trained_model(load_config(arguments.config), arguments.weights)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nemf_model.export", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", help="reference, small, lite, tiny, or a training YAML file")
    source.add_argument("--reference", type=Path, help="checkpoint of the reference implementation")
    parser.add_argument(
        "--weights", type=Path, help="checkpoint of nemf_model.training, with --config"
    )
    parser.add_argument("--hyperparameters", type=Path, help="args.pkl, with --reference")
    parser.add_argument("--name", required=True, help="the model's name")
    parser.add_argument("--version", required=True, help="the bundle's version, e.g. 1")
    parser.add_argument("--out", type=Path, required=True, help="directory of the bundles")
    parser.add_argument("--provenance", type=Path, help="JSON object kept in the bundle")
    arguments = parser.parse_args(argv)
    if arguments.weights and not arguments.config:
        parser.error("--weights goes with --config")
    if arguments.hyperparameters and not arguments.reference:
        parser.error("--hyperparameters goes with --reference")
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = _parse(argv)
    provenance = json.loads(arguments.provenance.read_text()) if arguments.provenance else {}
    target = BundleName(arguments.out, arguments.name, arguments.version)
    logger.info("wrote %s", export_bundle(_load_model(arguments), target, provenance))
