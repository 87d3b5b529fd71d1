"""Services in this process that answer as a test tells them, and note what they were asked."""
import collections
import concurrent.futures
import threading

import grpc

from tact.v1 import evaluation_pb2_grpc, policy_pb2_grpc, reward_pb2_grpc, trainer_pb2_grpc

SERVICERS = {
    "tact.v1.PolicyService": (policy_pb2_grpc.PolicyServiceServicer,
                              policy_pb2_grpc.add_PolicyServiceServicer_to_server),
    "tact.v1.RewardService": (reward_pb2_grpc.RewardServiceServicer,
                              reward_pb2_grpc.add_RewardServiceServicer_to_server),
    "tact.v1.TrainerService": (trainer_pb2_grpc.TrainerServiceServicer,
                               trainer_pb2_grpc.add_TrainerServiceServicer_to_server),
    "tact.v1.EvaluationService": (evaluation_pb2_grpc.EvaluationServiceServicer,
                                  evaluation_pb2_grpc.add_EvaluationServiceServicer_to_server),
}


class Failure(Exception):
    """What a handler raises to end its call with this status and trailing metadata."""

    def __init__(self, code, message="told to fail", metadata=()):
        super().__init__(message)
        self.code, self.message, self.metadata = code, message, metadata


class FakeServer:
    """All four services on one port. `handlers["Generate"] = function(request, context)`; a stream's handler
    yields. Every call is noted in `calls["Generate"]`, by its first request."""

    def __init__(self, serving=True):
        self.handlers, self.calls = {}, collections.defaultdict(list)
        self._serving, self._watchers = serving, []
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(16))
        for base, add in SERVICERS.values():
            add(self._servicer(base), self._server)
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch_health)})])
        self.address = "127.0.0.1:%d" % self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self):
        for gone in self._watchers:
            gone.set()
        self._server.stop(0).wait()

    def _watch_health(self, _, context):
        gone = threading.Event()
        self._watchers.append(gone)
        context.add_callback(gone.set)
        # HealthCheckResponse.status: 1 is SERVING, 2 NOT_SERVING.
        yield b"\x08\x01" if self._serving else b"\x08\x02"
        gone.wait()

    def _servicer(self, base):
        members = {name: self._method(name) for name in dir(base) if not name.startswith("_")}
        return type("Fake", (base,), members)()

    def _method(self, name):
        def run(_, request, context):
            answer = self.handlers[name](self._note(name, request), context)
            return self._stream(answer, context) if hasattr(answer, "__next__") else answer

        def guarded(servicer, request, context):
            try:
                return run(servicer, request, context)
            except Failure as failure:
                fail(context, failure)
        return guarded

    def _note(self, name, request):
        if hasattr(request, "__next__"):
            request = list(request)
        self.calls[name].append(request)
        return request

    @staticmethod
    def _stream(answer, context):
        try:
            yield from answer
        except Failure as failure:
            fail(context, failure)


def fail(context, failure):
    context.set_trailing_metadata(failure.metadata)
    context.abort(failure.code, failure.message)


def in_turn(*answers):
    """A handler whose n-th call gives the n-th answer, and the last one ever after; exceptions are raised."""
    left = list(answers)

    def handler(request, context):
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request, context) if callable(answer) else answer
    return handler
