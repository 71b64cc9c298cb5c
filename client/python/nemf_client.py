"""A small client for nemf-server, over stubs that it generates from the .proto file at its start.

python client/python/nemf_client.py left.png right.png --point 120,80 --point 200.5,64
python client/python/nemf_client.py left.png right.png --flow flow.npy
"""

import argparse
import importlib
import pathlib
import sys
import tempfile

import grpc
import numpy as np
from grpc_tools import protoc

PROTOS = pathlib.Path(__file__).resolve().parents[2] / "proto" / "nemf" / "v1"


def load_stubs(protos: pathlib.Path = PROTOS):
    """Generates the package nemf_grpc in a temporary folder; returns (messages, services)."""
    with tempfile.TemporaryDirectory() as folder:
        flags = [f"-Inemf_grpc={protos}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
        if protoc.main(["protoc", *flags, "nemf_grpc/correspondence.proto"]) != 0:
            raise RuntimeError(f"protoc failed on {protos}")
        sys.path.insert(0, folder)
        try:
            return tuple(
                importlib.import_module(f"nemf_grpc.correspondence_{kind}")
                for kind in ("pb2", "pb2_grpc")
            )
        finally:
            sys.path.remove(folder)


def transfer_keypoints(stub, pb, query: bytes, reference: bytes, points, timeout: float = 60):
    """Transfers `points`, (x, y) in query pixels; returns the server's KeypointMatch messages."""
    request = pb.TransferKeypointsRequest(
        query=pb.Image(encoded=query),
        reference=pb.Image(encoded=reference),
        keypoints=[pb.Point(x=x, y=y) for x, y in points],
    )
    return stub.TransferKeypoints(request, timeout=timeout).matches


def compute_flow(stub, pb, query: bytes, reference: bytes, timeout: float = 600) -> np.ndarray:
    """Returns the flow, float32 [height, width, 2]: reference = query + (dx, dy), in pixels."""
    request = pb.ComputeFlowRequest(
        query=pb.Image(encoded=query), reference=pb.Image(encoded=reference)
    )
    bands = []
    finished = False
    for part in stub.ComputeFlow(request, timeout=timeout):
        if part.HasField("header"):
            height, width = part.header.height, part.header.width
        elif part.HasField("chunk"):
            bands.append(np.frombuffer(part.chunk.flow, "<f4").reshape(-1, width, 2))
        elif part.HasField("trailer"):
            finished = True
    flow = np.concatenate(bands)
    if not finished or flow.shape[0] != height:
        raise RuntimeError("the flow stream ended early")
    return flow


def parse_point(text: str) -> tuple[float, float]:
    x, y = text.split(",")
    return float(x), float(y)


def main() -> None:
    parser = argparse.ArgumentParser(description="Asks a nemf-server for correspondences.")
    parser.add_argument("query", type=pathlib.Path)
    parser.add_argument("reference", type=pathlib.Path)
    parser.add_argument("--point", type=parse_point, action="append", default=[], metavar="X,Y")
    parser.add_argument("--flow", type=pathlib.Path, metavar="OUT.npy")
    parser.add_argument("--server", default="127.0.0.1:50051", metavar="HOST:PORT")
    arguments = parser.parse_args()

    pb, services = load_stubs()
    images = arguments.query.read_bytes(), arguments.reference.read_bytes()
    with grpc.insecure_channel(arguments.server) as channel:
        stub = services.CorrespondenceStub(channel)
        if arguments.point:
            for match in transfer_keypoints(stub, pb, *images, arguments.point):
                to, confidence = match.reference, match.confidence
                print(
                    f"{match.query.x:g},{match.query.y:g} -> {to.x:.2f},{to.y:.2f} "
                    f"(confidence {confidence:.3f})"
                )
        if arguments.flow:
            flow = compute_flow(stub, pb, *images)
            np.save(arguments.flow, flow)
            print(f"{arguments.flow}: {flow.shape[1]} x {flow.shape[0]} pixels")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
