"""Bundles with random weights, for measuring sizes that no bundle here has."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.export.bundle import MANIFEST
from nemf_model.export.bundle_writer import BundleName, export_field, make_manifest, trace_encoder

SEED = 20


@torch.no_grad()
def random_model(config: ModelConfig) -> NeMF:
    """A model with random weights, none of whose layers is left at zero."""
    torch.manual_seed(SEED)
    model = NeMF(config).eval()
    for parameter in model.field.parameters():
        if not parameter.any():
            parameter.normal_(std=0.05)
    return model


def write_bundle(model: NeMF, folder: Path) -> Path:
    """Exports the model; that it answers alike is measured, not checked here. Returns the bundle's
    directory."""
    target = BundleName(folder, "random", "1")
    target.directory.mkdir(parents=True)
    torch.jit.freeze(trace_encoder(model, batch=1)).save(str(target.directory / "encoder.pt"))
    export_field(model, target.directory / "field.pt")
    manifest = make_manifest(model.config, target, {"weights": "random"}, target.directory)
    (target.directory / MANIFEST).write_text(json.dumps(manifest))
    return target.directory
