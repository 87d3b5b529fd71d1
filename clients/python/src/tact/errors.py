"""What a failed call raises: one exception for each gRPC status, with the detail that the service sent."""
from __future__ import annotations

from typing import Optional, Type

import grpc
from google.protobuf.message import DecodeError

from tact.v1.common_pb2 import ErrorDetail

DETAIL_KEY = "tact-error-detail-bin"
PUSHBACK_KEY = "grpc-retry-pushback-ms"


class TactError(Exception):
    """A call that failed.

    Attributes:
      code: the gRPC status.
      method: "Generate", or what was being done.
      message: names the field, what was found, and the cure, in words.
      reason: for programs, stable: "INVALID_FIELD", "PROMPT_TOO_LONG", ...; "" where the service sent none, as
        for every field below.
      field: path of the field or file at fault, e.g. "prompts[3]".
      value: what was found there, shortened.
      fix: what to do about it.
      retry_after: seconds after which the service wants to be asked again; None where it did not say.
    """

    def __init__(self, code: grpc.StatusCode, message: str, *, method: str = "",
                 detail: Optional[ErrorDetail] = None, retry_after: Optional[float] = None) -> None:
        super().__init__("%s%s: %s" % (method + ": " if method else "", code.name, message))
        self.code = code
        self.method = method
        self.message = message
        self.reason = detail.reason if detail else ""
        self.field = detail.field if detail else ""
        self.value = detail.value if detail else ""
        self.fix = detail.fix if detail else ""
        self.retry_after = retry_after


class Cancelled(TactError):
    """The caller gave the call up."""


class InvalidArgument(TactError):
    """The request is wrong; `field` says where, `fix` what to send instead."""


class DeadlineExceeded(TactError):
    """No answer within `timeout` seconds."""


class NotFound(TactError):
    """No such model, job, evaluation or data set."""


class AlreadyExists(TactError):
    """The name or the request_id is taken by something else."""


class PermissionDenied(TactError):
    """The certificate's role does not allow the method, or a path lies outside the service's folders."""


class Unauthenticated(TactError):
    """The service does not know who calls."""


class ResourceExhausted(TactError):
    """A queue is full, or the request is larger than the service takes; nothing was done."""


class FailedPrecondition(TactError):
    """Not in this state, e.g. the result of a job that runs."""


class Aborted(TactError):
    """Somebody else was first, e.g. with a newer weight version."""


class Unimplemented(TactError):
    """The service is older than this client, or the call was compressed."""


class Internal(TactError):
    """A fault of the service."""


class Unavailable(TactError):
    """The service cannot be reached, or is stopping."""


class DataLoss(TactError):
    """What arrived is not what was sent: its SHA-256 differs."""


_CLASSES: dict[grpc.StatusCode, Type[TactError]] = {
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.ABORTED: Aborted,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.INTERNAL: Internal,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DATA_LOSS: DataLoss,
}


def make_error(code: grpc.StatusCode, message: str, *, method: str = "",
               detail: Optional[ErrorDetail] = None, retry_after: Optional[float] = None) -> TactError:
    """The exception of `code`; TactError itself where a code has none of its own."""
    kind = _CLASSES.get(code, TactError)
    return kind(code, message, method=method, detail=detail, retry_after=retry_after)


def from_rpc_error(error: grpc.RpcError, method: str) -> TactError:
    """What gRPC raised, as one of the above."""
    if not isinstance(error, grpc.Call):
        return make_error(grpc.StatusCode.UNKNOWN, str(error), method=method)
    detail: Optional[ErrorDetail] = None
    retry_after: Optional[float] = None
    for key, value in error.trailing_metadata() or ():
        if key == DETAIL_KEY and isinstance(value, bytes):
            detail = _parse(value)
        elif key == PUSHBACK_KEY:
            retry_after = _seconds(value)
    return make_error(error.code(), error.details() or "", method=method, detail=detail,
                      retry_after=retry_after)


def _parse(value: bytes) -> Optional[ErrorDetail]:
    try:
        return ErrorDetail.FromString(value)
    except DecodeError:
        return None


def _seconds(value: "str | bytes") -> Optional[float]:
    # Below 0 means: not again.
    try:
        milliseconds = int(value)
    except ValueError:
        return None
    return milliseconds / 1000 if milliseconds >= 0 else None
