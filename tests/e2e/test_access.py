"""TLS, client certificates and tokens of the real server, called by an independent client."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.e2e.certificates import Authority, Identity
from tests.e2e.support import Server, wait_until

ALICE = "alices-token-0001"
OPS = "operators/token+2="
SECONDS = 60


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "the tests")


@pytest.fixture(scope="module")
def identity(authority) -> Identity:
    return authority.issue("server")


def tls_flags(identity: Identity) -> list[str]:
    return ["--tls-cert", str(identity.certificate), "--tls-key", str(identity.key)]


def secure_channel(address: str, authority: Authority, client: Identity | None = None):
    """A channel with a connection of its own."""
    credentials = grpc.ssl_channel_credentials(
        authority.certificate.read_bytes(),
        client.key.read_bytes() if client else None,
        client.certificate.read_bytes() if client else None,
    )
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.secure_channel(address, credentials, options)


def health(channel) -> grpc.StatusCode:
    """How a call of the standard health service ends, which needs no token."""
    try:
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def end_of(call) -> tuple[grpc.StatusCode, str]:
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return grpc.StatusCode.OK, ""


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    path.write_text(f"# token name role\n{ALICE} alice client\n{OPS} ops admin\n")
    return path


def logged_calls(server) -> list[dict]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line]
    return [line for line in lines if line["message"] == "request"]


def test_tokens(start_server, stubs, transfer_request, tokens):
    server = start_server("--tokens", str(tokens))
    stub = stubs.services.CorrespondenceStub(server.channel)

    def transfer(metadata):
        return end_of(lambda: stub.TransferKeypoints(transfer_request, metadata=metadata))

    unauthenticated = grpc.StatusCode.UNAUTHENTICATED
    code, details = transfer(None)
    assert (code, "authorization is missing" in details) == (unauthenticated, True)
    assert transfer(bearer("wrong-token-00001"))[0] == unauthenticated
    assert transfer(bearer(ALICE)) == (grpc.StatusCode.OK, "")
    assert transfer(bearer(OPS)) == (grpc.StatusCode.OK, "")
    wait_until(lambda: len(logged_calls(server)) == 4)
    assert [call["client"] for call in logged_calls(server)] == ["", "", "alice", "ops"]
    assert ALICE not in server.log.read_text()

    # A token that is taken out of the file stops working, without a restart.
    tokens.write_text(f"{OPS} ops admin\n")
    wait_until(lambda: transfer(bearer(ALICE))[0] == unauthenticated)
    assert transfer(bearer(OPS))[0] == grpc.StatusCode.OK


def test_tls(start_server, authority, identity, stubs, transfer_request):
    server = start_server(*tls_flags(identity))
    channel = secure_channel(server.address, authority)
    stub = stubs.services.CorrespondenceStub(channel)
    assert len(stub.TransferKeypoints(transfer_request).matches) == 3
    # Who speaks plaintext, or trusts another authority, gets no connection.
    assert health(grpc.insecure_channel(server.address)) == grpc.StatusCode.UNAVAILABLE


def test_mutual_tls(start_server, authority, identity, stubs, transfer_request, tmp_path):
    flags = ["--tls-client-ca", str(authority.certificate)]
    server = start_server(*tls_flags(identity), *flags)
    stranger = Authority(tmp_path / "stranger", "somebody else").issue("mallory")
    without = secure_channel(server.address, authority)
    assert health(without) == grpc.StatusCode.UNAVAILABLE
    assert health(secure_channel(server.address, authority, stranger)) == (
        grpc.StatusCode.UNAVAILABLE
    )
    known = secure_channel(server.address, authority, authority.issue("bob"))
    stubs.services.CorrespondenceStub(known).TransferKeypoints(transfer_request)
    wait_until(lambda: len(logged_calls(server)) == 1)
    assert logged_calls(server)[0]["client"] == "bob"


def test_certificates_are_reloaded(start_server, authority, tmp_path):
    used = Identity(tmp_path / "used.pem", tmp_path / "used.key")

    def install(identity: Identity) -> None:
        for source, target in zip(identity, used, strict=True):
            new = target.with_suffix(".new")
            new.write_bytes(source.read_bytes())
            new.replace(target)

    install(authority.issue("first"))
    server = start_server(*tls_flags(used), "--tls-reload-seconds", "1")
    old = secure_channel(server.address, authority)
    assert health(old) == grpc.StatusCode.OK
    successor = Authority(tmp_path / "successor", "the next authority")
    install(successor.issue("second"))
    wait_until(lambda: health(secure_channel(server.address, successor)) == grpc.StatusCode.OK)
    assert health(secure_channel(server.address, authority)) == grpc.StatusCode.UNAVAILABLE
    assert health(old) == grpc.StatusCode.OK  # a connection that stands goes on


def test_command_line_by_tls_with_a_token(
    start_server, authority, identity, tokens, cli_binary, tmp_path, query_file, reference_file
):
    flags = ["--tls-client-ca", str(authority.certificate), "--tokens", str(tokens)]
    server = start_server(*tls_flags(identity), *flags)
    client = authority.issue("carol")
    token = tmp_path / "token"
    token.write_text(ALICE + "\n")
    for name, content in (("query.png", query_file), ("reference.png", reference_file)):
        (tmp_path / name).write_bytes(content)

    def transfer(*more: str) -> subprocess.CompletedProcess[str]:
        command = [str(cli_binary), "transfer", "query.png", "reference.png", "--point", "3,4"]
        command += ["--server", server.address, "--json", *more]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)

    trust = ["--tls-ca", str(authority.certificate)]
    certificate = ["--tls-cert", str(client.certificate), "--tls-key", str(client.key)]
    done = transfer(*trust, *certificate, "--token-file", str(token))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["points"]) == 1
    done = transfer(*trust, *certificate)
    assert done.returncode == 1
    assert "UNAUTHENTICATED: metadata authorization is missing" in done.stderr
    assert transfer(*trust, "--token-file", str(token), "--timeout", "10").returncode == 1
    done = transfer(*trust, "--tls-cert", str(client.certificate))
    assert done.returncode == 2
    assert "only one of certificate and key" in done.stderr


@pytest.mark.parametrize(
    ("flags", "code", "complaint"),
    [
        (["--listen", "0.0.0.0:0"], 2, "must be a loopback address"),
        (["--tls-cert", "c.pem"], 2, "must be given together"),
        (["--tls-cert", "c.pem", "--tls-key", "k.pem"], 1, "not a PEM certificate chain"),
        (["--tokens", "no-such-file"], 1, "token file no-such-file: cannot be read"),
    ],
)
def test_does_not_start(server_binary, models, flags, code, complaint):
    command = [str(server_binary), "--models", str(models), "--metrics", "127.0.0.1:0", *flags]
    if "--listen" not in flags:
        command += ["--listen", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == code
    assert complaint in done.stderr


def test_plaintext_beyond_the_machine_where_it_is_allowed(server_binary, models, tmp_path):
    log = tmp_path / "server.log"
    server = Server(server_binary, models, log, ["--allow-plaintext"], listen="0.0.0.0:0")
    try:
        port = server.address.rpartition(":")[2]
        assert health(grpc.insecure_channel(f"127.0.0.1:{port}")) == grpc.StatusCode.OK
    finally:
        server.close()
