"""Sizes of a NeMF model: everything that is needed to build one without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

# Mean and standard deviation of ImageNet's RGB values in [0, 1], as torchvision's weights use them.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


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


@dataclass(frozen=True)
class LookupConfig:
    """A tap whose correlation the fine map looks up.

    tap, size: as of a LevelConfig.
    radius: how far around the coarse map costs are looked up, in cells of the tap.
    first: the pixel of the image that the tap's first cell is centred at; stride - 1 for
      EfficientNet-Lite, which pads its images at the end.
    """

    tap: int
    size: int
    radius: int
    first: int = 0


@dataclass(frozen=True)
class BackboneConfig:
    """The network that makes feature maps ("taps") of an image.

    name: "small", "resnet101" (the paper's), "efficientnet_lite0" (or 1, 2), "torchvision:NAME" or
      "timm:NAME".
    widths, blocks: channels of the stem and the stages of "small", and its blocks a stage.
    context: ContextBlocks after the last stage of "small".
    taps: finest first: blocks of EfficientNet-Lite, counted from 0; nodes of a torchvision
      backbone, by name; indices of a timm backbone's features, for a ViT its blocks. The other
      backbones have fixed taps.
    hyperpixel_ids: tapped bottlenecks of "resnet101", counted from 1; the paper's choice.
    """

    name: str = "resnet101"
    widths: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    context: int = 0
    taps: tuple[str | int, ...] = ()
    hyperpixel_ids: tuple[int, ...] = (3, 7, 30, 33)


@dataclass(frozen=True)
class ObjectFinderConfig:
    """The network that finds the object of an image; its coordinates are the last tap.

    widths: channels at strides 2, 4, 8 and 16.
    side: images are shrunk to about this side for it, pixels.
    """

    widths: tuple[int, ...]
    side: int = 128


@dataclass(frozen=True)
class CostEmbeddingConfig:
    """What embeds and refines the correlations. The defaults are the paper's.

    levels: the cost pyramid. Without levels there is neither cost embedding nor aggregator, see
      architecture/aligned_costs.py.
    compared: indices of the taps whose features the alignment compares; empty for the levels' taps.
    search_grid: side of the grid of source cells of a model without levels; 0 for `grid`.
    field_correlations: correlations that are embedded once more, for the field alone; unlike the
      aggregator's answer they are not smoothed.
    feature_channels: projected features beside each token's costs.
    depth, heads, mlp_ratio: of the aggregator.
    """

    levels: tuple[LevelConfig, ...] = (
        LevelConfig(0, 64, (4, 16), (2, 2)),
        LevelConfig(1, 32, (4, 16), (2, 1)),
        LevelConfig(2, 16, (4, 16), (1, 1)),
        LevelConfig(3, 8, (4, 16), (2, 1), transposed=True),
    )
    compared: tuple[int, ...] = ()
    search_grid: int = 0
    field_correlations: tuple[LevelConfig, ...] = ()
    feature_channels: int = 128
    depth: int = 4
    heads: int = 6
    mlp_ratio: float = 4.0

    @property
    def channels(self) -> int:
        """Channels of R: those of all levels, or one a compared tap without levels."""
        return sum(level.channels[-1] for level in self.levels) or len(self.compared)

    @property
    def field_correlation_channels(self) -> int:
        """Channels of the field correlations, all together."""
        return sum(level.channels[-1] for level in self.field_correlations)


@dataclass(frozen=True)
class CoarseConfig:
    """The coarse map, and the fine map that corrects it for the field.

    temperature: of the coarse map's softmax; the default is the paper's.
    lookups: of the fine map, finest tap first; without lookups there is no fine map.
    fine_widths: channels of the fine map's wide and narrow convolutions, and of what a round
      passes to the next one.
    fine_rounds: corrections of the map.
    """

    temperature: float = 0.02
    lookups: tuple[LookupConfig, ...] = ()
    fine_widths: tuple[int, int, int] = (64, 48, 24)
    fine_rounds: int = 2

    @property
    def offset_channels(self) -> int:
        """Channels of Phi that the fine map makes."""
        return 4 if self.lookups else 0


@dataclass(frozen=True)
class FieldConfig:
    """Phi and the matching field. The defaults are the paper's.

    phi_channels: all of Phi's channels, the fine map's among them.
    hidden, blocks: width and residual blocks of the decoder.
    frequency_count, max_frequency: of the harmonic embedding, linearly spaced from 1.
    scale, offset: a coordinate x in [-1, 1] is embedded as scale * x + offset.
    """

    phi_channels: int = 64
    hidden: int = 256
    blocks: int = 3
    frequency_count: int = 10
    max_frequency: float = 512.0
    scale: float = 2.0
    offset: float = 3.0

    @property
    def frequencies(self) -> tuple[float, ...]:
        """The harmonic embedding's frequencies, as float32 values."""
        import torch

        # On the CPU whatever the default device: a model may be built on "meta".
        spaced = torch.linspace(1.0, self.max_frequency, self.frequency_count, device="cpu")
        return tuple(float(f) for f in spaced)


@dataclass(frozen=True)
class ModelConfig:
    """A NeMF model. `reference()` is the paper's, whose checkpoints load with strict=True.

    image_size: side of the encoder's square input, pixels.
    grid: side of the coarse grid.
    reference_layout: whether the model has the modules that reference checkpoints carry but never
      use: a second name of the backbone, its classifier, the aggregator's last norm.
    mean, std: of the images' RGB values in [0, 1].
    """

    backbone: BackboneConfig = BackboneConfig()
    object_finder: ObjectFinderConfig | None = None
    cost_embedding: CostEmbeddingConfig = CostEmbeddingConfig()
    coarse: CoarseConfig = CoarseConfig()
    field: FieldConfig = FieldConfig()
    image_size: int = 256
    grid: int = 16
    reference_layout: bool = True
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    @staticmethod
    def reference() -> ModelConfig:
        """The published model: 1,440 entries of its state_dict."""
        return ModelConfig()

    @staticmethod
    def small() -> ModelConfig:
        """The model that ships: its own backbone and an object finder, three levels (the last is
        of object coordinates), one aggregator block."""
        return ModelConfig(
            backbone=BackboneConfig("small", (32, 64, 128, 256), (1, 2, 2), context=2),
            object_finder=ObjectFinderConfig((16, 32, 56, 88)),
            cost_embedding=CostEmbeddingConfig(
                levels=(
                    LevelConfig(1, 32, (8, 8), (2, 1)),
                    LevelConfig(2, 16, (4, 2), (1, 1)),
                    LevelConfig(3, 16, (4, 2), (1, 1)),
                ),
                field_correlations=(LevelConfig(1, 32, (8, 8), (2, 1)),),
                feature_channels=32,
                depth=1,
                heads=4,
                mlp_ratio=2.0,
            ),
            # Softer than the paper's: better between objects of one class and on warps alike.
            coarse=CoarseConfig(0.08, (LookupConfig(0, 64, 3), LookupConfig(1, 32, 3))),
            # The fourth frequency, 23.56, has the period of the 16 x 16 grid.
            field=FieldConfig(20, hidden=64, frequency_count=8, max_frequency=53.64),
            reference_layout=False,
        )

    @staticmethod
    def lite() -> ModelConfig:
        """EfficientNet-Lite0 with ImageNet weights, aligned objects and no aggregator: its coarse
        map needs no training but the object finder's."""
        half = (0.5, 0.5, 0.5)
        lookups = (
            LookupConfig(0, 80, 3, first=3),
            LookupConfig(1, 40, 3, first=7),
            LookupConfig(2, 20, 2, first=15),
        )
        # Taps of strides 4, 8, 16, 32 and 32.
        backbone = BackboneConfig("efficientnet_lite0", taps=(2, 4, 10, 13, 14))
        return ModelConfig.small().changed(
            backbone=backbone,
            cost_embedding={
                "levels": (),
                "field_correlations": (),
                "compared": (2, 3, 4),
                "search_grid": 24,
            },
            coarse={"temperature": 0.05, "lookups": lookups},
            image_size=320,
            mean=half,
            std=half,
        )

    @staticmethod
    def tiny() -> ModelConfig:
        """For tests: milliseconds a pair, every part but the object finder."""
        return ModelConfig.small().changed(
            backbone={"widths": (4, 4, 8, 8), "blocks": (1, 1, 1), "context": 0},
            object_finder=None,
            cost_embedding={
                "levels": (LevelConfig(1, 8, (2, 3), (2, 1)), LevelConfig(2, 4, (2, 2), (1, 1))),
                "field_correlations": (LevelConfig(1, 8, (2, 2), (2, 1)),),
                "feature_channels": 8,
                "heads": 2,
            },
            coarse={
                "lookups": (LookupConfig(0, 16, 1), LookupConfig(1, 8, 1)),
                "fine_widths": (6, 4, 2),
            },
            field={"phi_channels": 12, "hidden": 16, "frequency_count": 4, "max_frequency": 8.0},
            image_size=64,
            grid=4,
        )

    @staticmethod
    def named(name: str) -> ModelConfig:
        """Returns `reference`, `small`, `lite` or `tiny`. Raises ValueError for other names."""
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

    def changed(self, **values: Any) -> ModelConfig:
        """Returns a copy with other values; a dictionary changes those fields of a group."""
        groups = {
            name: replace(getattr(self, name) or ObjectFinderConfig(()), **value)
            for name, value in values.items()
            if isinstance(value, Mapping)
        }
        return replace(self, **{**values, **groups})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as YAML and JSON hold them."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> ModelConfig:
        """The inverse of to_dict(); missing keys keep the reference's values.

        Also reads the layout without groups of earlier checkpoints. Raises ValueError that names
        an unknown key.
        """
        return ModelConfig().changed(**_with_groups(values))


# Keys of the layout without groups, which checkpoints of nemf-small/1 to 6 have -> (group, field).
_UNGROUPED = {
    "backbone": ("backbone", "name"),
    "backbone_widths": ("backbone", "widths"),
    "backbone_blocks": ("backbone", "blocks"),
    "backbone_context": ("backbone", "context"),
    "backbone_taps": ("backbone", "taps"),
    "hyperpixel_ids": ("backbone", "hyperpixel_ids"),
    "object_widths": ("object_finder", "widths"),
    "object_side": ("object_finder", "side"),
    "levels": ("cost_embedding", "levels"),
    "compared": ("cost_embedding", "compared"),
    "search_grid": ("cost_embedding", "search_grid"),
    "details": ("cost_embedding", "field_correlations"),
    "field_correlations": ("cost_embedding", "field_correlations"),
    "feature_channels": ("cost_embedding", "feature_channels"),
    "depth": ("cost_embedding", "depth"),
    "heads": ("cost_embedding", "heads"),
    "mlp_ratio": ("cost_embedding", "mlp_ratio"),
    "temperature": ("coarse", "temperature"),
    "lookups": ("coarse", "lookups"),
    "fine_widths": ("coarse", "fine_widths"),
    "fine_rounds": ("coarse", "fine_rounds"),
    "phi_channels": ("field", "phi_channels"),
    "field_hidden": ("field", "hidden"),
    "field_blocks": ("field", "blocks"),
    "field_frequencies": ("field", "frequency_count"),
    "field_max_frequency": ("field", "max_frequency"),
    "field_scale": ("field", "scale"),
    "field_offset": ("field", "offset"),
}
_GROUPS = {
    "backbone": BackboneConfig,
    "object_finder": ObjectFinderConfig,
    "cost_embedding": CostEmbeddingConfig,
    "coarse": CoarseConfig,
    "field": FieldConfig,
}


def _with_groups(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of either layout -> arguments of ModelConfig.changed()."""
    grouped: dict[str, Any] = {}
    for key, value in values.items():
        if key in _GROUPS and (value is None or isinstance(value, Mapping)):
            grouped[key] = value and {k: _value(_GROUPS[key], k, v) for k, v in value.items()}
        elif key in _UNGROUPED:
            group, name = _UNGROUPED[key]
            grouped.setdefault(group, {})[name] = _value(_GROUPS[group], name, value)
        else:
            grouped[key] = _value(ModelConfig, key, value)
    finder = grouped.get("object_finder")
    # Without groups, a model without object finder has no widths for it.
    if finder is not None and not finder.get("widths"):
        grouped["object_finder"] = None
    return grouped


def _value(config: type, name: str, value: Any) -> Any:
    """A field's value: tuples for lists, and configurations for the dictionaries in them."""
    if name not in {f.name for f in fields(config)}:
        raise ValueError(f"unknown entry of the model's configuration: {name}")
    if not isinstance(value, list | tuple):
        return value
    return tuple(_entry(name, one) if isinstance(one, Mapping) else one for one in value)


def _entry(name: str, values: Mapping[str, Any]) -> LevelConfig | LookupConfig:
    """An entry of a field that holds levels or lookups."""
    config = LookupConfig if name == "lookups" else LevelConfig
    return config(**{key: _value(config, key, value) for key, value in values.items()})
