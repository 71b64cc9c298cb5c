"""Philox4x32-10, the counter-based generator of the random search.

A value depends on its counter and key alone, so every device, order and subset of pixels draws the
same numbers (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
"""

from __future__ import annotations

import numpy as np

# Constants of Philox4x32-10 as published.
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_LOW_WORD = np.uint64(0xFFFFFFFF)
_WORD_BITS = np.uint64(32)
_ROUNDS = 10


def philox4x32(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Returns the four 32-bit outputs of each counter.

    Args:
      counter: [..., 4] integers in [0, 2^32).
      key: two integers in [0, 2^32).

    Returns:
      [..., 4] uint32.
    """
    c0, c1, c2, c3 = np.moveaxis(np.asarray(counter).astype(np.uint64), -1, 0)
    k0, k1 = (np.uint64(word) for word in key)
    for _ in range(_ROUNDS):
        product0 = _MULTIPLIERS[0] * c0
        product1 = _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> _WORD_BITS) ^ c1 ^ k0,
            product1 & _LOW_WORD,
            (product0 >> _WORD_BITS) ^ c3 ^ k1,
            product0 & _LOW_WORD,
        )
        k0 = (k0 + _KEY_STEPS[0]) & _LOW_WORD
        k1 = (k1 + _KEY_STEPS[1]) & _LOW_WORD
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def search_offsets(
    height: int, width: int, iteration: int, seed: int, radius: float, candidate: int = 0
) -> np.ndarray:
    """Returns the offsets (x, y) of one random search over a whole query image.

    Pixel (x, y) uses the counter (y * width + x, iteration, candidate, 0) and the key (seed's low,
    seed's high word); its first two outputs r give u = (r >> 8) / 2^24 and (2 u - 1) * radius.

    Args:
      height, width: query size in pixels.
      iteration: PatchMatch iteration, from 0.
      seed: integer in [0, 2^64).
      radius: half-width of the search in normalised units.
      candidate: number of the random point in its iteration, from 0.

    Returns:
      [height, width, 2] float32, each in [-radius, radius).
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed = {seed}, must be in [0, 2^64)")
    counter = np.zeros((height * width, 4), np.uint64)
    counter[:, 0] = np.arange(height * width)
    counter[:, 1] = iteration
    counter[:, 2] = candidate
    bits = philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))[:, :2]
    uniform = (bits >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    signed = np.float32(2) * uniform - np.float32(1)
    return (signed * np.float32(radius)).reshape(height, width, 2)
