"""The report as a table: one ratio a line, with what it is made of and its bar, if it has one."""

from __future__ import annotations

from typing import Any

HEADER = ("what", "here", "beside it", "ratio", "bar")


def render(report: dict[str, Any]) -> str:
    rows = [HEADER, *_field(report["field"]), *_encoder(report["encoder"])]
    rows += [*_keypoints(report["keypoints"]), *_flow(report["flow"]), *_memory(report["memory"])]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = ["  ".join(_aligned(row, widths)) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """The first cell to the left, the others to the right."""
    return [row[0].ljust(widths[0])] + [row[i].rjust(widths[i]) for i in range(1, len(row))]


def _rate(value: float) -> str:
    return f"{value / 1000:,.1f} k/s"


def _field(field: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for threads, f in field["by_threads"].items():
        rate, what = _rate(f["queries_per_second"]), f"field queries, {threads} thread(s)"
        plain, limit = _rate(f["plain_queries_per_second"]), _rate(f["limit_queries_per_second"])
        rows.append((f"{what}: to plain", rate, plain, f"{f['ratio_to_plain']:.1f}", ">= 20"))
        share = f"{f['share_of_matmul_limit']:.2f}"
        rows.append((f"{what}: to the matrix-product limit", rate, limit, share, ">= 0.70"))
    return rows


def _encoder(encoder: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for name, e, bar in (("published size", encoder, ">= 1.7"), ("small", encoder["small"], "")):
        seconds, plain = f"{e['seconds']:.3f} s", f"{e['plain_seconds']:.3f} s"
        rows.append((f"encoder, {name}: plain to exported", seconds, plain,
                     f"{e['ratio_to_plain']:.2f}", bar))  # fmt: skip
    difference = encoder["largest_relative_difference"]
    rows.append(("encoder, published size: difference", "", "", f"{difference:.0e}", "<= 1e-04"))
    return rows


def _keypoints(keypoints: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for count, k in ((c, k) for c, k in keypoints.items() if c.isdigit()):
        same = "same bits" if k["identical_to_dense"] else "DIFFERENT ANSWER"
        rows.append((f"{count} keypoint(s), REFERENCE: dense to cone, queries",
                     f"{k['queries']:,}", same, f"{k['query_ratio_dense_to_cone']:.0f}",
                     ">= 60" if count == "10" else ""))  # fmt: skip
    for what in ("seconds", "queries"):
        rows.append((f"exponent of {what} by keypoints", "", "",
                     f"{keypoints[f'{what}_by_count_exponent']:.2f}", ""))  # fmt: skip
    large = keypoints["large_model"]
    same = "same bits" if large["identical_to_dense"] else "DIFFERENT ANSWER"
    rows.append((f"10 keypoints, published size, {keypoints['side']} px: dense (estimated) to cone",
                 f"{large['seconds_at_keypoint_side']:.2f} s", same,
                 f"{large['estimated_query_ratio_at_keypoint_side']:.0f}", ">= 60"))  # fmt: skip
    return rows


def _flow(flow: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for side, runs in flow["sides"].items():
        reference = runs["REFERENCE"]
        about = " (estimated)" if reference["estimated"] else ""
        for name in ("BALANCED", "FAST"):
            run = runs[name]
            rows.append((f"flow {side} x {side}: REFERENCE{about} to {name}, seconds",
                         f"{run['seconds']:.2f} s", f"{reference['seconds']:.2f} s",
                         f"{reference['seconds'] / run['seconds']:.1f}", ""))  # fmt: skip
    balanced = flow["balanced"]
    rows += [
        ("BALANCED: queries, REFERENCE's to its", "", "",
         f"{balanced['query_ratio_reference_to_balanced']:.1f}", ">= 10"),
        ("BALANCED: median end-point error minus REFERENCE's, px", "", "",
         f"{balanced['median_epe_difference_px']:+.2f}", "<= 0.25"),
        ("BALANCED: PCK minus REFERENCE's, points", "", "",
         f"{balanced['pck_difference']:+.2f}", ">= -0.5"),
        ("exponent of BALANCED's seconds by pixels", "", "",
         f"{flow['growth']['seconds_by_pixels_exponent']:.2f}", ""),
        ("bytes of memory a pixel, BALANCED", "", "", f"{flow['growth']['bytes_a_pixel']:.0f}", ""),
    ]  # fmt: skip
    plain = flow["plain"]
    rows.append((f"flow {plain['side']} x {plain['side']}, REFERENCE: plain PyTorch to engine",
                 f"{plain['seconds']:.2f} s", f"{plain['plain_seconds']:.2f} s",
                 f"{plain['ratio_to_plain']:.1f}", ""))  # fmt: skip
    return rows + _dis(flow)


def _dis(flow: dict[str, Any]) -> list[tuple[str, ...]]:
    dis = flow["dis"]
    if dis is None:
        return [("OpenCV's DIS: not installed (deploy/install-deps bench)", "", "", "", "")]
    balanced = flow["sides"][str(dis["side"])]["BALANCED"]
    where = f"flow {dis['side']} x {dis['side']}: BALANCED to OpenCV's DIS"
    return [
        (f"{where}, seconds", f"{balanced['seconds']:.2f} s", f"{dis['seconds']:.3f} s",
         f"{dis['seconds_ratio_balanced_to_dis']:.1f}", ""),
        (f"{where}, median end-point error", f"{balanced['median_epe_px']:.2f} px",
         f"{dis['median_epe_px']:.2f} px", f"{dis['median_epe_ratio_balanced_to_dis']:.1f}", ""),
    ]  # fmt: skip


def _memory(memory: dict[str, Any]) -> list[tuple[str, ...]]:
    side, bar = memory["side"], 2.5e9 / 2**20
    peak = memory[f"flow_{side}_peak_mib"]
    return [(f"memory of a {side} x {side} flow, published size: share of 2.5 GB",
             f"{peak:.0f} MiB", f"{bar:.0f} MiB", f"{peak / bar:.2f}", "<= 1")]  # fmt: skip
