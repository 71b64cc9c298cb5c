"""What a training's YAML file says, with every field's meaning and default.

model: small               # a name, or the fields of nemf_model.config.ModelConfig
data: {photographs: [DIR], classes: [DIR], spair: DIR, pf_pascal: DIR}
pretrain: {steps: 2200, rate: 2.0e-3}   # leave it out to start with the matching stage
objects: {steps: 3000, rate: 2.0e-3}    # leave it out of models without an object finder
aligned: {steps: 700, rate: 5.0e-4}     # leave it out where photographs are aligned as they are
train: {steps: 3000, rate: 5.0e-4}
finish: {steps: 300, rate: 3.0e-3, encoder_rate_factor: 0}   # leave it out to end there
backbone_weights: FILE
precision: bfloat16
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_type_hints

import yaml

from nemf_model.config import ModelConfig

T = TypeVar("T")

# Settings that once had another name, as files may still have it.
_RENAMED = {"place_weight": "coordinate_weight"}


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """What the stages of training share."""

    # What a stage has no use for, and whose it is.
    foreign: ClassVar[Mapping[str, str]] = {}

    steps: int
    rate: float  # the highest learning rate
    size: int = 256  # side of the views, pixels; of the matching stage always the model's
    early_size: int = 0  # the side in the first half of the steps; 0: the same
    warped_pairs: int = 3  # a batch: two views each of one photograph
    class_pairs: int = 2  # a batch: two photographs each of one class, where classes are given
    class_motion: float = 1.0  # in [0, 1]: how strongly photographs of a class are warped
    class_tolerance: float = 0.2  # how far matches of a class pair may be off, in class coordinates
    randomised: float = 1.0  # share of warped and class pairs' views of random colours and textures
    object_views: int = 0  # a batch: pictures whose object is known, for the object finder
    keypoint_pairs: int = 0  # a batch: annotated pairs, where they are given
    accumulate: int = 1  # batches a step
    points: int = 32  # drawn a warped or class pair (in the first stage: and level)
    warmup: int = 50  # steps
    weight_decay: float = 0.02
    save_every: int = 50  # steps
    validate_every: int = 0  # steps; 0: never

    def __post_init__(self) -> None:
        if not 0 <= self.class_motion <= 1:
            raise ValueError(f"class_motion = {self.class_motion}, must be in [0, 1]")
        if not 0 <= self.randomised <= 1:
            raise ValueError(f"randomised = {self.randomised}, must be in [0, 1]")
        for name, stage in self.foreign.items():
            if getattr(self, name) != 0:
                raise ValueError(f"{name} are for {stage}, must be 0")

    def side_at(self, step: int) -> int:
        """The side of the views at a step, counted from 0."""
        return self.early_size if self.early_size and step < self.steps // 2 else self.size


@dataclass(frozen=True, kw_only=True)
class PretrainSettings(StageSettings):
    """Stage one: the backbone alone, by dense contrast."""

    foreign = {"object_views": "the object finder's stage", "keypoint_pairs": "the matching stage"}

    class_weight: float = 0.3  # of the classification loss
    coordinate_weight: float = 0.0  # of the loss of object coordinates, see pretrain.py


@dataclass(frozen=True, kw_only=True)
class ObjectSettings(StageSettings):
    """The stage of the object finder alone, which is left out of models that have none."""

    size: int = 128
    object_views: int = 32
    warped_pairs: int = 0
    class_pairs: int = 0
    extent_weight: float = 0.5  # of the loss of places and sizes, beside that of the masks


@dataclass(frozen=True, kw_only=True)
class TrainSettings(StageSettings):
    """Stage two: the whole model, by the paper's loss."""

    foreign = {"object_views": "the object finder's stage"}

    candidates: int = 99  # random points scored beside the true one
    near_candidates: float = 0.5  # share of them drawn around the truth; the paper's is 0
    nearest: float = 0.01  # how near, normalised: standard deviations from this
    farthest: float = 0.5  # to this
    coarse_weight: float = 4.0  # of the coarse end-point error
    fine_weight: float = 0.1  # of the fine map's loss, which shares no weights with the others
    backbone_rate_factor: float = 0.0  # of `rate`, for the backbone; 0 freezes it, as the paper
    start_from_correlation: bool = True  # see initialise; otherwise random
    encoder_rate_factor: float = 1.0  # of `rate`, for cost embedding and aggregator; 0 freezes them
    validate_every: int = 250
    validation_pairs: int = 24  # of each kind

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.nearest < self.farthest:
            raise ValueError(
                f"nearest = {self.nearest}, must be positive and below farthest = {self.farthest}"
            )


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Where training pairs come from; each may be left out, but not all."""

    photographs: tuple[Path, ...] = ()  # folders of photographs
    classes: tuple[Path, ...] = ()  # folders that hold one folder a class, roughly aligned
    # Classes that are never trained on; then validation has pairs of these alone.
    held_out_classes: tuple[str, ...] = ()
    spair: Path | None = None  # root of SPair-71k
    pf_pascal: Path | None = None  # root of PF-PASCAL
    objects_apart: float = 0.0  # share of warped pairs in which an object moves on its own
    stored_size: int = 0  # side at which photographs are kept; 0: the model's image_size
    pasted: float = 0.0  # share of pairs of classes whose objects get other backgrounds


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A whole training."""

    model: ModelConfig
    train: TrainSettings
    pretrain: PretrainSettings | None = None
    objects: ObjectSettings | None = None
    # The photographs of each class are aligned jointly (class_frames), then stage one goes on.
    aligned: PretrainSettings | None = None
    finish: TrainSettings | None = None  # a last stage like `train`, usually of the field alone
    data: DataSettings = field(default_factory=DataSettings)
    backbone_weights: Path | None = None
    initial: Path | None = None  # a model.pt to go on from, without stage one
    precision: str = "float32"  # or bfloat16, float16


