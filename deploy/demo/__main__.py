"""Matches a real stereo pair through a running server and compares the answer with the truth.

Starts nemf-server with the shipped models, transfers keypoints and streams dense flow with the nemf
command line, prints a table, and writes into the output folder: keypoints.png, flow.png,
warped.png and result.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from accuracy import end_point_error, pck, read_flo
from motorcycle import Pair, grid_points, write_pair, write_points
from processes import Server, call

ROOT = Path(__file__).resolve().parents[2]
ALPHAS = (0.01, 0.03, 0.05, 0.1)  # of the longer side
PICTURE_ALPHA = 0.05  # lines of keypoints.png are green within this
METHODS = ("identity", "coarse", "refined")
REFINEMENT = {"coarse": "coarse", "refined": "optimize"}  # as the command line calls them


def seconds_by_stage(answer: dict) -> dict:
    """The server's stages and the whole call, in seconds."""
    stages = ("decode", "queue", "encode", "match")
    seconds = {stage: answer["statistics"][f"{stage}_seconds"] for stage in stages}
    return seconds | {"total": answer["seconds"]}


def match_keypoints(nemf: Path, server: Server, pair: Pair, out: Path) -> dict:
    """Transfers the grid's points; the refined answer draws keypoints.png."""
    points = grid_points(pair)
    truth = points + pair.truth[points[:, 1], points[:, 0]]
    write_points(out / "points.json", points)
    write_points(out / "truth.json", truth)
    found, seconds = {"identity": points}, {}
    for method, refinement in REFINEMENT.items():
        arguments = ["transfer", pair.query, pair.reference, "--keypoints", out / "points.json"]
        arguments += ["--refinement", refinement]
        if method == "refined":
            arguments += ["--png", out / "keypoints.png"]
            arguments += ["--truth", out / "truth.json", "--alpha", PICTURE_ALPHA]
        answer = call(nemf, server, *arguments)
        found[method] = np.array([match["reference"] for match in answer["points"]])
        seconds[method] = seconds_by_stage(answer)
    shares = {
        str(alpha): {name: pck(found[name], truth, alpha * pair.longer_side) for name in METHODS}
        for alpha in ALPHAS
    }
    return {"count": len(points), "pck": shares, "seconds": seconds}


def match_densely(nemf: Path, server: Server, pair: Pair, out: Path) -> dict:
    """Streams the flow of the whole query; the refined answer draws flow.png and warped.png."""
    epe = {"identity": end_point_error(np.zeros_like(pair.truth), pair.truth, pair.valid)}
    seconds, statistics = {}, {}
    for method, refinement in REFINEMENT.items():
        flow_file = out / f"{method}.flo"
        arguments = ["flow", pair.query, pair.reference, "--refinement", refinement]
        arguments += ["--out", flow_file]
        if method == "refined":
            arguments += ["--png", out / "flow.png", "--warp", out / "warped.png"]
        answer = call(nemf, server, *arguments)
        epe[method] = end_point_error(read_flo(flow_file), pair.truth, pair.valid)
        seconds[method] = seconds_by_stage(answer)
        statistics = answer["statistics"]
    return {"epe": epe, "seconds": seconds, "statistics": statistics}


def print_accuracy(result: dict) -> None:
    print(f"\nAgainst the truth {'':>19}" + "".join(f"{name:>10}" for name in METHODS))
    epe = result["flow"]["epe"]
    print(f"{'Flow, end-point error in pixels':<37}" + "".join(f"{epe[m]:10.2f}" for m in METHODS))
    for alpha, shares in result["keypoints"]["pck"].items():
        label = f"{result['keypoints']['count']} keypoints, PCK at {alpha} of the side"
        print(f"{label:<37}" + "".join(f"{100 * shares[m]:9.1f}%" for m in METHODS))


def print_seconds(result: dict) -> None:
    stages = ("decode", "queue", "encode", "match", "total")
    print(f"\n{'Seconds by stage':<37}" + "".join(f"{stage:>10}" for stage in stages))
    for task, methods in result["seconds"].items():
        for method, seconds in methods.items():
            values = "".join(f"{seconds[stage]:10.3f}" for stage in stages)
            print(f"{f'{task}, {method}':<37}{values}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--models", type=Path, default=ROOT / "model/bundles")
    parser.add_argument("--out", type=Path, default=ROOT / "build/demo")
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    pair = write_pair(out)
    nemf = arguments.bin / "nemf"
    with Server(arguments.bin / "nemf-server", arguments.models, out / "server.log") as server:
        print(f"nemf-server is ready on {server.address}; matching the motorcycle pair", flush=True)
        keypoints = match_keypoints(nemf, server, pair, out)
        print("Keypoints done; streaming the dense flow of 370,500 pixels", flush=True)
        flow = match_densely(nemf, server, pair, out)
    result = {
        "flow": {"epe": flow["epe"]},
        "keypoints": {"count": keypoints["count"], "pck": keypoints["pck"]},
        "seconds": {"keypoints": keypoints["seconds"], "flow": flow["seconds"]},
        "device": flow["statistics"]["device"],
        "model": flow["statistics"]["model"],
    }
    (out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    print_accuracy(result)
    print_seconds(result)
    print(f"\n{result['model']} on {result['device']}; in {out}: keypoints.png (green: within")
    print(f"{PICTURE_ALPHA} of the longer side), flow.png, warped.png, result.json")


if __name__ == "__main__":
    main()
