"""Puts the stream of ComputeFlow together again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_MESSAGE_BYTES = 1 << 20
DTYPES = {1: "<f4", 2: "<f2"}  # of FlowType


@dataclass
class Flow:
    header: Any
    trailer: Any
    flow: np.ndarray  # [height, width, 2]: dx, dy in pixels
    confidence: np.ndarray | None  # [height, width]
    consistency: np.ndarray | None  # [height, width], query pixels
    chunks: int
    content: bytes  # all chunks as they came


def read_flow(stream: Iterable[Any]) -> Flow:
    """Reads the stream to its end and checks its order and the sizes of its messages."""
    messages = list(stream)
    assert [message.WhichOneof("part") for message in messages] == (
        ["header"] + ["chunk"] * (len(messages) - 2) + ["trailer"]
    )
    assert max(message.ByteSize() for message in messages) <= MAX_MESSAGE_BYTES
    header = messages[0].header
    chunks = [message.chunk for message in messages[1:-1]]
    assert [chunk.first_row for chunk in chunks] == list(
        np.cumsum([0] + [chunk.rows for chunk in chunks[:-1]])
    )
    assert sum(chunk.rows for chunk in chunks) == header.height
    shape = (header.height, header.width)

    def plane(name: str) -> np.ndarray:
        content = b"".join(getattr(chunk, name) for chunk in chunks)
        return np.frombuffer(content, DTYPES[header.type])

    confidence, consistency = plane("confidence"), plane("consistency")
    return Flow(
        header=header,
        trailer=messages[-1].trailer,
        flow=plane("flow").reshape(*shape, 2),
        confidence=confidence.reshape(shape) if confidence.size else None,
        consistency=consistency.reshape(shape) if consistency.size else None,
        chunks=len(chunks),
        content=b"".join(chunk.SerializeToString(deterministic=True) for chunk in chunks),
    )
