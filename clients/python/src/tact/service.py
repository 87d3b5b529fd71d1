"""What the four services' classes share: a channel, a deadline for each call, errors as exceptions."""
from __future__ import annotations

from typing import Any, Callable, Iterator, Optional, Type, TypeVar

import grpc
from google.protobuf.message import Message

from tact.errors import from_rpc_error, make_error
from tact.streams import Stream

Response = TypeVar("Response", bound=Message)


class Service:
    """One service over a channel that the caller made and closes.

    timeout: seconds for a call that gives none of its own. None there takes this one; streams that watch
      something have no deadline unless they are given one.
    """

    NAME = ""  # full, as health checks name it
    _STUB: Callable[[grpc.Channel], Any]

    def __init__(self, channel: grpc.Channel, timeout: float = 60) -> None:
        if timeout <= 0:
            raise ValueError("timeout: must be above 0 seconds, found %s; leave it out for 60" % timeout)
        self._channel, self._timeout = channel, timeout
        self._stub = type(self)._STUB(channel)

    def wait_until_ready(self, timeout: float = 30) -> None:
        """Returns once a replica is there and says that it serves. Raises Unavailable after `timeout` seconds."""
        try:
            grpc.channel_ready_future(self._channel).result(timeout)
        except grpc.FutureTimeoutError:
            raise make_error(grpc.StatusCode.UNAVAILABLE, "no replica is ready after %g s; see tactctl status"
                             % timeout, method="wait_until_ready") from None

    def _call(self, method: str, request: Message, response: Type[Response],
              timeout: Optional[float]) -> Response:
        return self._guard(method, response, lambda call: call(request, timeout=self._seconds(timeout)))

    def _send(self, method: str, requests: Iterator[Message], response: Type[Response],
              timeout: Optional[float]) -> Response:
        """A client stream."""
        return self._guard(method, response, lambda call: call(requests, timeout=self._seconds(timeout)))

    def _stream(self, method: str, request: Message, response: Type[Response],
                timeout: Optional[float]) -> Stream[Response]:
        """A server stream; no deadline where `timeout` is None."""
        del response
        return Stream(getattr(self._stub, method)(request, timeout=timeout), method)

    def _guard(self, method: str, response: Type[Response], run: Callable[[Any], Response]) -> Response:
        """`response` tells the type alone: gRPC's stubs have none."""
        del response
        try:
            return run(getattr(self._stub, method))
        except grpc.RpcError as error:
            raise from_rpc_error(error, method) from None

    def _seconds(self, timeout: Optional[float]) -> float:
        return self._timeout if timeout is None else timeout
