"""The log of the real server: a reader that stalls, and what the level debug adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.e2e.support import Server, encode, full_pipe, photograph

REQUESTS = 20
# Their log lines are more than the queue of 1 MiB holds.
LONG_REQUESTS = 2000
SECONDS = 60  # for an answer


@pytest.fixture
def start_unread(
    server_binary: Path, models: Path, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Starts a server whose standard error stream is a full pipe that nobody reads."""
    with full_pipe() as stderr:
        servers: list[Server] = []

        def start(*flags: str) -> Server:
            server = Server(server_binary, models, tmp_path / "unused", flags, stderr=stderr)
            servers.append(server)
            return server

        yield start
        for server in servers:
            server.close()


def test_a_log_that_nobody_reads_holds_up_no_request(start_unread, stubs, transfer_request):
    server = start_unread()
    stub = stubs.services.CorrespondenceStub(server.channel)
    for _ in range(REQUESTS):
        assert stub.TransferKeypoints(transfer_request, timeout=SECONDS).matches
    assert server.metric("nemf_log_lines_dropped_total") == 0
    server.terminate()
    assert server.wait() == 0


def test_lines_that_do_not_fit_are_counted(start_unread, stubs, transfer_request):
    server = start_unread()
    stub = stubs.services.CorrespondenceStub(server.channel)
    transfer_request.model.name = "m" * 1000
    for _ in range(LONG_REQUESTS):
        with pytest.raises(grpc.RpcError) as error:
            stub.TransferKeypoints(transfer_request, timeout=SECONDS)
        assert error.value.code() == grpc.StatusCode.NOT_FOUND
    assert 0 < server.metric("nemf_log_lines_dropped_total") < LONG_REQUESTS


def test_the_watchdog_acts_although_the_log_stalls(start_unread, stubs, flow_request):
    # No machine matches a whole quantum in this time.
    server = start_unread("--watchdog-seconds", "0.002")
    flow_request.query.encoded = encode(photograph(200, 150, seed=6))
    flow_request.options.preset = stubs.messages.REFERENCE
    flow_request.options.patchmatch_iterations = 1000
    with pytest.raises(grpc.RpcError):
        list(stubs.services.CorrespondenceStub(server.channel).ComputeFlow(flow_request))
    assert server.wait() == 1


@pytest.mark.parametrize("level", ["debug", "info"])
def test_debug_adds_the_scheduler(start_server, stubs, transfer_request, level):
    server = start_server("--log-level", level)
    stubs.services.CorrespondenceStub(server.channel).TransferKeypoints(transfer_request)
    server.terminate()
    assert server.wait() == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    by_message = {line["message"]: line for line in lines}
    assert by_message["request"]["code"] == "OK"
    if level == "info":
        assert not any(line["level"] == "debug" for line in lines)
        return
    assert (by_message["models scanned"]["models"], by_message["models scanned"]["versions"]) == (
        1,
        1,
    )
    admission = by_message["admission"]
    assert (admission["kind"], admission["refusal"]) == ("keypoints", "")
    assert admission["time_left_seconds"] is None
    assert admission["field_queries"] >= by_message["request"]["field_queries"] > 0
    assert by_message["encoder batch"]["pairs"] == 1
    assert by_message["encoder batch"]["seconds"] > 0
    changes = [line for line in lines if line["message"] == "pair cache"]
    assert [change["misses"] for change in changes].count(1) == 1
