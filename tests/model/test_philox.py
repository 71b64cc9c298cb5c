"""Philox4x32-10 against the known answers of its authors (Random123, kat_vectors)."""

from __future__ import annotations

import numpy as np
import pytest

from nemf_model.matching.philox import philox4x32, search_offsets

KNOWN_ANSWERS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_known_answers(counter: list[int], key: list[int], expected: list[int]) -> None:
    assert philox4x32(np.array(counter), tuple(key)).tolist() == expected


def test_rows_are_independent() -> None:
    counters = np.array([answer[0] for answer in KNOWN_ANSWERS])
    together = philox4x32(counters, (7, 8))
    for counter, row in zip(counters, together, strict=True):
        assert (philox4x32(counter, (7, 8)) == row).all()


def test_offsets_use_the_documented_counter_and_key() -> None:
    height, width, iteration, seed = 3, 5, 4, (9 << 32) + 2
    offsets = search_offsets(height, width, iteration, seed, 0.1)
    bits = philox4x32(np.array([2 * width + 3, iteration, 0, 0]), (2, 9))
    uniform = (bits[:2] >> 8) * 2.0**-24
    np.testing.assert_allclose(offsets[2, 3], 0.1 * (2 * uniform - 1), rtol=1e-6)


def test_offsets_fill_the_square_evenly() -> None:
    offsets = search_offsets(100, 100, 0, 1, 0.1)
    assert offsets.dtype == np.float32
    assert np.abs(offsets).max() <= np.float32(0.1)
    np.testing.assert_allclose(offsets.mean(axis=(0, 1)), 0, atol=0.003)
    np.testing.assert_allclose(offsets.std(axis=(0, 1)), 0.1 / 3**0.5, rtol=0.02)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seed_out_of_range_is_named(seed: int) -> None:
    with pytest.raises(ValueError, match="seed = "):
        search_offsets(1, 1, 0, seed, 0.1)
