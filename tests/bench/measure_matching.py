"""Dense flow and keypoint transfer of the engine: time, queries, memory, accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure_model import seconds_of
from pair import SquarePair, square_pair
from settings import Settings
from worker import Worker

from nemf_model.export.bundle import Bundle
from nemf_model.matching.match import dense_matches
from nemf_model.matching.types import MatchOptions

PRESETS = ("REFERENCE", "BALANCED", "FAST")
SEED = 6


class Matcher:
    """A worker with an encoded pair."""

    def __init__(self, worker: Worker, bundle: Path, folder: Path) -> None:
        self._worker, self._folder = worker, folder
        worker.ask("load", bundle=str(bundle))

    def set_pair(self, pair: SquarePair) -> float:
        """Returns the encoder's seconds."""
        self.pair = pair
        self._worker.ask("pair", **pair.request(self._folder))
        return self._worker.ask("encode")["seconds"]

    def match(self, preset: str, points: np.ndarray | None = None) -> dict[str, Any]:
        """Seconds, queries, peak_mib, and matches float32 [N, 3] (x, y, score)."""
        out = self._folder / "matches.f32"
        listed = [] if points is None else points.tolist()
        self._worker.ask("reset_peak")
        run = self._worker.ask("match", preset=preset, points=listed, out=str(out))
        peak = self._worker.ask("peak")["mib"]
        return {**run, "peak_mib": peak, "matches": np.fromfile(out, "<f4").reshape(-1, 3)}

    def flow(self, preset: str) -> dict[str, Any]:
        """As match(), with the dense flow [S, S, 2] in place of the matches; these are kept."""
        run = self.match(preset)
        side = self.pair.side
        grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).astype(np.float32)
        return {**run, "flow": run["matches"][:, :2].reshape(side, side, 2) - grid}


def measure_flow(settings: Settings, binaries: Path, folder: Path) -> tuple[dict, np.ndarray]:
    """Dense flow of the shipped bundle, by preset and side.

    Returns the figures, and REFERENCE's matches [S * S, 3] at settings.keypoint_side.
    """
    sides, reference_matches = {}, None
    with Worker(binaries, settings.threads) as worker:
        matcher = Matcher(worker, settings.small, folder)
        for side in settings.flow_sides:
            encode_seconds = matcher.set_pair(square_pair(side, folder))
            runs = _flows(matcher, side in settings.flow_reference_sides)
            if side == settings.keypoint_side:
                reference_matches = runs["REFERENCE"]["matches"]
            figures = {name: _flow_figures(matcher.pair, run) for name, run in runs.items()}
            sides[str(side)] = {"encode_seconds": encode_seconds, **figures}
            if "REFERENCE" in runs:
                compared = {name: _against_reference(matcher.pair, runs, name) for name in PRESETS}
    _estimate_reference(settings, sides)
    summary = {name.lower(): compared[name] for name in PRESETS if name != "REFERENCE"}
    report = {"sides": sides, **summary, "growth": _growth(settings, sides)}
    report["dis"] = measure_dis(settings, folder, sides)
    report["plain"] = _against_plain(settings, binaries, folder)
    return report, reference_matches


def _flows(matcher: Matcher, with_reference: bool) -> dict[str, dict[str, Any]]:
    return {name: matcher.flow(name) for name in PRESETS if with_reference or name != "REFERENCE"}


def _flow_figures(pair: SquarePair, run: dict[str, Any]) -> dict[str, Any]:
    errors = pair.errors(run["flow"])
    return {
        "seconds": run["seconds"],
        "queries": run["queries"],
        "peak_mib": run["peak_mib"],
        "median_epe_px": float(np.median(errors)),
        "mean_epe_px": float(errors.mean()),
        "pck": pair.pck(run["flow"]),
        "estimated": False,
    }


def _against_reference(pair: SquarePair, runs: dict[str, Any], name: str) -> dict[str, Any]:
    """A preset beside REFERENCE at the largest side at which that ran; PCK in points."""
    flow, reference = runs[name]["flow"], runs["REFERENCE"]["flow"]
    moved = np.linalg.norm(flow - reference, axis=-1)
    epe = np.median(pair.errors(flow)) - np.median(pair.errors(reference))
    return {
        "side": pair.side,
        "query_ratio_reference_to_" + name.lower(): runs["REFERENCE"]["queries"]
        / runs[name]["queries"],
        "median_epe_difference_px": float(epe),
        "median_distance_px": float(np.median(moved)),
        "pck_difference": 100 * (pair.pck(flow) - pair.pck(reference)),
    }


def _estimate_reference(settings: Settings, sides: dict[str, Any]) -> None:
    """REFERENCE at sides where it did not run: its time and queries grow with the pixels."""
    measured = max(settings.flow_reference_sides)
    known = sides[str(measured)]["REFERENCE"]
    for side in settings.flow_sides:
        if side not in settings.flow_reference_sides:
            growth = (side / measured) ** 2
            sides[str(side)]["REFERENCE"] = {
                "seconds": known["seconds"] * growth,
                "queries": round(known["queries"] * growth),
                "estimated": True,
            }


def exponent(x: list[float], y: list[float]) -> float:
    """The e of y ~ x^e, fitted to the logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _growth(settings: Settings, sides: dict[str, Any]) -> dict[str, Any]:
    """How BALANCED's time, queries and memory grow with the pixels."""
    pixels = [side**2 for side in settings.flow_sides]
    runs = [sides[str(side)]["BALANCED"] for side in settings.flow_sides]
    memory = np.polyfit(pixels, [run["peak_mib"] * 2**20 for run in runs], 1)
    return {
        "seconds_by_pixels_exponent": exponent(pixels, [run["seconds"] for run in runs]),
        "queries_by_pixels_exponent": exponent(pixels, [run["queries"] for run in runs]),
        "bytes_a_pixel": float(memory[0]),
    }


