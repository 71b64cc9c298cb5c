"""Measures the presets through a running server: cost, accuracy, difference from REFERENCE.

    python tests/bench/presets.py --json presets.json
    python tests/bench/presets.py --photographs DIR --warps 8 --willow PF-WILLOW --limit 60

Starts nemf-server with the bundles in --models and asks it for the dense flow of scikit-image's
motorcycle pair and of held-out photographs under known warps, and for PF-WILLOW's keypoints, under
each preset. REFERENCE runs a second time with another seed: that difference is its own noise.
Prints a table a set and writes all figures as JSON. Queries are field queries a point of the
answer, seconds the server's matching time a pair, EPE end-point errors in pixels; "moved" is the
median distance from REFERENCE's answers (mean over the pairs, then the worst pair), dEPE the
difference of the median errors, dPCK in points.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import grpc
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("", "deploy/demo", "model")]

from preset_pairs import FlowPair, KeypointPair, motorcycle, warps, willow  # noqa: E402
from preset_scores import HEADER, Scores, row  # noqa: E402
from processes import Server  # noqa: E402

from tests.e2e.support import generate_stubs  # noqa: E402

SEED = 1
TIMEOUT = 3600.0
CHANNEL = [("grpc.max_receive_message_length", 64 << 20)]
NOISE = "REFERENCE, other seed"
PRESETS = ("REFERENCE", "BALANCED", "FAST")


class Asker:
    """Requests under one schedule."""

    def __init__(self, stub: object, messages: object, preset: str, seed: int) -> None:
        self._stub = stub
        self._messages = messages
        self._options = messages.MatchOptions(preset=messages.Preset.Value(preset), seed=seed)

    def _common(self, pair: FlowPair | KeypointPair) -> dict[str, object]:
        image = self._messages.Image
        images = {"query": image(encoded=pair.query), "reference": image(encoded=pair.reference)}
        return images | {"options": self._options}

    def flow(self, pair: FlowPair) -> tuple[np.ndarray, object]:
        """Where the query's pixels lie in the reference, [H * W, 2], and the statistics."""
        request = self._messages.ComputeFlowRequest(**self._common(pair))
        bands = []
        for part in self._stub.ComputeFlow(request, timeout=TIMEOUT):
            if part.HasField("chunk"):
                bands.append(np.frombuffer(part.chunk.flow, "<f4").reshape(-1, 2))
        height, width = pair.valid.shape
        y, x = np.mgrid[:height, :width]
        return np.concatenate(bands) + np.stack([x, y], -1).reshape(-1, 2), part.trailer.statistics

    def keypoints(self, pair: KeypointPair) -> tuple[np.ndarray, object]:
        """The pair's keypoints in the reference, [K, 2], and the statistics."""
        points = [self._messages.Point(x=x, y=y) for x, y in pair.keypoints]
        request = self._messages.TransferKeypointsRequest(keypoints=points, **self._common(pair))
        answer = self._stub.TransferKeypoints(request, timeout=TIMEOUT)
        found = [(match.reference.x, match.reference.y) for match in answer.matches]
        return np.array(found), answer.statistics


def score_pair(scores: dict[str, Scores], askers: dict[str, Asker], pair: object) -> str:
    """Adds a pair's answers under every schedule; returns the name of the model that answered."""
    dense = isinstance(pair, FlowPair)
    if dense:
        valid, truth = pair.valid.reshape(-1), pair.truth.reshape(-1, 2)
        side = float(max(pair.valid.shape))
    else:
        valid, truth, side = np.ones(len(pair.truth), bool), pair.truth, pair.side
    expected = None
    for name, asker in askers.items():
        found, statistics = asker.flow(pair) if dense else asker.keypoints(pair)
        expected = found if expected is None else expected
        own = scores[name]
        own.errors.append(np.linalg.norm(found - truth, axis=-1)[valid])
        own.sides.append(side)
        own.moved.append(np.linalg.norm(found - expected, axis=-1))
        own.queries.append(statistics.field_queries)
        own.points.append(len(found))
        own.seconds.append(statistics.match_seconds)
    return f"{statistics.model_name}/{statistics.model_version} on {statistics.device}"


def measure(title: str, pairs: Iterable[object], askers: dict[str, Asker]) -> dict[str, object]:
    """Scores all pairs and prints their table; returns the figures by schedule."""
    scores = {name: Scores() for name in askers}
    model = ""
    for pair in pairs:
        model = score_pair(scores, askers, pair)
        print(f"  {pair.name}", file=sys.stderr, flush=True)
    figures = {name: own.summary(scores["REFERENCE"]) for name, own in scores.items()}
    print(f"\n{title}, {len(scores['REFERENCE'].errors)} pairs, {model}\n{HEADER}")
    for name, values in figures.items():
        print(row(name, values), flush=True)
    return {"model": model, "schedules": figures}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--models", type=Path, default=ROOT / "model/bundles")
    parser.add_argument("--side", type=int, default=256, help="width of the motorcycle pair, px")
    parser.add_argument("--photographs", type=Path, metavar="DIR", help="for warped pairs")
    parser.add_argument("--warps", type=int, default=8, help="warped pairs")
    parser.add_argument("--warp-side", type=int, default=256, help="their side, px")
    parser.add_argument("--willow", type=Path, metavar="ROOT", help="PF-WILLOW")
    parser.add_argument("--limit", type=int, default=0, help="PF-WILLOW's pairs; 0: all")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    result = {"seed": SEED, "side": arguments.side, "warp_side": arguments.warp_side, "sets": {}}
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(arguments.bin / "nemf-server", arguments.models, Path(folder, "log")) as server,
        grpc.insecure_channel(server.address, options=CHANNEL) as channel,
    ):
        stubs = generate_stubs(Path(folder))
        stub = stubs.services.CorrespondenceStub(channel)
        askers = {name: Asker(stub, stubs.messages, name, SEED) for name in PRESETS}
        askers[NOISE] = Asker(stub, stubs.messages, "REFERENCE", SEED + 1)
        sets = result["sets"]
        sets["motorcycle"] = measure(
            f"Dense flow, motorcycle at {arguments.side} px", [motorcycle(arguments.side)], askers
        )
        if arguments.photographs:
            pairs = warps(arguments.photographs, arguments.warps, arguments.warp_side, SEED)
            title = f"Dense flow, warped photographs at {arguments.warp_side} px"
            sets["warps"] = measure(title, pairs, askers)
        if arguments.willow:
            pairs = willow(arguments.willow, arguments.limit)
            sets["pf-willow"] = measure("Keypoints, PF-WILLOW", pairs, askers)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
