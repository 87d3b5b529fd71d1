"""Streams of a service as iterators: whoever stops to read cancels the call, and its place is free."""
from __future__ import annotations

import time
from typing import Any, Callable, Generic, Iterator, Optional, TypeVar

import grpc

from tact.errors import Unavailable, from_rpc_error, make_error
from tact.v1.policy_pb2 import Completion, StreamGenerateResponse

T = TypeVar("T")
Self = TypeVar("Self", bound="Stream[Any]")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


class Stream(Generic[T], Iterator[T]):
    """The messages of one call. Ends the call when it is left: by close(), at the end of a `with` block, or when
    nothing refers to it any more. Raises TactError where the call fails."""

    def __init__(self, call: Any, method: str) -> None:
        self._call, self._method = call, method

    def __iter__(self: Self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            message: T = next(self._call)
        except grpc.RpcError as error:
            raise from_rpc_error(error, self._method) from None
        return message

    def close(self) -> None:
        """Cancels what is not over; a second time changes nothing."""
        self._call.cancel()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class Mapped(Stream[T]):
    """A stream of what `convert` makes of each message of another one."""

    def __init__(self, messages: Stream[Any], convert: Callable[[Any], T]) -> None:
        super().__init__(messages._call, messages._method)
        self._messages, self._convert = messages, convert

    def __next__(self) -> T:
        return self._convert(next(self._messages))


class TextStream(Stream[str]):
    """Pieces of one response, in whole characters, none empty; together they are `completion.text`.

    Attributes:
      completion: the whole response with its finish reason; None until the last piece was read.
      weight_version: of the weights that make it; 0 until the first piece was read.
    """

    def __init__(self, messages: Stream[StreamGenerateResponse]) -> None:
        super().__init__(messages._call, messages._method)
        self._messages = messages
        self.completion: Optional[Completion] = None
        self.weight_version = 0

    def __next__(self) -> str:
        while True:
            message = next(self._messages)
            self.weight_version = message.weight_version
            if message.HasField("completion"):
                self.completion = message.completion
            if message.text:
                return message.text


class Watch(Stream[T]):
    """A stream that is opened again where it left off when the service goes away, since what it watches lives
    on: for `reconnect_seconds` at most without a message, and `timeout` seconds in all.

    open_after: makes the stream of what comes after a message (None: from the beginning), with a deadline.
    """

    def __init__(self, open_after: Callable[[Optional[T], Optional[float]], Stream[T]],
                 reconnect_seconds: float, timeout: Optional[float]) -> None:
        self._open_after, self._reconnect_seconds = open_after, reconnect_seconds
        self._until = None if timeout is None else time.monotonic() + timeout
        self._last: Optional[T] = None
        self._stream = open_after(None, timeout)

    def __next__(self) -> T:
        pause, until = FIRST_PAUSE_SECONDS, time.monotonic() + self._reconnect_seconds
        while True:
            try:
                self._last = next(self._stream)
                return self._last
            except Unavailable:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            self._stream = self._open_after(self._last, self._seconds_left())

    def close(self) -> None:
        stream: Optional[Stream[T]] = getattr(self, "_stream", None)
        if stream is not None:
            stream.close()

    def _seconds_left(self) -> Optional[float]:
        if self._until is None:
            return None
        left = self._until - time.monotonic()
        if left <= 0:
            raise make_error(grpc.StatusCode.DEADLINE_EXCEEDED, "it did not end in time", method="watch")
        return left
