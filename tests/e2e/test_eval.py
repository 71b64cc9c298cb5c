"""`nemf eval` on a tiny made-up PF-WILLOW against the real server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import encode, photograph

KEYPOINTS = 10


def _columns(points: list[tuple[float, float]]) -> list[str]:
    return [str(x) for x, _ in points] + [str(y) for _, y in points]


@pytest.fixture
def willow(tmp_path: Path) -> Path:
    """Two images a class, two classes, both ordered pairs of each."""
    root = tmp_path / "PF-WILLOW"
    names = [f"{block}{i + 1}" for block in ("XA", "YA", "XB", "YB") for i in range(KEYPOINTS)]
    lines = [",".join(["imageA", "imageB", *names])]
    points = [(5.0 + 4 * i, 3.0 + 3 * i) for i in range(KEYPOINTS)]
    for number, name in enumerate(("car(G)", "duck(S)")):
        (root / name).mkdir(parents=True)
        for seed, image in enumerate(("a.png", "b.png")):
            picture = photograph(60, 50, seed=2 * number + seed)
            (root / name / image).write_bytes(encode(picture))
        for pair in (("a.png", "b.png"), ("b.png", "a.png")):
            paths = [f"PF-WILLOW/{name}/{image}" for image in pair]
            lines.append(",".join([*paths, *_columns(points), *_columns(points)]))
    (root / "test_pairs.csv").write_text("\n".join(lines) + "\n")
    return root


def _eval(cli_binary: Path, server, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(cli_binary), "eval", *arguments, "--server", server.address]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_pf_willow(cli_binary, server, willow, tmp_path):
    csv, worst = tmp_path / "pairs.csv", tmp_path / "worst"
    done = _eval(
        cli_binary, server, "--dataset", "pf-willow", "--root", str(willow), "--compare", "coarse",
        "--preset", "fast", "--csv", str(csv), "--worst", "2", "--worst-dir", str(worst), "--json"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar in a pipe
    report = json.loads(done.stdout)
    assert report["skipped"] == report["failed"] == 0
    assert report["model"] == "tiny/1 on cpu"
    for answer in ("refined", "coarse"):
        result = report["results"][answer]
        assert result["pairs"] == 4
        assert result["keypoints"] == 4 * KEYPOINTS
        assert list(result["classes"]) == ["car(G)", "duck(S)"]
        shares = list(result["per_image"].values())
        assert len(shares) == 6
        assert shares == sorted(shares)
    assert len(csv.read_text().splitlines()) == 1 + 2 * 4
    assert sorted(path.name for path in worst.iterdir()) == ["01.png", "02.png"]


def test_names_what_it_skips(cli_binary, server, willow):
    table = willow / "test_pairs.csv"
    table.write_text(table.read_text() + "PF-WILLOW/car(G)/a.png,oops\n")
    done = _eval(cli_binary, server, "--dataset", "pf-willow", "--root", str(willow))
    assert done.returncode == 0, done.stderr
    assert "1 pairs skipped:" in done.stdout
    assert "test_pairs.csv:6: has 2 columns" in done.stdout
