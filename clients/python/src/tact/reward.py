"""The reward service: what a classifier says of texts."""
from __future__ import annotations

from typing import Optional, Sequence, Tuple, Union

from tact.service import Service
from tact.v1 import reward_pb2 as pb
from tact.v1.reward_pb2_grpc import RewardServiceStub

Text = Union[str, Tuple[str, str], pb.ScoreItem]


class Reward(Service):
    """tact-reward."""

    NAME = "tact.v1.RewardService"
    _STUB = RewardServiceStub

    def score(self, texts: Union[str, Sequence[Text]], *, truncate: bool = False,
              timeout: Optional[float] = None) -> pb.ScoreResponse:
        """Logits, probabilities (0 to 1) and label for one text or 1 to 4096, in their order.

        A pair (prompt, text) is scored as the classifier's tokenizer joins pairs. Items fail one by one: a
        result whose error_code is not 0 has no numbers, and error_message says why.
        truncate cuts what is longer than the classifier takes, instead of failing the item.
        """
        items = [_item(text) for text in ([texts] if isinstance(texts, str) else texts)]
        return self._call("Score", pb.ScoreRequest(items=items, truncate=truncate), pb.ScoreResponse, timeout)

    def get_model(self, *, timeout: Optional[float] = None) -> pb.GetRewardModelResponse:
        """Architecture, labels in the order of the logits, limit in tokens."""
        return self._call("GetRewardModel", pb.GetRewardModelRequest(), pb.GetRewardModelResponse, timeout)


def probability(response: pb.ScoreResponse, label: str) -> Sequence[float]:
    """The probability of `label` for each text. Raises ValueError for a label that the classifier has not, and
    for an item that failed: a failed score is no number."""
    if label not in response.labels:
        raise ValueError("label: the classifier has %s, found %s" % (", ".join(response.labels), label))
    position = list(response.labels).index(label)
    for i, result in enumerate(response.results):
        if result.error_code:
            raise ValueError("results[%d]: %s" % (i, result.error_message))
    return [result.probabilities[position] for result in response.results]


def _item(text: Text) -> pb.ScoreItem:
    if isinstance(text, pb.ScoreItem):
        return text
    if isinstance(text, str):
        return pb.ScoreItem(text=text)
    return pb.ScoreItem(prompt=text[0], text=text[1])
