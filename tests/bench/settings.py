"""What a benchmark run measures, and how thoroughly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nemf_model.config import ModelConfig


@dataclass(frozen=True)
class Settings:
    """Sides are those of square images, in pixels.

    large: the configuration of the model with random weights that stands for the published one.
    small: the bundle that ships.
    threads: of everything that is not measured by threads.
    field_seconds: one turn of a field or matrix product; field_rounds: turns.
    plain_queries: queries of one call of the plain field.
    encoder_rounds: turns of the encoders.
    flow_sides: of dense flows; flow_reference_sides: those at which REFERENCE runs, too; beyond
      them its figures are estimated.
    plain_side: of the dense flow that plain PyTorch computes as well.
    keypoint_side, keypoint_counts: of keypoint transfer; a flow side with REFERENCE.
    identity_side: of the comparison of keypoints and dense flow with the large model.
    memory_side: of the dense flow whose memory is measured with the large model.
    hot_seconds: at least so long runs each of the hot functions.
    """

    large: ModelConfig
    small: Path
    threads: int
    field_seconds: float = 1.0
    field_rounds: int = 3
    plain_queries: int = 8192
    encoder_rounds: int = 2
    flow_sides: tuple[int, ...] = (256, 512, 1024)
    flow_reference_sides: tuple[int, ...] = (256, 512)
    plain_side: int = 64
    keypoint_side: int = 512
    keypoint_counts: tuple[int, ...] = (1, 10, 100)
    identity_side: int = 128
    memory_side: int = 1024
    hot_seconds: float = 0.3


def full(small: Path, threads: int) -> Settings:
    return Settings(ModelConfig.reference(), small, threads)


def quick(small: Path, threads: int) -> Settings:
    """Everything once and small: shows that the benchmark works, its figures mean nothing."""
    return Settings(
        ModelConfig.tiny(),
        small,
        threads,
        field_seconds=0.02,
        field_rounds=1,
        plain_queries=256,
        encoder_rounds=1,
        flow_sides=(24, 32, 48),
        flow_reference_sides=(24, 32),
        plain_side=16,
        keypoint_side=32,
        keypoint_counts=(1, 3, 10),
        identity_side=24,
        memory_side=48,
        hot_seconds=0.001,
    )
