"""Finds the object of a picture, so that its place and size do not count when two are compared.

A small network weighs every cell by how likely it shows the object. The weights' extent
(geometry.py) gives the object's own coordinates: 0 at its centre, 1 a standard deviation off. Cells
of two pictures that have the same coordinates lie at the same place of their objects, which is the
first thing to believe of objects of one class.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.pointwise import pointwise
from nemf_model.architecture.residual import ResidualBlock
from nemf_model.geometry import extent, positions

# Radial basis functions of one coordinate: their centres, in standard deviations, and width.
_LAST_CENTRE = 3.0
_SPACING = 0.5
_WIDTH = 0.4
_CENTRES = 2 * int(_LAST_CENTRE / _SPACING) + 1

# Weight of a cell that shows no object at all, so that a picture without any has coordinates too.
LEAST_WEIGHT = 0.005

COORDINATE_CHANNELS = _CENTRES * _CENTRES


class ObjectFinder(nn.Module):
    """Down to a sixteenth of the picture's side, and up again to a quarter.

    widths: channels at strides 2, 4, 8 and 16.
    """

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.stem = nn.Sequential(
            nn.Conv2d(3, half, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(half), nn.ReLU()
        )
        self.quarter = _residual(half, quarter, 2)
        self.eighth = nn.Sequential(
            _residual(quarter, eighth, 2),
            _residual(eighth, eighth),
        )
        self.sixteenth = nn.Sequential(
            _residual(eighth, sixteenth, 2),
            _residual(sixteenth, sixteenth),
        )
        self.everywhere = nn.Linear(sixteenth, sixteenth)
        self.to_eighth = nn.Conv2d(sixteenth, eighth, 1)
        self.at_eighth = _residual(eighth, eighth)
        self.to_quarter = nn.Conv2d(eighth, quarter, 1)
        self.at_quarter = _residual(quarter, quarter)
        self.object = nn.Conv2d(quarter, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, S, S], normalised -> logits of showing the object, [B, 1, S / 4, S / 4]."""
        quarter = self.quarter(self.stem(image))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        # What the whole picture is like, told to every cell.
        sixteenth = sixteenth + self.everywhere(sixteenth.mean(dim=(2, 3)))[:, :, None, None]
        eighth = self.at_eighth(eighth + _enlarged(self.to_eighth(sixteenth), eighth))
        quarter = self.at_quarter(quarter + _enlarged(self.to_quarter(eighth), quarter))
        return pointwise(self.object, quarter)


def _residual(inputs: int, outputs: int, stride: int = 1) -> ResidualBlock:
    return ResidualBlock(inputs, outputs, stride, norm_shortcut=False)


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=True)


def object_coordinates(logits: Tensor, side: int) -> Tensor:
    """Where a picture's cells lie in its object, from ObjectFinder's logits [B, 1, h, w].

    Returns [B, 3, side, side]: x and y in standard deviations from the object's centre, and whether
    the cell shows the object, in [0, 1].
    """
    weights = logits.sigmoid()
    found = extent(weights + LEAST_WEIGHT)
    along = (positions(logits, side) - found.centre.unsqueeze(2)) / found.deviation.unsqueeze(2)
    x, y = along.unbind(dim=1)
    x = x.unsqueeze(1).expand(-1, side, -1)
    y = y.unsqueeze(2).expand(-1, -1, side)
    shown = F.adaptive_avg_pool2d(weights, side)
    return torch.cat([torch.stack([x, y], dim=1), shown], dim=1)


def coordinate_features(points: Tensor) -> Tensor:
    """Coordinates [B, 2, h, w] as features that can be compared, [B, COORDINATE_CHANNELS, h, w].

    The cosine similarity of two cells is near exp(-d^2 / (4 width^2)), d being how far apart the
    coordinates are; features far from the object are near 0.
    """
    centres = positions(points, _CENTRES) * _LAST_CENTRE
    offsets = points.unsqueeze(2) - centres.view(1, 1, -1, 1, 1)
    along_x, along_y = torch.exp(offsets.square() / (-2 * _WIDTH * _WIDTH)).unbind(dim=1)
    return (along_y.unsqueeze(2) * along_x.unsqueeze(1)).flatten(1, 2)
