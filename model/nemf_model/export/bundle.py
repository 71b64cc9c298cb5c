"""Loads bundles, exported models in directories, and matches with them.

A bundle is DIR/<name>/<version>/ with model.json (sizes, preprocessing, SHA-256 of the other
files), encoder.pt and field.pt (TorchScript).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nemf_model.export.preprocess import encoder_input
from nemf_model.matching.match import dense_matches, transfer_keypoints
from nemf_model.matching.types import EncodedPair, Matches, MatchOptions

FORMAT = 1
MANIFEST = "model.json"


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle.

    manifest: the content of model.json.
    encoder: query and reference [B, 3, S, S] -> (phi [B, C, h, w, h, w], coarse [B, 2, h, w],
      cost [B, h*w, h*w]); see EncodedPair for the axes.
    field: points [N, 4], phi [N, C] -> scores [N].
    """

    manifest: dict[str, Any]
    encoder: torch.jit.ScriptModule
    field: torch.jit.ScriptModule

    @staticmethod
    def load(directory: str | Path) -> Bundle:
        """Loads a bundle onto the CPU.

        Raises ValueError for an unknown format, or files of another SHA-256 than model.json says.
        """
        directory = Path(directory)
        manifest = json.loads((directory / MANIFEST).read_text())
        if manifest.get("format") != FORMAT:
            raise ValueError(f"{directory}: format {manifest.get('format')!r}, must be {FORMAT}")
        parts = [_load_part(directory, manifest[part]) for part in ("encoder", "field")]
        return Bundle(manifest, *parts)

    @torch.no_grad()
    def encode(self, query: np.ndarray, reference: np.ndarray) -> EncodedPair:
        """Encodes two images of any sizes, [H, W, 3] uint8 RGB each."""
        phi, coarse, _ = self.encoder(self._input(query), self._input(reference))
        return EncodedPair(phi[0], coarse[0], _size(query), _size(reference))

    def match_keypoints(
        self,
        query: np.ndarray,
        reference: np.ndarray,
        keypoints: torch.Tensor,
        options: MatchOptions | None = None,
    ) -> Matches:
        """Finds keypoints [K, 2] (query pixels) in the reference; returns Matches over [K]."""
        pair = self.encode(query, reference)
        return transfer_keypoints(self.field, pair, keypoints, options or MatchOptions())

    def match_dense(
        self, query: np.ndarray, reference: np.ndarray, options: MatchOptions | None = None
    ) -> Matches:
        """Finds every pixel of the query in the reference; returns Matches over [H, W]."""
        return dense_matches(self.field, self.encode(query, reference), options or MatchOptions())

    def _input(self, image: np.ndarray) -> torch.Tensor:
        encoder = self.manifest["encoder"]
        return encoder_input(image, encoder["input_size"], encoder["mean"], encoder["std"])


def _load_part(directory: Path, entry: dict[str, Any]) -> torch.jit.ScriptModule:
    path = directory / entry["file"]
    found = sha256(path)
    if found != entry["sha256"]:
        raise ValueError(f"{path}: SHA-256 is {found}, model.json says {entry['sha256']}")
    return torch.jit.load(path, map_location="cpu").eval()


def _size(image: np.ndarray) -> tuple[int, int]:
    """(width, height) of [H, W, 3]."""
    return image.shape[1], image.shape[0]
