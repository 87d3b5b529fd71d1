"""The generation service: text, rollouts, logprobs and adapters."""
from __future__ import annotations

from typing import Optional, Sequence, Union

from tact.service import Service
from tact.streams import Mapped, Stream, TextStream
from tact.v1 import policy_pb2 as pb
from tact.v1.common_pb2 import SamplingParams, ServedModel
from tact.v1.policy_pb2_grpc import PolicyServiceStub


class Policy(Service):
    """tact-policy. `model` is a served name everywhere; "" is "base"."""

    NAME = "tact.v1.PolicyService"
    _STUB = PolicyServiceStub

    def generate(self, prompts: Union[str, Sequence[str]], *, model: str = "",
                 sampling: Optional[SamplingParams] = None, truncate_prompts: bool = False,
                 return_tokens: bool = False, timeout: Optional[float] = None) -> pb.GenerateResponse:
        """Responses for one prompt or 1 to 1024; completions come ordered by prompt, then by sample.

        truncate_prompts cuts what is longer than the model takes, instead of raising InvalidArgument.
        return_tokens adds token ids and their logprobs (natural log).
        """
        request = _generate(prompts, model, sampling, truncate_prompts, return_tokens)
        return self._call("Generate", request, pb.GenerateResponse, timeout)

    def stream_generate(self, prompt: str, *, model: str = "", sampling: Optional[SamplingParams] = None,
                        truncate_prompts: bool = False, timeout: Optional[float] = None) -> TextStream:
        """One response in pieces, as it is made; not with beam search. Its `completion` is there at the end."""
        if sampling is not None and sampling.num_samples > 1:
            raise ValueError("sampling.num_samples: a TextStream holds one response, found %d; use "
                             "stream_responses" % sampling.num_samples)
        return TextStream(self.stream_responses(prompt, model=model, sampling=sampling,
                                                truncate_prompts=truncate_prompts, timeout=timeout))

    def stream_responses(self, prompts: Union[str, Sequence[str]], *, model: str = "",
                         sampling: Optional[SamplingParams] = None, truncate_prompts: bool = False,
                         return_tokens: bool = False,
                         timeout: Optional[float] = None) -> Stream[pb.StreamGenerateResponse]:
        """generate as it is made, of all prompts at once; pieces of different responses alternate, and the
        last one of each holds the whole completion."""
        request = pb.StreamGenerateRequest(
            generate=_generate(prompts, model, sampling, truncate_prompts, return_tokens))
        return self._stream("StreamGenerate", request, pb.StreamGenerateResponse, self._seconds(timeout))

    def rollouts(self, prompts: Sequence[Sequence[int]], *, model: str = "",
                 sampling: Optional[SamplingParams] = None, min_weight_version: int = 0,
                 timeout: Optional[float] = None) -> Stream[pb.Rollout]:
        """Sampled responses with behaviour logprobs, each as soon as it has finished, in any order.

        prompts: 1 to 1024 lists of token ids, each with its end token. Rollout.prompt_id is the position here.
        min_weight_version: FailedPrecondition from a replica that serves an older one; 0 takes any.
        """
        request = pb.StreamRolloutsRequest(
            model=model, sampling=sampling, min_weight_version=min_weight_version,
            prompts=[pb.RolloutPrompt(id=i, token_ids=ids) for i, ids in enumerate(prompts)])
        stream = self._stream("StreamRollouts", request, pb.StreamRolloutsResponse, self._seconds(timeout))
        return Mapped(stream, lambda message: message.rollout)

    def score_logprobs(self, items: Sequence[pb.LogprobItem], *, model: str = "",
                       timeout: Optional[float] = None) -> pb.ScoreLogprobsResponse:
        """Natural log of the probability of each token of 1 to 1024 given responses, in their order."""
        request = pb.ScoreLogprobsRequest(model=model, items=items)
        return self._call("ScoreLogprobs", request, pb.ScoreLogprobsResponse, timeout)

    def load_adapter(self, adapter: str, path: str, *, parent: str = "",
                     timeout: Optional[float] = None) -> ServedModel:
        """Serves the PEFT adapter in the folder `path`, relative to the server's --adapter-dir, under the name
        `adapter`, on top of the served full model `parent`. The same files again change nothing."""
        request = pb.LoadAdapterRequest(adapter=adapter, path=path, parent=parent)
        return self._call("LoadAdapter", request, pb.LoadAdapterResponse, timeout).model

    def unload_adapter(self, adapter: str, *, timeout: Optional[float] = None) -> ServedModel:
        """Serves it no longer, and says what it was. Requests in flight end on it."""
        request = pb.UnloadAdapterRequest(adapter=adapter)
        return self._call("UnloadAdapter", request, pb.UnloadAdapterResponse, timeout).model

    def list_adapters(self, *, timeout: Optional[float] = None) -> Sequence[ServedModel]:
        """Adapters that are served, by name."""
        return self._call("ListAdapters", pb.ListAdaptersRequest(), pb.ListAdaptersResponse, timeout).models

    def get_model(self, model: str = "", *, timeout: Optional[float] = None) -> pb.GetModelResponse:
        """Architecture, limits in tokens, and what is served; all names where `model` is empty."""
        return self._call("GetModel", pb.GetModelRequest(model=model), pb.GetModelResponse, timeout)


def _generate(prompts: Union[str, Sequence[str]], model: str, sampling: Optional[SamplingParams],
              truncate_prompts: bool, return_tokens: bool) -> pb.GenerateRequest:
    return pb.GenerateRequest(model=model, prompts=[prompts] if isinstance(prompts, str) else prompts,
                              sampling=sampling, truncate_prompts=truncate_prompts,
                              return_tokens=return_tokens)
