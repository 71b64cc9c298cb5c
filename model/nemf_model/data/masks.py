"""Separates the objects of photographs from their backgrounds, without annotation.

Many photographs of single objects have a background of one or two colours. Then the background is
all pixels of these colours that are connected with the border. Otherwise GrabCut (Rother,
Kolmogorov and Blake, 2004) separates the colours of the border from those of the middle; its answer
is accepted if it is mostly one piece and does not continue beyond the border.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

# Largest difference of a channel from the background's colour, of 255.
COLOUR_TOLERANCE = 26
# Least share of the border that must have the colours.
LEAST_BORDER = 0.6
# Least and largest share of the photograph that an object covers.
OBJECT_SHARE = (0.08, 0.85)
# Width of the frame whose pixels give the background's colours, pixels.
BORDER = 2
# GrabCut's start, as shares of the side: certain background, and then probable background.
SURE_MARGIN = 0.05
LIKELY_MARGIN = 0.15
_ROUNDS = 3
# Least share of GrabCut's answer that must be one piece; largest share of the frame inside of the
# certain background that it may touch.
LEAST_PIECE = 0.75
MOST_TOUCHED = 0.2


def object_mask(pixels: np.ndarray) -> np.ndarray | None:
    """Returns the object's mask, [H, W] bool, of an image [H, W, 3] uint8; None if it cannot be
    separated."""
    mask = _before_plain(pixels)
    if mask is None:
        mask = _in_one_piece(_by_colours(pixels))
    has_size = mask is not None and OBJECT_SHARE[0] <= mask.mean() <= OBJECT_SHARE[1]
    return mask if has_size else None


def _border(picture: np.ndarray) -> np.ndarray:
    """Returns the pixels near the border, [N, ...] of [H, W, ...]; those of the corners twice."""
    sides = picture[:BORDER], picture[-BORDER:], picture[:, :BORDER], picture[:, -BORDER:]
    return np.concatenate([side.reshape(-1, *picture.shape[2:]) for side in sides])


def _before_plain(pixels: np.ndarray) -> np.ndarray | None:
    """Returns the object before a plain background, [H, W] bool; None without plain background."""
    border = _border(pixels)
    reached = np.zeros(pixels.shape[:2], dtype=bool)
    left = border.astype(np.int16)
    # Two colours, because rotated photographs have corners of another colour.
    for _ in range(2):
        if len(left) == 0:
            break
        colour = np.median(left, axis=0)
        left = left[np.abs(left - colour).max(axis=1) > COLOUR_TOLERANCE]
        alike = np.abs(pixels.astype(np.int16) - colour).max(axis=2) <= COLOUR_TOLERANCE
        reached |= _from_border(alike)
    if len(left) > (1 - LEAST_BORDER) * len(border):
        return None
    mask = ndimage.binary_opening(~reached, iterations=1)
    return ndimage.binary_fill_holes(mask)


def _from_border(alike: np.ndarray) -> np.ndarray:
    """Returns the pixels of a mask that are connected with its pixels on the border."""
    labels, _ = ndimage.label(alike)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.isin(labels, edge[edge > 0])


def _by_colours(pixels: np.ndarray) -> np.ndarray:
    """Returns GrabCut's object, [H, W] bool."""
    side = np.array(pixels.shape[:2])
    sure, likely = (
        np.maximum(1, np.round(side * m).astype(int)) for m in (SURE_MARGIN, LIKELY_MARGIN)
    )
    labels = np.full(pixels.shape[:2], cv2.GC_BGD, dtype=np.uint8)
    labels[sure[0] : -sure[0], sure[1] : -sure[1]] = cv2.GC_PR_BGD
    labels[likely[0] : -likely[0], likely[1] : -likely[1]] = cv2.GC_PR_FGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(pixels, labels, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return ndimage.binary_opening(found, iterations=1)


def _in_one_piece(found: np.ndarray) -> np.ndarray | None:
    """Returns the largest piece with its holes filled; None if other pieces are large, or if it
    continues beyond the border."""
    pieces, count = ndimage.label(found)
    if count == 0:
        return None
    sizes = np.bincount(pieces.flatten())[1:]
    if sizes.max() < LEAST_PIECE * sizes.sum():
        return None
    margin = np.round(np.array(found.shape) * SURE_MARGIN).astype(int) + 1
    inner = found[margin[0] : -margin[0], margin[1] : -margin[1]]
    if _border(inner).mean() > MOST_TOUCHED:
        return None
    return ndimage.binary_fill_holes(pieces == sizes.argmax() + 1)
