"""Addresses, round robin over replicas that serve, TLS files."""
import pytest

import tact
from fake_services import FakeServer, in_turn
from tact.channel import make_target
from tact.messages import GenerateResponse

TARGETS = [
    ("127.0.0.1:7001", "127.0.0.1:7001"),
    ("policy.tact.svc:7001", "policy.tact.svc:7001"),
    ("dns:///policy:7001", "dns:///policy:7001"),
    (["127.0.0.1:7001", "10.0.0.2:7001"], "ipv4:127.0.0.1:7001,10.0.0.2:7001"),
    ("127.0.0.1:1, 127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2"),
    (["[::1]:1", "[::1]:2"], "ipv6:[::1]:1,[::1]:2"),
]
WRONG = [
    ("", "expected host:port"),
    ([], "is empty"),
    ("policy", 'expected host:port, found "policy"'),
    (["policy:1", "policy:2"], "given by IP address"),
    (["127.0.0.1:1", "[::1]:2"], "mixes IPv4 and IPv6"),
]


@pytest.mark.parametrize("address, target", TARGETS)
def test_addresses(address, target):
    assert make_target(address) == target


@pytest.mark.parametrize("address, complaint", WRONG)
def test_wrong_addresses(address, complaint):
    with pytest.raises(ValueError, match="address: .*" + complaint):
        tact.Client(policy=address).policy


def test_calls_go_to_serving_replicas_in_turn():
    servers = [FakeServer(), FakeServer(), FakeServer(serving=False)]
    for server in servers:
        server.handlers["Generate"] = in_turn(GenerateResponse())
    with tact.Client(policy=[server.address for server in servers]) as client:
        client.policy.wait_until_ready()
        # Once both have been seen, each gets every other call.
        for _ in range(1000):
            if all(server.calls["Generate"] for server in servers[:2]):
                break
            client.policy.generate("Hello.")
        before = [len(server.calls["Generate"]) for server in servers]
        for _ in range(20):
            client.policy.generate("Hello.")
        after = [len(server.calls["Generate"]) for server in servers]
    for server in servers:
        server.stop()
    assert [b - a for a, b in zip(before, after)] == [10, 10, 0]


def test_nobody_serves():
    server = FakeServer(serving=False)
    with tact.Client(policy=server.address, timeout=20) as client, pytest.raises(tact.Unavailable):
        client.policy.generate("Hello.")
    server.stop()


@pytest.mark.parametrize("files, complaint", [
    (dict(ca="nowhere.pem"), "tls.ca: nowhere.pem: No such file"),
    (dict(ca=__file__), "tls.ca: .*: holds no PEM"),
    (dict(ca=__file__, cert="a.pem"), "cert and key belong together"),
])
def test_wrong_tls_files(files, complaint):
    with pytest.raises(ValueError, match=complaint):
        tact.Client(tls=tact.Tls(**files)).policy


def test_from_cluster_says_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.delenv("TACT_CLUSTER", raising=False)
    with pytest.raises(ValueError, match="data_dir: is not given"):
        tact.Client.from_cluster()
    with pytest.raises(ValueError, match="data_dir: .*: No such file"):
        tact.Client.from_cluster(tmp_path)


def test_a_timeout_of_nothing_is_refused():
    with pytest.raises(ValueError, match="timeout: must be above 0"):
        tact.Client(timeout=0).reward
