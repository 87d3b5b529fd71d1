"""The evaluation service: ROUGE, toxicity, before and after, reports."""
from __future__ import annotations

import pathlib
import uuid
from typing import Iterable, Iterator, Optional, Sequence

import grpc

from tact.errors import make_error
from tact.files import Path, write_whole
from tact.service import Service
from tact.streams import Mapped, Stream, Watch
from tact.v1 import evaluation_pb2 as pb
from tact.v1.evaluation_pb2_grpc import EvaluationServiceStub

_FORMATS = {".html": pb.REPORT_FORMAT_HTML, ".json": pb.REPORT_FORMAT_JSON, ".csv": pb.REPORT_FORMAT_CSV}


class Evaluations(Service):
    """tact-evaluation."""

    NAME = "tact.v1.EvaluationService"
    _STUB = EvaluationServiceStub

    def run_evaluation(self, spec: pb.EvaluationSpec, *, request_id: Optional[str] = None,
                       timeout: Optional[float] = None) -> pb.Evaluation:
        """Starts to answer and score the spec's 1 to 10000 examples, and returns at once. The same request_id
        returns the evaluation that it made; None draws one."""
        request = pb.RunEvaluationRequest(request_id=request_id or str(uuid.uuid4()), spec=spec)
        return self._call("RunEvaluation", request, pb.RunEvaluationResponse, timeout).evaluation

    def get_evaluation(self, evaluation_id: str, *, include_examples: bool = False,
                       timeout: Optional[float] = None) -> pb.Evaluation:
        request = pb.GetEvaluationRequest(id=evaluation_id, include_examples=include_examples)
        return self._call("GetEvaluation", request, pb.GetEvaluationResponse, timeout).evaluation

    def watch_evaluation(self, evaluation_id: str, *, reconnect_seconds: float = 60,
                         timeout: Optional[float] = None) -> Stream[pb.Evaluation]:
        """As it is now and after every change, until it has ended; over restarts of the service too."""
        request = pb.WatchEvaluationRequest(id=evaluation_id)

        def open_after(_: Optional[pb.Evaluation], seconds: Optional[float]) -> Stream[pb.Evaluation]:
            stream = self._stream("WatchEvaluation", request, pb.WatchEvaluationResponse, seconds)
            return Mapped(stream, lambda message: message.evaluation)
        return Watch(open_after, reconnect_seconds, timeout)

    def wait_for_evaluation(self, evaluation_id: str, *, timeout: Optional[float] = None) -> pb.Evaluation:
        """The evaluation once it has succeeded; FailedPrecondition with its error where it has not.
        DeadlineExceeded after `timeout` seconds, while it goes on."""
        last = pb.Evaluation()
        with self.watch_evaluation(evaluation_id, timeout=timeout) as changes:
            for last in changes:
                pass
        if last.state != pb.EVALUATION_STATE_SUCCEEDED:
            raise make_error(grpc.StatusCode.FAILED_PRECONDITION,
                             "evaluation %s failed: %s" % (evaluation_id, last.error),
                             method="wait_for_evaluation")
        return last

    def list_evaluations(self, *, page_size: int = 100,
                         timeout: Optional[float] = None) -> Iterator[pb.Evaluation]:
        """All, newest first; pages are fetched as they are needed."""
        token = ""
        while True:
            request = pb.ListEvaluationsRequest(page_size=page_size, page_token=token)
            page = self._call("ListEvaluations", request, pb.ListEvaluationsResponse, timeout)
            yield from page.evaluations
            token = page.next_page_token
            if not token:
                return

    def compare(self, before_id: str, after_id: str, *, timeout: Optional[float] = None) -> pb.CompareResponse:
        """Two evaluations of the same examples; rows by reward difference, largest first. Changes are after -
        before: toxicity_change below 0 is less toxic."""
        request = pb.CompareRequest(before_id=before_id, after_id=after_id)
        return self._call("Compare", request, pb.CompareResponse, timeout)

    def get_report(self, before_id: str, after_id: str, path: Path, *, other_ids: Sequence[str] = (),
                   curves: Iterable[pb.ReportCurve] = (), timeout: Optional[float] = None) -> pathlib.Path:
        """Writes the comparison to a .html, .json or .csv file.

        other_ids: further evaluations for the first table. curves: training curves, one value for each step.
        """
        suffix = pathlib.Path(path).suffix
        if suffix not in _FORMATS:
            raise ValueError("path: expected .html, .json or .csv, found %s" % path)
        request = pb.GetReportRequest(before_id=before_id, after_id=after_id, format=_FORMATS[suffix],
                                      other_ids=other_ids, curves=list(curves))
        stream = self._stream("GetReport", request, pb.GetReportResponse, self._seconds(timeout))
        with Mapped[bytes](stream, lambda message: message.chunk) as chunks:
            return write_whole(path, chunks)

    def compute_rouge(self, predictions: Sequence[str], references: Sequence[str], *,
                      use_stemmer: bool = True, timeout: Optional[float] = None) -> pb.ComputeRougeResponse:
        """F-measures, 0 to 1, of 1 to 10000 pairs, and their means."""
        request = pb.ComputeRougeRequest(predictions=predictions, references=references,
                                         use_stemmer=use_stemmer)
        return self._call("ComputeRouge", request, pb.ComputeRougeResponse, timeout)

    def compute_toxicity(self, texts: Sequence[str], *, toxic_label: str = "",
                         timeout: Optional[float] = None) -> pb.ComputeToxicityResponse:
        """Probability of the toxic label, 0 to 1, of 1 to 10000 texts, with mean, deviation and maximum."""
        request = pb.ComputeToxicityRequest(texts=texts, toxic_label=toxic_label)
        return self._call("ComputeToxicity", request, pb.ComputeToxicityResponse, timeout)
