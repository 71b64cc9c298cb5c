"""Python stubs of the proto beside the model's package, which has the same name."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from types import ModuleType

from grpc_tools import protoc

import nemf

PROTO = Path(__file__).resolve().parents[2] / "proto"


def load_stubs() -> tuple[ModuleType, ModuleType]:
    """Generates the stubs in a temporary folder; returns the modules (messages, services)."""
    with tempfile.TemporaryDirectory() as folder:
        flags = [f"--proto_path={PROTO}", f"--python_out={folder}"]
        flags += [f"--grpc_python_out={folder}", "nemf/v1/correspondence.proto"]
        if protoc.main(["protoc", *flags]) != 0:
            raise RuntimeError(f"protoc failed on {PROTO}")
        nemf.__path__.append(str(Path(folder, "nemf")))
        try:
            name = "nemf.v1.correspondence"
            return importlib.import_module(f"{name}_pb2"), importlib.import_module(
                f"{name}_pb2_grpc"
            )
        finally:
            nemf.__path__.pop()
