"""Every bad input is refused by name, and the server goes on serving."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from PIL import Image

from tests.e2e.support import encode, photograph

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
NAN = float("nan")
INF = float("inf")


def huge_png(width: int, height: int) -> bytes:
    """A complete PNG file, checksums and all, of a size that nobody could decode."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def truncated(file_format: str) -> bytes:
    file = encode(photograph(61, 47, seed=1), file_format)
    return file[: len(file) * 3 // 4]


def gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (4, 4)).save(buffer, "GIF")
    return buffer.getvalue()


def set_point(x: float, y: float) -> Callable[[Any], None]:
    def change(request: Any) -> None:
        request.keypoints[1].x = x
        request.keypoints[1].y = y

    return change


def set_query(file: bytes) -> Callable[[Any], None]:
    return lambda request: setattr(request.query, "encoded", file)


def set_reference(file: bytes) -> Callable[[Any], None]:
    return lambda request: setattr(request.reference, "encoded", file)


def set_option(name: str, value: Any) -> Callable[[Any], None]:
    return lambda request: setattr(request.options, name, value)


def set_model(name: str, version: str) -> Callable[[Any], None]:
    def change(request: Any) -> None:
        request.model.name = name
        request.model.version = version

    return change


def many_keypoints(request: Any) -> None:
    for _ in range(10_000):
        request.keypoints.add()


def set_raw(**fields: Any) -> Callable[[Any], None]:
    def change(request: Any) -> None:
        request.query.Clear()
        for name, value in {"format": 1, "width": 2, "height": 2, **fields}.items():
            setattr(request.query.raw, name, value)

    return change


# Inputs that either method refuses alike: (change, code, what the message says).
IMAGES_AND_OPTIONS = {
    "no image": (lambda request: request.query.Clear(), INVALID, "query = nothing"),
    "empty file": (set_query(b""), INVALID, "query.encoded = 0 bytes"),
    "text": (set_query(b"hello, world"), INVALID, 'query.encoded = 12 bytes that start with "hel'),
    "gif": (set_query(gif()), INVALID, "must be a JPEG, PNG, WebP, BMP or TIFF file"),
    "magic number only": (set_query(b"\xff\xd8\xff"), INVALID, "is a truncated JPEG file"),
    "truncated jpeg": (set_query(truncated("JPEG")), INVALID, "is a truncated JPEG file"),
    "truncated png": (set_query(truncated("PNG")), INVALID, "is a truncated PNG file"),
    "truncated webp": (set_query(truncated("WEBP")), INVALID, "is a truncated WebP file"),
    "truncated bmp": (set_query(truncated("BMP")), INVALID, "is a truncated BMP file"),
    "truncated tiff": (set_query(truncated("TIFF")), INVALID, "is a truncated TIFF file"),
    "truncated reference": (set_reference(truncated("PNG")), INVALID, "reference.encoded = "),
    "100,000 x 100,000": (
        set_query(huge_png(100_000, 100_000)),
        INVALID,
        "query.encoded width = 100000, must be <= 32768",
    ),
    "too many pixels": (
        set_reference(huge_png(30_000, 30_000)),
        INVALID,
        "reference.encoded width * height = 30000 * 30000 pixels, must be <= 64000000",
    ),
    "size without pixels": (set_query(huge_png(5_000, 5_000)), INVALID, "cannot be decoded"),
    "raw of no format": (set_raw(format=0), INVALID, "query.raw.format = 0"),
    "raw of no width": (set_raw(width=0), INVALID, "query.raw.width = 0, must be >= 1"),
    "raw too short": (set_raw(data=b"123"), INVALID, "query.raw.data = 3 bytes, must be >= 12"),
    "raw of a small stride": (
        set_raw(stride=5),
        INVALID,
        "query.raw.stride = 5, must be 0 or >= 6",
    ),
    "raw that overflows": (
        set_raw(width=2**32 - 1, height=2**32 - 1),
        INVALID,
        "query.raw.width = 4294967295, must be <= 32768",
    ),
    "absurd iterations": (
        set_option("patchmatch_iterations", 100_000),
        INVALID,
        "options.patchmatch_iterations = 100000, must be <= 1000",
    ),
    "absurd steps": (
        set_option("optimize_steps", 2**32 - 1),
        INVALID,
        "options.optimize_steps = 4294967295, must be <= 1000",
    ),
    "radius 0": (set_option("search_radius", 0.0), INVALID, "options.search_radius = 0, must be"),
    "radius NaN": (set_option("search_radius", NAN), INVALID, "options.search_radius = nan"),
    "unknown preset": (set_option("preset", 99), INVALID, "options.preset = 99, must be REFERENCE"),
    "unknown refinement": (set_option("refinement", -5), INVALID, "options.refinement = -5"),
    "unknown model": (set_model("no-such", ""), NOT_FOUND, 'model "no-such" is not served'),
    "unknown version": (set_model("tiny", "99"), NOT_FOUND, 'model "tiny" version "99"'),
    "path as a model": (set_model("../tiny", "1"), NOT_FOUND, 'model "../tiny"'),
}

