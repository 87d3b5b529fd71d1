"""What is asked again, and what is not."""
import time

import grpc
import pytest

import tact
from fake_services import Failure, in_turn
from tact.errors import PUSHBACK_KEY
from tact.messages import Completion, GenerateResponse, Job, JobSpec, ServedModel, StreamGenerateResponse
from tact.service_config import RETRIED
from tact.v1 import evaluation_pb2, policy_pb2, reward_pb2, trainer_pb2

AWAY = Failure(grpc.StatusCode.UNAVAILABLE, "stopping")
BUSY = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "the queue is full")
ANSWER = GenerateResponse(completions=[Completion(text="Yes.")])


@pytest.mark.parametrize("failures", [[AWAY], [BUSY], [AWAY, BUSY, AWAY, BUSY]],
                         ids=["away", "busy", "four in a row"])
def test_an_idempotent_call_is_made_again(server, client, failures):
    server.handlers["Generate"] = in_turn(*failures, ANSWER)
    assert client.policy.generate("Hello.").completions[0].text == "Yes."
    assert len(server.calls["Generate"]) == len(failures) + 1


def test_the_fifth_failure_is_told(server, client):
    server.handlers["Generate"] = in_turn(BUSY)
    with pytest.raises(tact.ResourceExhausted, match="the queue is full"):
        client.policy.generate("Hello.")
    assert len(server.calls["Generate"]) == 5


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL,
                                  grpc.StatusCode.ABORTED, grpc.StatusCode.DATA_LOSS], ids=lambda code: code.name)
def test_other_failures_are_told_at_once(server, client, code):
    server.handlers["Generate"] = in_turn(Failure(code), ANSWER)
    with pytest.raises(tact.TactError):
        client.policy.generate("Hello.")
    assert len(server.calls["Generate"]) == 1


def test_what_is_not_idempotent_is_not_made_again(server, client):
    server.handlers["UnloadAdapter"] = in_turn(AWAY, policy_pb2.UnloadAdapterResponse(model=ServedModel()))
    with pytest.raises(tact.Unavailable):
        client.policy.unload_adapter("polite")
    assert len(server.calls["UnloadAdapter"]) == 1


def test_a_full_disk_is_not_asked_again(server, client):
    server.handlers["CreateJob"] = in_turn(BUSY)
    with pytest.raises(tact.ResourceExhausted):
        client.trainer.create_job(JobSpec())
    assert len(server.calls["CreateJob"]) == 1


def test_a_job_is_created_again_under_the_same_id(server, client):
    server.handlers["CreateJob"] = in_turn(AWAY, AWAY, trainer_pb2.CreateJobResponse(job=Job(id="a")))
    assert client.trainer.create_job(JobSpec(name="x")).id == "a"
    ids = {request.request_id for request in server.calls["CreateJob"]}
    assert len(server.calls["CreateJob"]) == 3 and len(ids) == 1 and ids != {""}
    client.trainer.create_job(JobSpec(name="x"))
    assert server.calls["CreateJob"][-1].request_id not in ids


def test_a_stream_is_made_again_before_its_first_answer_only(server, client):
    def cut(_, __):
        yield StreamGenerateResponse(text="Y")
        raise AWAY
    server.handlers["StreamGenerate"] = in_turn(AWAY, cut)
    stream = client.policy.stream_generate("Hello.")
    assert next(stream) == "Y"
    with pytest.raises(tact.Unavailable):
        next(stream)
    assert len(server.calls["StreamGenerate"]) == 2


def test_the_service_says_when(server, client):
    server.handlers["Generate"] = in_turn(
        Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", [(PUSHBACK_KEY, "700")]), ANSWER)
    began = time.monotonic()
    client.policy.generate("Hello.")
    # Without the hint it would be 0.1 s at most; never earlier than it was told.
    assert time.monotonic() - began >= 0.7
    server.handlers["Generate"] = in_turn(
        Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", [(PUSHBACK_KEY, "-1")]), ANSWER)
    with pytest.raises(tact.ResourceExhausted):
        client.policy.generate("Hello.")


def test_retries_can_be_turned_off(server):
    server.handlers["Generate"] = in_turn(AWAY, ANSWER)
    with tact.Client(policy=server.address, retries=False) as client, pytest.raises(tact.Unavailable):
        client.policy.generate("Hello.")
    assert len(server.calls["Generate"]) == 1


def test_every_method_was_thought_of():
    not_retried = {"PushWeights", "UnloadAdapter"}
    for module in (policy_pb2, reward_pb2, trainer_pb2, evaluation_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            methods = {method.name for method in service.methods}
            assert set(RETRIED[service.full_name]) == methods - not_retried
