"""Sizes of a NeMF model: everything that is needed to build one without its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


# Fields that once had another name, as files still have it.
_RENAMED = {"details": "field_correlations"}


@dataclass(frozen=True)
class LevelConfig:
    """One level of the cost pyramid.

    tap: index into the backbone's taps, finest first.
    size: side of the tap's feature map, so the correlation is size^4.
    channels: output channels of each 4D convolution.
    strides: stride of each 4D convolution; together they lead from `size` to the grid.
    transposed: the 4D convolutions enlarge instead of reduce.
    """

    tap: int
    size: int
    channels: tuple[int, ...]
    strides: tuple[int, ...]
    transposed: bool = False

    @staticmethod
    def from_dict(values: dict[str, Any]) -> LevelConfig:
        """Of plain values, as YAML and JSON hold them."""
        sequences = {key: tuple(values[key]) for key in ("channels", "strides")}
        return LevelConfig(**{**values, **sequences})


@dataclass(frozen=True)
class LookupConfig:
    """A tap whose correlation the fine map looks up.

    tap, size: as of a LevelConfig. radius: how far around the coarse map, in cells of the tap.
    first: the pixel of the image that the tap's first cell is centred at; stride - 1 for
      EfficientNet-Lite, which pads its images at the end.
    """

    tap: int
    size: int
    radius: int
    first: int = 0

    @staticmethod
    def from_dict(values: dict[str, Any]) -> LookupConfig:
        """Of plain values, as YAML and JSON hold them."""
        return LookupConfig(**values)


@dataclass(frozen=True)
class ModelConfig:
    """A NeMF model. `reference()` is the paper's, whose checkpoints load with strict=True."""

    backbone: str = "resnet101"
    # "small", "resnet101" (the paper's), "efficientnet_lite0" (or 1, 2), "torchvision:NAME" or
    # "timm:NAME".
    # Widths and block counts of the stages of the "small" backbone; ignored by the others.
    backbone_widths: tuple[int, ...] = ()
    backbone_blocks: tuple[int, ...] = ()
    # What else it has: see architecture.backbone.SmallBackbone.
    backbone_context: int = 0
    # Channels of architecture.object_finder at strides 2, 4, 8 and 16, and the side that images are
    # shrunk to for it; without widths there is none. Its tap comes after the backbone's.
    object_widths: tuple[int, ...] = ()
    object_side: int = 128
    # Taps, finest first: blocks of EfficientNet-Lite, counted from 0; nodes of a torchvision
    # backbone, by name; indices of a timm one's features, for a ViT its blocks. The others have
    # fixed taps.
    backbone_taps: tuple[str | int, ...] = ()
    levels: tuple[LevelConfig, ...] = (
        LevelConfig(0, 64, (4, 16), (2, 2)),
        LevelConfig(1, 32, (4, 16), (2, 1)),
        LevelConfig(2, 16, (4, 16), (1, 1)),
        LevelConfig(3, 8, (4, 16), (2, 1), transposed=True),
    )
    # The taps whose features the alignment compares, by index; empty: those of the levels. Without
    # levels there is neither cost embedding nor aggregator, see architecture.aligned_costs.
    compared: tuple[int, ...] = ()
    search_grid: int = 0  # without levels: side of the grid of source cells; 0: that of `grid`
    # Correlations that are embedded once more, for the field alone: beside what the aggregator has
    # smoothed it sees where in their cells they are highest.
    field_correlations: tuple[LevelConfig, ...] = ()
    # What corrects the coarse map for the field (architecture.fine_map), finest tap first; without
    # lookups there is no fine map. Widths: of its convolutions, wide and narrow, and of what a
    # round keeps for the next one.
    lookups: tuple[LookupConfig, ...] = ()
    fine_widths: tuple[int, ...] = (64, 48, 24)
    fine_rounds: int = 2
    # ResNet's tapped bottlenecks, counted from 1 (0 is the stem).
    hyperpixel_ids: tuple[int, ...] = (3, 7, 30, 33)
    image_size: int = 256  # side of the encoder's square input, pixels
    grid: int = 16  # side of the coarse grid
    feature_channels: int = 128  # projected features beside each token's costs
    depth: int = 4
    heads: int = 6
    mlp_ratio: float = 4.0
    temperature: float = 0.02  # of the coarse answer's softmax
    phi_channels: int = 64  # those of the fine map's offsets are among them
    field_hidden: int = 256
    field_blocks: int = 3
    field_frequencies: int = 10
    field_max_frequency: float = 512.0
    field_scale: float = 2.0
    field_offset: float = 3.0
    # Whether the modules that reference checkpoints carry but never use (a second name of the
    # backbone, its classifier, the aggregator's last norm) are there.
    reference_layout: bool = True
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    @property
    def cost_channels(self) -> int:
        """Channels of R: those of all levels, or one a compared tap without levels."""
        return sum(level.channels[-1] for level in self.levels) or len(self.compared)

    @property
    def field_correlation_channels(self) -> int:
        """Channels of the field correlations, all together."""
        return sum(level.channels[-1] for level in self.field_correlations)

    @property
    def offset_channels(self) -> int:
        """Those of Phi's channels that the fine map makes."""
        return 4 if self.lookups else 0

    @property
    def frequencies(self) -> tuple[float, ...]:
        """The harmonic embedding's frequencies, linearly spaced from 1, as float32 values."""
        import torch

        # On the CPU whatever the default device: a model may be built on "meta".
        spaced = torch.linspace(1.0, self.field_max_frequency, self.field_frequencies, device="cpu")
        return tuple(float(f) for f in spaced)

    @staticmethod
    def reference() -> ModelConfig:
        """The published model: 1,440 entries of its state_dict."""
        return ModelConfig()

    @staticmethod
    def small() -> ModelConfig:
        """The model that ships: its own backbone and an object finder, three levels (the last is
        of object coordinates), one aggregator block."""
        return ModelConfig(
            backbone="small",
            backbone_widths=(32, 64, 128, 256),
            backbone_blocks=(1, 2, 2),
            backbone_context=2,
            object_widths=(16, 32, 56, 88),
            levels=(
                LevelConfig(1, 32, (8, 8), (2, 1)),
                LevelConfig(2, 16, (4, 2), (1, 1)),
                LevelConfig(3, 16, (4, 2), (1, 1)),
            ),
            field_correlations=(LevelConfig(1, 32, (8, 8), (2, 1)),),
            lookups=(LookupConfig(0, 64, 3), LookupConfig(1, 32, 3)),
            feature_channels=32,
            depth=1,
            heads=4,
            mlp_ratio=2.0,
            # Softer than the paper's: better between objects of one class and on warps alike.
            temperature=0.08,
            phi_channels=20,
            field_hidden=64,
            field_frequencies=8,
            # The fourth frequency, 23.56, has the period of the 16 x 16 grid.
            field_max_frequency=53.64,
            reference_layout=False,
        )

    @staticmethod
    def lite() -> ModelConfig:
        """EfficientNet-Lite0 with ImageNet weights, aligned objects and no aggregator: its coarse
        map needs no training but the object finder's."""
        half = (0.5, 0.5, 0.5)
        return replace(
            ModelConfig.small(),
            backbone="efficientnet_lite0",
            backbone_widths=(),
            backbone_blocks=(),
            backbone_context=0,
            # Strides 4, 8, 16, 32 and 32.
            backbone_taps=(2, 4, 10, 13, 14),
            levels=(),
            field_correlations=(),
            compared=(2, 3, 4),
            lookups=(
                LookupConfig(0, 80, 3, first=3),
                LookupConfig(1, 40, 3, first=7),
                LookupConfig(2, 20, 2, first=15),
            ),
            image_size=320,
            search_grid=24,
            temperature=0.05,
            mean=half,
            std=half,
        )

    @staticmethod
    def tiny() -> ModelConfig:
        """For tests: milliseconds a pair, every part present."""
        return replace(
            ModelConfig.small(),
            backbone_widths=(4, 4, 8, 8),
            backbone_blocks=(1, 1, 1),
            backbone_context=0,
            object_widths=(),
            levels=(LevelConfig(1, 8, (2, 3), (2, 1)), LevelConfig(2, 4, (2, 2), (1, 1))),
            field_correlations=(LevelConfig(1, 8, (2, 2), (2, 1)),),
            lookups=(LookupConfig(0, 16, 1), LookupConfig(1, 8, 1)),
            fine_widths=(6, 4, 2),
            image_size=64,
            grid=4,
            feature_channels=8,
            heads=2,
            phi_channels=12,
            field_hidden=16,
            field_frequencies=4,
            field_max_frequency=8.0,
        )

    @staticmethod
    def named(name: str) -> ModelConfig:
        """`reference`, `small`, `lite` or `tiny`. Raises ValueError for any other name."""
        makers = {
            "reference": ModelConfig.reference,
            "small": ModelConfig.small,
            "lite": ModelConfig.lite,
            "tiny": ModelConfig.tiny,
        }
        if name not in makers:
            raise ValueError(f"config = {name!r}, must be one of {', '.join(sorted(makers))}")
        return makers[name]()

    @staticmethod
    def of(model: str | dict[str, Any]) -> ModelConfig:
        """The `model` entry of a training file: a name, or values as of to_dict()."""
        return ModelConfig.named(model) if isinstance(model, str) else ModelConfig.from_dict(model)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as YAML and JSON hold them."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> ModelConfig:
        """The inverse of to_dict(); missing keys keep the reference's values."""
        values = {_RENAMED.get(key, key): value for key, value in values.items()}
        parts = {"levels": LevelConfig, "field_correlations": LevelConfig, "lookups": LookupConfig}
        for key, part in parts.items():
            if key in values:
                values[key] = tuple(part.from_dict(one) for one in values[key])
        for key, value in values.items():
            if isinstance(value, list):
                values[key] = tuple(value)
        return ModelConfig(**values)