FLOWS = {
    "unknown type": (
        lambda request: setattr(request, "type", 7),
        INVALID,
        "type = 7, must be FLOAT32 or FLOAT16",
    ),
}

KEYPOINTS = {
    "none": (lambda request: request.ClearField("keypoints"), INVALID, "keypoints = 0 points"),
    "too many": (many_keypoints, INVALID, "keypoints = 10003 points, must be >= 1 and <= 10000"),
    "NaN": (set_point(NAN, 0), INVALID, "keypoints[1].x = nan, must be finite"),
    "infinite": (set_point(0, -INF), INVALID, "keypoints[1].y = -inf, must be finite"),
    "right of the image": (
        set_point(60.5, 0),
        INVALID,
        "keypoints[1].x = 60.5, must be >= 0 and <= 60 (query width - 1)",
    ),
    "below the image": (set_point(0, 47), INVALID, "keypoints[1].y = 47, must be >= 0 and <= 46"),
    "left of the image": (set_point(-1, 0), INVALID, "keypoints[1].x = -1, must be >= 0"),
}


def cases(*tables: dict[str, tuple]) -> list:
    return [pytest.param(*case, id=name) for table in tables for name, case in table.items()]


def assert_refused(error: grpc.RpcError, code: grpc.StatusCode, text: str) -> None:
    assert error.code() == code, error.details()
    assert text in error.details()
    assert len(error.details().encode()) <= 1024
    assert "x-request-id" in dict(error.trailing_metadata())


@pytest.mark.parametrize(("change", "code", "text"), cases(IMAGES_AND_OPTIONS, KEYPOINTS))
def test_transfer_refuses(stub, stubs, transfer_request, change, code, text):
    good = stubs.messages.TransferKeypointsRequest()
    good.CopyFrom(transfer_request)
    change(transfer_request)
    with pytest.raises(grpc.RpcError) as error:
        stub.TransferKeypoints(transfer_request)
    assert_refused(error.value, code, text)
    assert len(stub.TransferKeypoints(good).matches) == 3


@pytest.mark.parametrize(("change", "code", "text"), cases(IMAGES_AND_OPTIONS, FLOWS))
def test_flow_refuses(stub, flow_request, change, code, text):
    change(flow_request)
    with pytest.raises(grpc.RpcError) as error:
        list(stub.ComputeFlow(flow_request))
    assert_refused(error.value, code, text)


def test_message_over_the_limit(stub, transfer_request):
    transfer_request.query.encoded = bytes(65 << 20)
    with pytest.raises(grpc.RpcError) as error:
        stub.TransferKeypoints(transfer_request)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_limits_are_flags(start_server, stubs, transfer_request):
    server = start_server("--max-keypoints", "2", "--max-image-side", "60")
    stub = stubs.services.CorrespondenceStub(server.channel)
    with pytest.raises(grpc.RpcError) as error:
        stub.TransferKeypoints(transfer_request)
    assert error.value.details() == "keypoints = 3 points, must be >= 1 and <= 2"
    del transfer_request.keypoints[1:]
    with pytest.raises(grpc.RpcError) as error:
        stub.TransferKeypoints(transfer_request)
    assert error.value.details() == "query.encoded width = 61, must be <= 60"
