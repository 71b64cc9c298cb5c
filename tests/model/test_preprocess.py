"""Encoder inputs and pixel coordinates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nemf_model.export.preprocess import encoder_input, load_image
from nemf_model.geometry import normalised_to_pixel, pixel_grid, pixel_to_normalised


def test_input_of_the_right_size_is_only_normalised() -> None:
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    tensor = encoder_input(image, 8, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    expected = (image / 255 - (0.5, 0.4, 0.3)) / (0.2, 0.3, 0.4)
    np.testing.assert_allclose(tensor[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_resize_keeps_corners_and_overshoots_unclamped() -> None:
    image = np.zeros((6, 9, 3), np.uint8)
    image[:, 4:] = 255
    tensor = encoder_input(image, 32, mean=(0, 0, 0), std=(1, 1, 1))[0, 0]
    assert tensor.shape == (32, 32)
    assert tensor[0, 0] == pytest.approx(0, abs=1e-6)
    assert tensor[-1, -1] == pytest.approx(1, abs=1e-6)
    assert tensor.min() < -0.01 and tensor.max() > 1.01


def test_single_pixel_image_becomes_constant() -> None:
    image = np.full((1, 1, 3), 51, np.uint8)
    tensor = encoder_input(image, 16, mean=(0, 0, 0), std=(1, 1, 1))
    torch.testing.assert_close(tensor, torch.full((1, 3, 16, 16), 0.2))


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_wrong_images_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encoder_input(image, 8, (0, 0, 0), (1, 1, 1))


def test_load_image_turns_by_exif_and_drops_alpha(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Shown turned by 90 degrees.
    Image.new("RGB", (5, 3)).save(tmp_path / "turned.jpg", exif=exif)
    assert load_image(tmp_path / "turned.jpg").shape == (5, 3, 3)
    Image.new("RGBA", (5, 3)).save(tmp_path / "alpha.png")
    assert load_image(tmp_path / "alpha.png").shape == (3, 5, 3)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (2, 3), (7, 1), (1, 1)])
def test_pixels_and_normalised_are_inverse(width: int, height: int) -> None:
    pixels = pixel_grid(width, height)
    assert pixels.shape == (height, width, 2)
    assert pixels[-1, -1].tolist() == [width - 1, height - 1]
    normalised = pixel_to_normalised(pixels, width, height)
    corner = [0.0 if size == 1 else 1.0 for size in (width, height)]
    assert normalised[-1, -1].tolist() == corner
    torch.testing.assert_close(
        normalised_to_pixel(normalised, width, height), pixels, atol=1e-4, rtol=0
    )
