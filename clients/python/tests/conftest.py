import pytest

import tact
from fake_services import FakeServer


@pytest.fixture
def server():
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def client(server):
    address = server.address
    with tact.Client(policy=address, reward=address, trainer=address, evaluation=address, timeout=20) as made:
        yield made