def measure_dis(settings: Settings, folder: Path, sides: dict[str, Any]) -> dict[str, Any] | None:
    """OpenCV's DIS optical flow on the same pair; None where OpenCV is not installed."""
    try:
        import cv2
    except ModuleNotFoundError:
        return None
    cv2.setNumThreads(settings.threads)
    pair = square_pair(settings.keypoint_side, folder)
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (pair.query, pair.reference)]
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.calc(*grey, None)
    seconds, flow = seconds_of(lambda: dis.calc(*grey, None))
    errors = pair.errors(flow)
    balanced = sides[str(pair.side)]["BALANCED"]
    return {
        "side": pair.side,
        "seconds": seconds,
        "median_epe_px": float(np.median(errors)),
        "mean_epe_px": float(errors.mean()),
        "pck": pair.pck(flow),
        "seconds_ratio_balanced_to_dis": balanced["seconds"] / seconds,
        "median_epe_ratio_balanced_to_dis": balanced["median_epe_px"] / float(np.median(errors)),
    }


def _against_plain(settings: Settings, binaries: Path, folder: Path) -> dict[str, Any]:
    """REFERENCE's dense flow in nemf_model, with the same bundle and pair, and in the engine."""
    torch.set_num_threads(settings.threads)
    pair = square_pair(settings.plain_side, folder)
    bundle = Bundle.load(settings.small)
    encoded = bundle.encode(pair.query, pair.reference)
    with Worker(binaries, settings.threads) as worker:
        matcher = Matcher(worker, settings.small, folder)
        matcher.set_pair(pair)
        run = matcher.match("REFERENCE")
        plain_seconds, plain = seconds_of(
            lambda: dense_matches(bundle.field, encoded, MatchOptions())
        )
    moved = np.linalg.norm(plain.reference.numpy().reshape(-1, 2) - run["matches"][:, :2], axis=-1)
    return {
        "side": pair.side,
        "seconds": run["seconds"],
        "plain_seconds": plain_seconds,
        "ratio_to_plain": plain_seconds / run["seconds"],
        "share_within_0.01_px": float((moved <= 0.01).mean()),
    }


def measure_keypoints(
    settings: Settings,
    large: Path,
    reference_matches: np.ndarray,
    binaries: Path,
    folder: Path,
    dense: dict[str, Any],
) -> dict[str, Any]:
    """Keypoint transfer under REFERENCE beside the dense run.

    dense: figures of REFERENCE's dense flow of the shipped bundle at settings.keypoint_side;
    reference_matches: its answer.
    """
    side = settings.keypoint_side
    report: dict[str, Any] = {"side": side}
    with Worker(binaries, settings.threads) as worker:
        matcher = Matcher(worker, settings.small, folder)
        matcher.set_pair(square_pair(side, folder))
        for count in settings.keypoint_counts:
            points = random_points(side, count)
            run = matcher.match("REFERENCE", points)
            report[str(count)] = {
                "seconds": run["seconds"],
                "queries": run["queries"],
                "query_ratio_dense_to_cone": dense["queries"] / run["queries"],
                "seconds_ratio_dense_to_cone": dense["seconds"] / run["seconds"],
                "identical_to_dense": same_bits(run["matches"], reference_matches, points, side),
            }
    counts = list(settings.keypoint_counts)
    for what in ("seconds", "queries"):
        values = [report[str(count)][what] for count in counts]
        report[f"{what}_by_count_exponent"] = exponent(counts, values)
    report["large_model"] = _large_identity(settings, large, binaries, folder)
    return report


def _large_identity(settings: Settings, large: Path, binaries: Path, folder: Path) -> dict:
    """The same comparison with the large model, on smaller images."""
    side = settings.identity_side
    points = random_points(side, 10)
    with Worker(binaries, settings.threads) as worker:
        matcher = Matcher(worker, large, folder)
        matcher.set_pair(square_pair(side, folder))
        dense = matcher.match("REFERENCE")
        cone = matcher.match("REFERENCE", points)
        report = {
            "side": side,
            "query_ratio_dense_to_cone": dense["queries"] / cone["queries"],
            "identical_to_dense": same_bits(cone["matches"], dense["matches"], points, side),
        }
        # The queries of ten keypoints at the full side; the dense run there would take minutes.
        matcher.set_pair(square_pair(settings.keypoint_side, folder))
        run = matcher.match("REFERENCE", random_points(settings.keypoint_side, 10))
        scale = (settings.keypoint_side / side) ** 2
        report["estimated_query_ratio_at_keypoint_side"] = dense["queries"] * scale / run["queries"]
        report["seconds_at_keypoint_side"] = run["seconds"]
    return report


def random_points(side: int, count: int) -> np.ndarray:
    """Whole pixels [count, 2] (x, y)."""
    return np.random.default_rng(SEED + count).integers(0, side, (count, 2))


def same_bits(keypoints: np.ndarray, dense: np.ndarray, points: np.ndarray, side: int) -> bool:
    """Whether keypoints [K, 3] have the bits of the dense answer [S * S, 3] at their pixels."""
    picked = dense[points[:, 1] * side + points[:, 0]]
    return keypoints.tobytes() == picked.tobytes()
