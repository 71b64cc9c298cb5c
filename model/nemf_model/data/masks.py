"""Finds the objects of photographs without being told, to cut them out.

Many photographs of single objects have a background of one colour. Where that is so the background
is what can be reached from the border through pixels of the border's colour. Elsewhere GrabCut
(Rother, Kolmogorov, Blake 2004) tells the colours of the border from those of the middle, and what
it finds is an object if it is in one piece and ends before the border.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

# How far a channel may be from the background's colour, of 255.
COLOUR_TOLERANCE = 26
# Share of the border that must be of the colour.
LEAST_BORDER = 0.6
# Share of the photograph that the object must have, at least and at most.
OBJECT_SHARE = (0.08, 0.85)
# The frame that is looked at for the background's colour, pixels.
BORDER = 2
# Shares of a photograph's side: what GrabCut takes for background, and what it thinks is.
SURE_MARGIN = 0.05
LIKELY_MARGIN = 0.15
_ROUNDS = 3
# Share of what GrabCut found that must be in one piece, and share of the frame around the sure
# margin that it may touch.
LEAST_PIECE = 0.75
MOST_TOUCHED = 0.2


def object_mask(pixels: np.ndarray) -> np.ndarray | None:
    """[H, W, 3] uint8 -> [H, W] bool, the object; None where none stands out."""
    mask = _before_plain(pixels)
    if mask is None:
        mask = _in_one_piece(_by_colours(pixels))
    has_size = mask is not None and OBJECT_SHARE[0] <= mask.mean() <= OBJECT_SHARE[1]
    return mask if has_size else None


def _border(picture: np.ndarray) -> np.ndarray:
    """[H, W, ...] -> [N, ...], the pixels near the border; those of the corners twice."""
    sides = picture[:BORDER], picture[-BORDER:], picture[:, :BORDER], picture[:, -BORDER:]
    return np.concatenate([side.reshape(-1, *picture.shape[2:]) for side in sides])


def _before_plain(pixels: np.ndarray) -> np.ndarray | None:
    """What is before a plain background, [H, W] bool; None if the background is not plain."""
    border = _border(pixels)
    reached = np.zeros(pixels.shape[:2], dtype=bool)
    left = border.astype(np.int16)
    # A turned photograph has corners of another colour, so two colours are looked for.
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
    """The pixels of a mask that its pixels on the border are connected with."""
    labels, _ = ndimage.label(alike)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.isin(labels, edge[edge > 0])


def _by_colours(pixels: np.ndarray) -> np.ndarray:
    """GrabCut's object, [H, W] bool."""
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
    """The largest piece without holes; None if there is much beside it or it goes on outside."""
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
