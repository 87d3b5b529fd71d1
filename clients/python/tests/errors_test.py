"""Statuses as exceptions, with what the service said."""
import grpc
import pytest

import tact
from fake_services import Failure, in_turn
from tact.errors import DETAIL_KEY, PUSHBACK_KEY
from tact.messages import ErrorDetail

CODES = {
    grpc.StatusCode.CANCELLED: tact.Cancelled,
    grpc.StatusCode.UNKNOWN: tact.TactError,
    grpc.StatusCode.INVALID_ARGUMENT: tact.InvalidArgument,
    grpc.StatusCode.DEADLINE_EXCEEDED: tact.DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: tact.NotFound,
    grpc.StatusCode.ALREADY_EXISTS: tact.AlreadyExists,
    grpc.StatusCode.PERMISSION_DENIED: tact.PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: tact.ResourceExhausted,
    grpc.StatusCode.FAILED_PRECONDITION: tact.FailedPrecondition,
    grpc.StatusCode.ABORTED: tact.Aborted,
    grpc.StatusCode.OUT_OF_RANGE: tact.TactError,
    grpc.StatusCode.UNIMPLEMENTED: tact.Unimplemented,
    grpc.StatusCode.INTERNAL: tact.Internal,
    grpc.StatusCode.UNAVAILABLE: tact.Unavailable,
    grpc.StatusCode.DATA_LOSS: tact.DataLoss,
    grpc.StatusCode.UNAUTHENTICATED: tact.Unauthenticated,
}


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_each_status_has_its_exception(server, client, code):
    server.handlers["UnloadAdapter"] = in_turn(Failure(code, "no luck"))
    with pytest.raises(tact.TactError) as raised:
        client.policy.unload_adapter("polite")
    assert type(raised.value) is CODES[code]
    assert raised.value.code == code
    assert str(raised.value) == "UnloadAdapter: %s: no luck" % code.name


def test_the_detail_of_the_service_is_there_by_field(server, client):
    detail = ErrorDetail(reason="PROMPT_TOO_LONG", field="prompts[3]", value="600 tokens", fix="send up to 512")
    server.handlers["Generate"] = in_turn(Failure(
        grpc.StatusCode.INVALID_ARGUMENT, "prompts[3]: is too long",
        [(DETAIL_KEY, detail.SerializeToString()), (PUSHBACK_KEY, "250")]))
    with pytest.raises(tact.InvalidArgument) as raised:
        client.policy.generate("Hello.")
    error = raised.value
    assert (error.reason, error.field, error.value, error.fix) == (
        "PROMPT_TOO_LONG", "prompts[3]", "600 tokens", "send up to 512")
    assert error.message == "prompts[3]: is too long"
    assert error.retry_after == 0.25


@pytest.mark.parametrize("trailers", [[], [(DETAIL_KEY, b"\xff\xff")], [(PUSHBACK_KEY, "soon")],
                                      [(PUSHBACK_KEY, "-1")]],
                         ids=["none", "damaged", "no number", "not again"])
def test_without_a_detail_its_fields_are_empty(server, client, trailers):
    server.handlers["Generate"] = in_turn(Failure(grpc.StatusCode.NOT_FOUND, "no such model", trailers))
    with pytest.raises(tact.NotFound) as raised:
        client.policy.generate("Hello.")
    error = raised.value
    assert (error.reason, error.field, error.value, error.fix, error.retry_after) == ("", "", "", "", None)


def test_a_service_that_is_not_there_is_unavailable():
    with tact.Client(policy="127.0.0.1:1", timeout=20) as client:
        with pytest.raises(tact.Unavailable):
            client.policy.generate("Hello.")
        with pytest.raises(tact.Unavailable, match="no replica is ready after 0.1 s"):
            client.policy.wait_until_ready(0.1)
