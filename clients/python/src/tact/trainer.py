"""The training service: data sets in, durable jobs, models out."""
from __future__ import annotations

import os
import pathlib
import uuid
from typing import Iterator, Optional, Sequence

import grpc

from tact.errors import make_error
from tact.files import FolderWriter, Path, chunks_of, sha256_of
from tact.service import Service
from tact.streams import Stream, Watch
from tact.v1 import trainer_pb2 as pb
from tact.v1.trainer_pb2_grpc import TrainerServiceStub


class Trainer(Service):
    """tact-trainer."""

    NAME = "tact.v1.TrainerService"
    _STUB = TrainerServiceStub

    def upload_dataset(self, path: Path, kind: "pb.DatasetKind" = pb.DATASET_KIND_DIALOGUES, *,
                       timeout: Optional[float] = None) -> pb.UploadDatasetResponse:
        """Stores a .jsonl or .csv file; the same content gives the same dataset_id. InvalidArgument names the
        line and the column at fault."""
        header = pb.UploadHeader(filename=pathlib.Path(path).name, kind=kind, sha256=sha256_of(path),
                                 total_bytes=os.path.getsize(path))
        return self._send("UploadDataset", _upload(header, path), pb.UploadDatasetResponse, timeout)

    def list_datasets(self, *, timeout: Optional[float] = None) -> Sequence[pb.Dataset]:
        """By id."""
        return self._call("ListDatasets", pb.ListDatasetsRequest(), pb.ListDatasetsResponse, timeout).datasets

    def create_job(self, spec: pb.JobSpec, *, request_id: Optional[str] = None,
                   timeout: Optional[float] = None) -> pb.Job:
        """A job that is durable when this returns. The same request_id with the same spec returns the job that
        it made, with another spec AlreadyExists; None draws one, so that a retry makes no second job."""
        request = pb.CreateJobRequest(request_id=request_id or str(uuid.uuid4()), spec=spec)
        return self._call("CreateJob", request, pb.CreateJobResponse, timeout).job

    def plan_job(self, spec: pb.JobSpec, *, timeout: Optional[float] = None) -> pb.PlanJobResponse:
        """What create_job would make of it: every setting, parameters, memory in bytes, time in seconds."""
        return self._call("PlanJob", pb.PlanJobRequest(spec=spec), pb.PlanJobResponse, timeout)

    def get_job(self, job_id: str, *, timeout: Optional[float] = None) -> pb.Job:
        return self._call("GetJob", pb.GetJobRequest(id=job_id), pb.GetJobResponse, timeout).job

    def list_jobs(self, *, states: Sequence["pb.JobState"] = (), kinds: Sequence["pb.JobKind"] = (),
                  name_contains: str = "", page_size: int = 100,
                  timeout: Optional[float] = None) -> Iterator[pb.Job]:
        """All jobs for which every filter holds, newest first; pages are fetched as they are needed."""
        token = ""
        while True:
            request = pb.ListJobsRequest(page_size=page_size, page_token=token, states=states, kinds=kinds,
                                         name_contains=name_contains)
            page = self._call("ListJobs", request, pb.ListJobsResponse, timeout)
            yield from page.jobs
            token = page.next_page_token
            if not token:
                return

    def watch_job(self, job_id: str, *, after_sequence: int = 0, reconnect_seconds: float = 60,
                  timeout: Optional[float] = None) -> Stream[pb.WatchJobResponse]:
        """The job's events above a sequence number, then as they happen, until the job has ended; each once,
        over restarts of the trainer too. A paused job has not ended."""
        def open_after(last: Optional[pb.WatchJobResponse],
                       seconds: Optional[float]) -> Stream[pb.WatchJobResponse]:
            sequence = after_sequence if last is None else last.sequence
            return self._stream("WatchJob", pb.WatchJobRequest(id=job_id, after_sequence=sequence),
                                pb.WatchJobResponse, seconds)
        return Watch(open_after, reconnect_seconds, timeout)

    def wait_for_job(self, job_id: str, *, timeout: Optional[float] = None) -> pb.Job:
        """The job once it has succeeded. FailedPrecondition with the job's own words where it failed, was
        cancelled or is paused; DeadlineExceeded after `timeout` seconds, while the job goes on."""
        with self.watch_job(job_id, timeout=timeout) as events:
            for event in events:
                if event.job.state == pb.JOB_STATE_PAUSED:
                    break
        job = self.get_job(job_id)
        if job.state != pb.JOB_STATE_SUCCEEDED:
            state = pb.JobState.Name(job.state)[len("JOB_STATE_"):].lower()
            raise make_error(grpc.StatusCode.FAILED_PRECONDITION,
                             "job %s is %s: %s" % (job_id, state, job.message), method="wait_for_job")
        return job

    def cancel_job(self, job_id: str, *, timeout: Optional[float] = None) -> pb.Job:
        """Ends it within one optimiser step; its last checkpoint stays."""
        return self._call("CancelJob", pb.CancelJobRequest(id=job_id), pb.CancelJobResponse, timeout).job

    def pause_job(self, job_id: str, *, timeout: Optional[float] = None) -> pb.Job:
        """Sets it aside within one optimiser step, with a checkpoint, until resume_job."""
        return self._call("PauseJob", pb.PauseJobRequest(id=job_id), pb.PauseJobResponse, timeout).job

    def resume_job(self, job_id: str, *, timeout: Optional[float] = None) -> pb.Job:
        """Queues a paused job again, in its old place."""
        return self._call("ResumeJob", pb.ResumeJobRequest(id=job_id), pb.ResumeJobResponse, timeout).job

    def list_checkpoints(self, job_id: str, *, timeout: Optional[float] = None) -> Sequence[pb.Checkpoint]:
        """Newest first, each checked against its manifest."""
        return self._call("ListCheckpoints", pb.ListCheckpointsRequest(id=job_id), pb.ListCheckpointsResponse,
                          timeout).checkpoints

    def export_model(self, job_id: str, folder: Path, *, merge_adapter: bool = False,
                     timeout: Optional[float] = None) -> pathlib.Path:
        """Writes a job's result into a new folder: a Hugging Face folder, or a PEFT adapter's, which
        merge_adapter makes whole. Every file is checked; the folder is there whole or not at all."""
        request = pb.ExportModelRequest(id=job_id, merge_adapter=merge_adapter)
        writer = FolderWriter(folder)
        try:
            with self._stream("ExportModel", request, pb.ExportModelResponse, self._seconds(timeout)) as parts:
                for part in parts:
                    if part.HasField("file"):
                        writer.begin(part.file)
                    else:
                        writer.append(part.chunk)
            return writer.finish()
        finally:
            writer.discard()


def _upload(header: pb.UploadHeader, path: Path) -> Iterator[pb.UploadDatasetRequest]:
    yield pb.UploadDatasetRequest(header=header)
    for chunk in chunks_of(path):
        yield pb.UploadDatasetRequest(chunk=chunk)
