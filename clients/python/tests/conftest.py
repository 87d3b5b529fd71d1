import os
import pathlib
import sys

import pytest

import tact
from fake_services import FakeServer

SOURCE = pathlib.Path(os.environ.get("TACT_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[3]))
sys.path.append(str(SOURCE / "tests/clients"))  # services.py


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
