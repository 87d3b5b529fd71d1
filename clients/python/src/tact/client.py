"""All four services under one roof."""
from __future__ import annotations

import json
import os
import pathlib
import threading
from typing import Any, Callable, Dict, Optional, Type, TypeVar, cast

import grpc

from tact.channel import MAX_MESSAGE_BYTES, Address, open_channel
from tact.evaluation import Evaluations
from tact.files import Path
from tact.policy import Policy
from tact.reward import Reward
from tact.service import Service
from tact.tls import Tls
from tact.trainer import Trainer

S = TypeVar("S", bound=Service)


class Client:
    """The services that it is asked for, connected when first used. Safe to use from several threads.

    policy, reward, trainer, evaluation: "host:port", "dns:///name:port" for all addresses of a name, or several
      "ip:port" as a list or with commas: calls go to the replicas in turn, and only to those that say that they
      serve.
    tls: certificates; None speaks plain HTTP/2, as services on loopback do.
    timeout: seconds for each call that gives none of its own.
    retries: asks again where that is safe (service_config.py) within the call's time.
    max_message_bytes: the largest message that goes out or comes in.
    """

    def __init__(self, *, policy: Address = "127.0.0.1:7001", reward: Address = "127.0.0.1:7002",
                 trainer: Address = "127.0.0.1:7003", evaluation: Address = "127.0.0.1:7004",
                 tls: Optional[Tls] = None, timeout: float = 60, retries: bool = True,
                 max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._addresses = {"policy": policy, "reward": reward, "trainer": trainer, "evaluation": evaluation}
        self._open: Callable[[str, Address], grpc.Channel] = lambda name, address: open_channel(
            name, address, tls=tls, retries=retries, max_message_bytes=max_message_bytes)
        self._timeout = timeout
        self._channels: Dict[str, grpc.Channel] = {}
        self._services: Dict[str, Service] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_cluster(cls, data_dir: Optional[Path] = None, **settings: Any) -> "Client":
        """Of a running `tactctl up`, by its --data-dir [TACT_CLUSTER]; `settings` as above."""
        folder = data_dir if data_dir is not None else os.environ.get("TACT_CLUSTER")
        if folder is None:
            raise ValueError("data_dir: is not given; name tactctl up's --data-dir, or set TACT_CLUSTER")
        try:
            text = (pathlib.Path(folder) / "cluster.json").read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError("data_dir: %s: %s; name the --data-dir of a running tactctl up" % (
                folder, error.strerror)) from None
        members = {member["name"]: member["address"] for member in json.loads(text)["members"]}
        return cls(**{**members, **settings})

    @property
    def policy(self) -> Policy:
        """Text, rollouts, logprobs, adapters."""
        return self._service("policy", Policy)

    @property
    def reward(self) -> Reward:
        """Scores."""
        return self._service("reward", Reward)

    @property
    def trainer(self) -> Trainer:
        """Data sets, jobs, models."""
        return self._service("trainer", Trainer)

    @property
    def evaluation(self) -> Evaluations:
        """ROUGE, toxicity, comparisons, reports."""
        return self._service("evaluation", Evaluations)

    def close(self) -> None:
        """Ends all calls and connections."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()
            self._services.clear()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _service(self, key: str, kind: Type[S]) -> S:
        with self._lock:
            if key not in self._services:
                self._channels[key] = self._open(kind.NAME, self._addresses[key])
                self._services[key] = kind(self._channels[key], self._timeout)
            return cast(S, self._services[key])