def load_settings(path: Path) -> Settings:
    """Reads a YAML file. Raises ValueError that names a setting that is unknown, missing or bad."""
    values = yaml.safe_load(path.read_text())
    if not isinstance(values, dict) or not {"model", "train"} <= values.keys():
        raise ValueError(f"{path}: must have the entries model and train")
    values["model"] = model = ModelConfig.of(values["model"])
    for stage in ("train", "finish"):
        stage_values = values.get(stage) or {}
        if stage_values.setdefault("size", model.image_size) != model.image_size:
            raise ValueError(f"{path}: {stage}: size must be the model's, {model.image_size}")
    makers = {
        "pretrain": PretrainSettings,
        "objects": ObjectSettings,
        "aligned": PretrainSettings,
        "train": TrainSettings,
        "finish": TrainSettings,
        "data": DataSettings,
    }
    for name, maker in makers.items():
        if values.get(name) is not None:
            values[name] = _make(maker, values[name], f"{path}: {name}")
    settings = _make(Settings, {k: v for k, v in values.items() if v is not None}, str(path))
    for stage in ("objects", "aligned"):
        if getattr(settings, stage) and not model.object_finder:
            raise ValueError(f"{path}: {stage}: the model has no object finder")
    if settings.objects and settings.data.pasted == 0:
        raise ValueError(f"{path}: objects: data.pasted is 0, so no objects are cut out")
    return settings


def _make(maker: type[T], values: Mapping[str, Any], where: str) -> T:
    hints = get_type_hints(maker)
    values = {_RENAMED.get(name, name): value for name, value in values.items()}
    unknown = values.keys() - {f.name for f in fields(maker)}
    if unknown:
        raise ValueError(f"{where}: unknown settings: {', '.join(sorted(unknown))}")
    try:
        return maker(**{name: _convert(hints[name], value) for name, value in values.items()})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any) -> Any:
    """YAML's value as the type of its field; 1e-3, which YAML reads as text, is a number."""
    if hint is bool and not isinstance(value, bool):
        raise ValueError(f"{value!r}, must be true or false")
    if hint in (int, float):
        return hint(value)
    if hint == tuple[Path, ...]:
        return tuple(Path(folder) for folder in value)
    if hint == tuple[str, ...]:
        return tuple(str(name) for name in value)
    if hint == Path | None:
        return Path(value)
    return value
