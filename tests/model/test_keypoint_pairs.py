"""Readers of annotated data sets, on tiny ones in each layout, and training on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from nemf_model.config import ModelConfig
from nemf_model.data.keypoint_pairs import AnnotatedPair, read_pf_pascal, read_spair
from nemf_model.data.keypoint_sampler import KeypointSampler
from nemf_model.training import train
from nemf_model.training.settings import DataSettings
from nemf_model.training.sources import TrainingData
from nemf_model.training.validate import validate
from tests.model.photographs import write_photographs, write_settings

POINTS = [[10, 20], [90, 70], [48, 40]]
SHIFTED = [[12, 21], [92, 71], [50, 41]]


def annotation(**changes: object) -> dict[str, object]:
    values = {
        "category": "cat",
        "src_imname": "000.png",
        "trg_imname": "001.png",
        "src_kps": POINTS,
        "trg_kps": SHIFTED,
        "src_bndbox": [5, 10, 95, 75],
        "trg_bndbox": [5, 10, 95, 75],
    }
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def write_spair(root: Path, annotations: dict[str, dict[str, list[str | dict]]]) -> None:
    """annotations: split -> their contents, as text or values, by name."""
    (root / "Layout" / "large").mkdir(parents=True)
    write_photographs(root / "JPEGImages" / "cat", 2, seed=4)
    for split, pairs in annotations.items():
        folder = root / "PairAnnotation" / split
        folder.mkdir(parents=True)
        (root / "Layout" / "large" / f"{split}.txt").write_text("\n".join(pairs) + "\n")
        for name, content in pairs.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (folder / f"{name}.json").write_text(text)


def write_pf_pascal(root: Path) -> None:
    images = root / "PF-dataset-PASCAL"
    folder = images / "Annotations" / "cat"
    folder.mkdir(parents=True)
    write_photographs(images / "JPEGImages", 3, seed=5)
    hidden = [[10, 20], [np.nan, np.nan], [48, 40]]
    savemat(folder / "000.mat", {"kps": np.array(POINTS, float), "bbox": [[5, 10, 95, 75]]})
    savemat(folder / "001.mat", {"kps": np.array(hidden), "bbox": [[5, 10, 95, 75]]})
    (folder / "002.mat").write_bytes(b"MATLAB 5.0 MAT-file, but broken")
    rows = ["a/000.png,a/001.png,8,0", "a/000.png,a/001.png,8,1"]
    broken = ["a/000.png,a/002.png,8,0", "a/000.png,a/003.png,8,0", "a/000.png,a/001.png,cat,0"]
    header = ["source_image,target_image,class,flip"]
    (root / "trn_pairs.csv").write_text("\n".join(header + broken + rows) + "\n")
    (root / "val_pairs.csv").write_text("\n".join(header + rows) + "\n")


def test_spair_is_read_and_broken_annotations_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {
        "000002-a-b:cat": '{\n  "category": "cat",\n  oops\n}',
        "000003-a-b:cat": annotation(trg_kps=None),
        "000004-a-b:cat": annotation(trg_kps=SHIFTED[:2]),
        "000005-a-b:cat": annotation(src_kps=[], trg_kps=[]),
        "000006-a-b:cat": annotation(src_bndbox=[5, 5, 5, 5]),
    }
    write_spair(tmp_path, {"trn": {"000001-a-b:cat": annotation(), **broken}})
    layout = tmp_path / "Layout" / "large" / "trn.txt"
    layout.write_text(layout.read_text() + "000007-a-b:cat\n")
    [pair] = read_spair(tmp_path, "trn")
    assert pair.source == tmp_path / "JPEGImages" / "cat" / "000.png"
    assert pair.target.name == "001.png"
    assert pair.source_points.tolist() == POINTS
    assert pair.target_points.tolist() == SHIFTED
    assert pair.box == (5, 10, 95, 75)
    messages = [record.getMessage() for record in caplog.records]
    for number, why in enumerate(
        ("json:3: ", "has no 'trg_kps'", "shapes", "shapes", "src_bndbox", "No such file"), start=2
    ):
        [message] = [m for m in messages if m.startswith(f"{layout}:{number}: skipped")]
        assert why in message
    assert messages[-1] == f"{layout}: skipped 6 of 7 pairs"


def test_spair_without_colons_in_its_file_names(tmp_path: Path) -> None:
    write_spair(tmp_path, {"trn": {"000001-a-b_cat": annotation()}})
    (tmp_path / "Layout" / "large" / "trn.txt").write_text("000001-a-b:cat\n")
    assert len(read_spair(tmp_path, "trn")) == 1


def test_a_split_without_usable_pairs_is_refused(tmp_path: Path) -> None:
    write_spair(tmp_path, {"trn": {"000001-a-b:cat": "{}"}})
    with pytest.raises(ValueError, match=r"trn\.txt: no usable pair"):
        read_spair(tmp_path, "trn")


def test_pf_pascal_is_read_and_broken_annotations_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_pf_pascal(tmp_path)
    plain, mirrored = read_pf_pascal(tmp_path, "trn")
    assert (plain.mirrored, mirrored.mirrored) == (False, True)
    assert plain.source == tmp_path / "PF-dataset-PASCAL" / "JPEGImages" / "000.png"
    # The second keypoint is not seen in the target.
    assert plain.source_points.tolist() == plain.target_points.tolist() == [POINTS[0], POINTS[2]]
    messages = [record.getMessage() for record in caplog.records]
    table = tmp_path / "trn_pairs.csv"
    for line, why in ((2, "002.mat: "), (3, "003.mat: "), (4, "class = 'cat'")):
        [message] = [m for m in messages if m.startswith(f"{table}:{line}: skipped")]
        assert why in message
    assert messages[-1] == f"{table}: skipped 3 of 5 pairs"


def marked_pairs(folder: Path, mirrored: bool) -> list[AnnotatedPair]:
    """A pair whose keypoints are the centres of white discs."""
    folder.mkdir()
    y, x = np.mgrid[:200, :300]
    pairs = []
    for name, points in (("a", [[90, 80], [180, 120]]), ("b", [[150, 60], [120, 130]])):
        near = [(x - px) ** 2 + (y - py) ** 2 < 15**2 for px, py in points]
        image = np.where((near[0] | near[1])[..., None], 255, 0).astype(np.uint8)
        Image.fromarray(image.repeat(3, axis=2)).save(folder / f"{name}.png")
        pairs.append((folder / f"{name}.png", np.array(points, np.float32)))
    (source, source_points), (target, target_points) = pairs
    return [AnnotatedPair(source, target, source_points, target_points, mirrored=mirrored)]


@pytest.mark.parametrize("mirrored", [False, True])
def test_keypoints_follow_their_images(
    tmp_path: Path, mirrored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Appearance may invert the discs.
    monkeypatch.setattr(
        "nemf_model.data.keypoint_sampler.randomise_appearance", lambda images, _: images
    )
    pairs = marked_pairs(tmp_path / "images", mirrored)
    sampler = KeypointSampler(pairs, ModelConfig.tiny(), torch.Generator().manual_seed(6))
    for batch in (sampler.exactly([0]), sampler.draw(8, 64)):
        assert batch.matches.valid.float().mean() > 0.8
        for images, points in (
            (batch.source, batch.matches.source),
            (batch.target, batch.matches.target),
        ):
            at = torch.nn.functional.grid_sample(images, points.unsqueeze(2), align_corners=True)
            bright = at.mean(dim=(1, 3)) > 2
            assert (bright | ~batch.matches.valid).all()
    unit = torch.tensor([299, 199]) / 2 / 300
    torch.testing.assert_close(sampler.exactly([0]).unit, unit[None])


def test_pairs_of_fewer_keypoints_or_without_photographs(tmp_path: Path) -> None:
    write_spair(tmp_path, {})
    folder = tmp_path / "JPEGImages" / "cat"
    three, two = np.array(POINTS, np.float32), np.array(POINTS[:2], np.float32)
    pairs = [
        AnnotatedPair(folder / "000.png", folder / "001.png", three, three, box=(0, 0, 50, 20)),
        AnnotatedPair(folder / "000.png", folder / "missing.png", three, three),
        AnnotatedPair(folder / "001.png", folder / "000.png", two, two),
    ]
    sampler = KeypointSampler(pairs, ModelConfig.tiny(), torch.Generator())
    assert len(sampler) == 2
    batch = sampler.exactly([0, 1])
    assert batch.matches.valid.tolist() == [[True] * 3, [True, True, False]]
    torch.testing.assert_close(batch.unit[0], torch.tensor([95, 79]) / 2 / 50)


def test_validation_measures_pck_as_the_data_set_does(tmp_path: Path, tiny_model) -> None:
    near, far = [[10, 20], [19, 70]], [[10, 24], [90, 70]]  # 4 and 71 px off by the identity
    values = annotation(src_kps=near, trg_kps=far)
    write_spair(tmp_path, {"val": {"000001-a-b:cat": values}})
    data = TrainingData(DataSettings(spair=tmp_path), ModelConfig.tiny(), True, seed=0)
    result = validate(tiny_model, data, pairs=4)
    # 4 px of a box of 90 px are within 0.05 of it.
    assert result["keypoints/identity/pck0.05"] == 0.5
    assert 0 <= result["keypoints/refined/pck0.1"] <= 1
    assert "warp/coarse/error" in result and "class/coarse/error" not in result


def test_training_on_annotated_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = {"000001-a-b:cat": annotation(), "000002-b-a:cat": annotation()}
    write_spair(tmp_path / "spair", {"trn": pairs, "val": pairs})
    write_pf_pascal(tmp_path / "pf-pascal")
    changes = {"steps": 2, "keypoint_pairs": 2, "warped_pairs": 0, "validate_every": 2}
    config = write_settings(tmp_path / "config.yaml", pretrain=None, train=changes)
    arguments = f"--config {config} --out {tmp_path / 'run'} --device cpu --threads 1"
    arguments += f" --spair {tmp_path / 'spair'} --pf-pascal {tmp_path / 'pf-pascal'}"
    train.main(arguments.split())
    output = capsys.readouterr()
    assert "keypoints/refined/pck0.1" in output.out
    assert "keypoint_coarse" in output.err and "keypoint_field" in output.err
    assert (tmp_path / "run" / "model.pt").exists()
