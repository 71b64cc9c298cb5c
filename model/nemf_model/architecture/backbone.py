"""Backbones: an image -> feature maps ("taps"), finest first, as they are before the last ReLU."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.backbone_adapters import make_adapter
from nemf_model.architecture.efficientnet_lite import VARIANTS, EfficientNetLite
from nemf_model.architecture.object_finder import ObjectFinder, object_coordinates
from nemf_model.architecture.pointwise import pointwise
from nemf_model.architecture.residual import ResidualBlock
from nemf_model.config import ModelConfig
from nemf_model.weights.checkpoints import load_state_dict


class Bottleneck(nn.Module):
    """ResNet's 1x1 - 3x3 - 1x1 block, under torchvision's names."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def before_relu(self, x: Tensor) -> Tensor:
        """The block's sum, before its last ReLU."""
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return out + (x if self.downsample is None else self.downsample(x))


class ResNet101(nn.Module):
    """torchvision's ResNet-101 layout, classifier included (checkpoints carry it; it is unused)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        stages = ((64, 3), (128, 4), (256, 23), (512, 3))
        for index, (width, blocks) in enumerate(stages):
            layer = nn.ModuleList()
            for block in range(blocks):
                stride = 2 if index > 0 and block == 0 else 1
                layer.append(Bottleneck(inputs, width, stride))
                inputs = 4 * width
            self.add_module(f"layer{index + 1}", layer)
        self.fc = nn.Linear(2048, 1000)

    def taps(self, image: Tensor, hyperpixel_ids: tuple[int, ...]) -> list[Tensor]:
        """Sums before the last ReLU of the named bottlenecks (counted from 1)."""
        x = F.relu(self.bn1(self.conv1(image)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        taps = []
        number = 0
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in layer:
                number += 1
                x = block.before_relu(x)
                if number in hyperpixel_ids:
                    taps.append(x)
                x = F.relu(x)
        return taps


class ContextBlock(nn.Module):
    """Looks 6 cells around itself, by a dilated 7x7 convolution a channel; first the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(width, width, 7, padding=6, dilation=2, groups=width, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.mix = nn.Conv2d(width, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Sums before a ReLU, [B, C, h, w], to the same."""
        around = dilated(self.around, F.relu(x))
        return x + self.bn2(pointwise(self.mix, F.relu(self.bn1(around))))


def dilated(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    """The answer of a convolution that keeps the size, a channel each and with a dilation of 2.

    Cells of one parity see only each other, so it is a plain convolution of four smaller images; on
    CPUs that is ten times as fast, with the same bits.
    """
    b, channels, height, width = x.shape
    if height % 2 or width % 2:
        return convolution(x)
    parities = x.view(b, channels, height // 2, 2, width // 2, 2).permute(3, 5, 0, 1, 2, 4)
    padding = convolution.kernel_size[0] // 2
    # Contiguous: channels last takes longer.
    images = parities.flatten(0, 2).contiguous()
    out = F.conv2d(images, convolution.weight, padding=padding, groups=channels)
    out = out.view(2, 2, b, channels, height // 2, width // 2).permute(2, 3, 4, 0, 5, 1)
    return out.reshape(x.shape)


class SmallBackbone(nn.Module):
    """A stem at stride 2, then one stage each at strides 4, 8 and 16; every stage is a tap.

    context: ContextBlocks after the last stage, so that a cell knows where in an object it lies.
    """

    def __init__(self, widths: tuple[int, ...], blocks: tuple[int, ...], context: int = 0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, stride=2, padding=1, bias=False)
        self.stem_bn = nn.BatchNorm2d(widths[0])
        self.stages = nn.ModuleList()
        inputs = widths[0]
        for width, count in zip(widths[1:], blocks, strict=True):
            stage = nn.ModuleList()
            for block in range(count):
                stage.append(ResidualBlock(inputs, width, 2 if block == 0 else 1))
                inputs = width
            self.stages.append(stage)
        self.context = nn.Sequential(*(ContextBlock(inputs) for _ in range(context)))

    def taps(self, image: Tensor, hyperpixel_ids: tuple[int, ...] = ()) -> list[Tensor]:
        """The last sum of every stage: strides 4, 8, 16."""
        x = F.relu(self.stem_bn(self.stem(image)))
        taps = []
        for stage in self.stages:
            for block in stage:
                summed = block.before_relu(x)
                x = F.relu(summed)
            taps.append(summed)
        taps[-1] = self.context(taps[-1])
        return taps


class FeatureExtraction(nn.Module):
    """The backbone under the name that reference checkpoints give it; its weights are random.

    channels: of each tap. object_finder: beside the backbone, or None.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.hyperpixel_ids = config.backbone.hyperpixel_ids
        if config.backbone.name == "resnet101":
            self.backbone = ResNet101()
            self.channels = (256, 512, 1024, 2048)
        elif config.backbone.name == "small":
            self.backbone = SmallBackbone(
                config.backbone.widths, config.backbone.blocks, config.backbone.context
            )
            self.channels = config.backbone.widths[1:]
        elif config.backbone.name in VARIANTS:
            self.backbone = EfficientNetLite(config.backbone.name, config.backbone.taps)
            self.channels = self.backbone.channels
        else:
            self.backbone = make_adapter(config)
            self.channels = self.backbone.channels
        finder = config.object_finder
        self.object_finder = ObjectFinder(finder.widths) if finder else None

    def forward(self, image: Tensor) -> list[Tensor]:
        """[B, 3, S, S], normalised -> taps [B, C_i, S_i, S_i], finest first; where there is an
        object finder, at last the object's coordinates [B, 3, grid, grid]."""
        taps = self.visual(image)
        if self.object_finder is not None:
            logits = self.object_finder(_shrunk(image, self.config.object_finder.side))
            # Moments need all the digits of float32.
            with torch.autocast(logits.device.type, enabled=False):
                taps.append(object_coordinates(logits.float(), self.config.grid))
        return taps

    @property
    def compared(self) -> list[int]:
        """The backbone's taps that are compared: those of the configuration, or of the levels."""
        sizes = self.config.cost_embedding
        taps = sizes.compared or [level.tap for level in sizes.levels]
        return [tap for tap in taps if tap < len(self.channels)]

    def visual(self, image: Tensor) -> list[Tensor]:
        """The backbone's taps alone."""
        return self.backbone.taps(image, self.hyperpixel_ids)

    def load_weights(self, path: Path) -> None:
        """Takes the backbone's weights from a file, in the form of the backbone's own package.

        For resnet101 that is torchvision's. Raises ValueError if the file holds no weights of this
        backbone.
        """
        try:
            if self.config.backbone.name in ("small", "resnet101"):
                weights = load_state_dict(path)
            elif self.config.backbone.name in VARIANTS:
                # The file also holds the layers after the last tap.
                own = self.backbone.state_dict()
                weights = {k: v for k, v in load_state_dict(path).items() if k in own}
            else:
                weights = make_adapter(self.config, path).state_dict()
            self.backbone.load_state_dict(weights)
        except RuntimeError as error:
            name = self.config.backbone.name
            raise ValueError(f"{path}: holds no weights of {name}: {error}") from error


def _shrunk(image: Tensor, side: int) -> Tensor:
    """The image at about a side, by a whole factor; as it is for the side 0."""
    factor = image.shape[-1] // side if side else 1
    return F.avg_pool2d(image, factor) if factor > 1 else image
