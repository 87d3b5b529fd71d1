"""Streams, deadlines and cancels."""
import gc
import threading

import grpc
import pytest

import tact
from fake_services import Failure, in_turn
from tact.messages import (Completion, Evaluation, Job, Rollout, SamplingParams, StreamGenerateResponse,
                           WatchJobResponse)
from tact.v1.evaluation_pb2 import EVALUATION_STATE_RUNNING, EVALUATION_STATE_SUCCEEDED, WatchEvaluationResponse
from tact.v1.policy_pb2 import StreamRolloutsResponse


def endless(gone):
    """Pieces without end, until the caller has gone."""
    def handler(_, context):
        context.add_callback(gone.set)
        while not gone.is_set():
            yield StreamGenerateResponse(text="x")
            gone.wait(0.005)
    return handler


def leave_by_close(stream):
    next(stream)
    stream.close()


def leave_by_with(stream):
    with stream:
        next(stream)


def leave_by_exception(stream):
    try:
        with stream:
            next(stream)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass


def leave_by_break(stream):
    for _ in stream:
        break
    del stream
    gc.collect()


@pytest.mark.parametrize("leave", [leave_by_close, leave_by_with, leave_by_exception, leave_by_break])
@pytest.mark.parametrize("method", ["stream_generate", "stream_responses"])
def test_whoever_leaves_a_stream_cancels_the_call(server, client, leave, method):
    gone = threading.Event()
    server.handlers["StreamGenerate"] = endless(gone)
    leave(getattr(client.policy, method)("Hello."))
    assert gone.wait(20)


def test_after_a_close_the_stream_is_cancelled(server, client):
    server.handlers["StreamGenerate"] = endless(threading.Event())
    stream = client.policy.stream_generate("Hello.")
    stream.close()
    stream.close()
    with pytest.raises(tact.Cancelled):
        for _ in stream:
            pass


def test_pieces_and_then_the_completion(server, client):
    server.handlers["StreamGenerate"] = lambda *_: iter([
        StreamGenerateResponse(text="Ann ", weight_version=7), StreamGenerateResponse(weight_version=7),
        StreamGenerateResponse(text="agrees.", weight_version=7,
                               completion=Completion(text="Ann agrees.", response_tokens=3))])
    stream = client.policy.stream_generate("Hello.", model="detox", truncate_prompts=True)
    assert stream.completion is None and stream.weight_version == 0
    assert list(stream) == ["Ann ", "agrees."]
    assert stream.completion.text == "Ann agrees." and stream.weight_version == 7
    request = server.calls["StreamGenerate"][0].generate
    assert (request.model, list(request.prompts), request.truncate_prompts) == ("detox", ["Hello."], True)


def test_a_text_stream_holds_one_response(client):
    with pytest.raises(ValueError, match="sampling.num_samples: .* found 2; use stream_responses"):
        client.policy.stream_generate("Hello.", sampling=SamplingParams(do_sample=True, num_samples=2))


def test_rollouts_keep_the_position_of_their_prompt(server, client):
    server.handlers["StreamRollouts"] = lambda *_: iter([
        StreamRolloutsResponse(rollout=Rollout(prompt_id=i)) for i in (1, 0)])
    rollouts = list(client.policy.rollouts([[3, 1], [4, 1]], min_weight_version=2))
    assert [rollout.prompt_id for rollout in rollouts] == [1, 0]
    request = server.calls["StreamRollouts"][0]
    assert [(p.id, list(p.token_ids)) for p in request.prompts] == [(0, [3, 1]), (1, [4, 1])]
    assert request.min_weight_version == 2


@pytest.mark.parametrize("name, call", [
    ("Generate", lambda client: client.policy.generate("Hello.", timeout=0.2)),
    ("StreamGenerate", lambda client: list(client.policy.stream_generate("Hello.", timeout=0.2))),
    ("Score", lambda client: client.reward.score("Hello.", timeout=0.2)),
])
def test_a_deadline_reaches_the_service_and_ends_the_call(server, client, name, call):
    given, ended = [], threading.Event()

    def wait(_, context):
        given.append(context.time_remaining())
        context.add_callback(ended.set)
        ended.wait(20)
        return iter(()) if name == "StreamGenerate" else None
    server.handlers[name] = wait
    with pytest.raises(tact.DeadlineExceeded):
        call(client)
    assert 0 < given[0] < 0.3 and ended.wait(20)


def test_the_clients_own_timeout_is_the_default(server):
    given = []

    def answer(_, context):
        given.append(context.time_remaining())
        raise Failure(grpc.StatusCode.ABORTED)
    server.handlers["GetJob"] = server.handlers["WatchJob"] = answer
    with tact.Client(trainer=server.address, timeout=30) as client:
        for call in (lambda: client.trainer.get_job("a"), lambda: client.trainer.get_job("a", timeout=5),
                     lambda: next(client.trainer.watch_job("a"))):
            with pytest.raises(tact.Aborted):
                call()
    # gRPC rounds up in the header.
    assert 25 < given[0] < 31 and 0 < given[1] < 6
    assert given[2] is None or given[2] > 1e6  # a watch has none


def events(*sequences, then=None):
    def handler(request, _):
        for sequence in sequences:
            if sequence > request.after_sequence:
                yield WatchJobResponse(sequence=sequence, job=Job(id=request.id))
        if then:
            raise then
    return handler


def test_a_watch_goes_on_where_it_was_cut(server, client):
    cut = Failure(grpc.StatusCode.UNAVAILABLE, "the trainer stops; watch again from here")
    server.handlers["WatchJob"] = in_turn(events(1, 2, then=cut), events(1, 2, 3, then=cut), events(3, 4))
    assert [event.sequence for event in client.trainer.watch_job("a")] == [1, 2, 3, 4]
    assert [request.after_sequence for request in server.calls["WatchJob"]] == [0, 2, 3]


def test_a_watch_gives_up_in_the_end(server):
    server.handlers["WatchJob"] = in_turn(Failure(grpc.StatusCode.UNAVAILABLE))
    with tact.Client(trainer=server.address, retries=False) as client, pytest.raises(tact.Unavailable):
        next(client.trainer.watch_job("a", reconnect_seconds=2))
    assert len(server.calls["WatchJob"]) > 1


def test_a_watchs_deadline_holds_over_all_its_calls(server):
    server.handlers["WatchJob"] = in_turn(Failure(grpc.StatusCode.UNAVAILABLE))
    with tact.Client(trainer=server.address, retries=False) as client, pytest.raises(tact.DeadlineExceeded):
        next(client.trainer.watch_job("a", reconnect_seconds=600, timeout=1))


def test_a_watch_tells_other_failures(server, client):
    server.handlers["WatchJob"] = in_turn(events(1, then=Failure(grpc.StatusCode.NOT_FOUND, "no such job")))
    watch = client.trainer.watch_job("a")
    assert next(watch).sequence == 1
    with pytest.raises(tact.NotFound, match="no such job"):
        next(watch)


def test_an_evaluation_is_watched_over_a_restart(server, client):
    def state(state, then=None):
        def handler(*_):
            yield WatchEvaluationResponse(evaluation=Evaluation(state=state))
            if then:
                raise then
        return handler
    server.handlers["WatchEvaluation"] = in_turn(
        state(EVALUATION_STATE_RUNNING, Failure(grpc.StatusCode.UNAVAILABLE)), state(EVALUATION_STATE_SUCCEEDED))
    assert client.evaluation.wait_for_evaluation("a").state == EVALUATION_STATE_SUCCEEDED
