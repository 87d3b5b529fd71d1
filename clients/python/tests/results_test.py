"""Data sets in, jobs, models, evaluations and reports out."""
import hashlib
import json

import grpc
import pytest

import tact
from fake_services import Failure, in_turn
from tact.messages import (DATASET_KIND_PAIRS, REPORT_FORMAT_CSV, REPORT_FORMAT_HTML, REPORT_FORMAT_JSON,
                           Completion, GenerateResponse, Job, ScoreItem, ScoreResponse, ScoreResult,
                           UploadDatasetResponse, WatchJobResponse)
from tact.reward import probability
from tact.v1 import evaluation_pb2, trainer_pb2

MIB = 1 << 20


def test_one_prompt_or_several(server, client):
    server.handlers["Generate"] = lambda request, _: GenerateResponse(
        completions=[Completion(text=prompt.upper()) for prompt in request.prompts])
    assert [c.text for c in client.policy.generate("a").completions] == ["A"]
    assert [c.text for c in client.policy.generate(["a", "b"]).completions] == ["A", "B"]


def test_texts_pairs_and_items_are_scored(server, client):
    server.handlers["Score"] = in_turn(ScoreResponse())
    client.reward.score("a")
    client.reward.score(["a", ("prompt", "b"), ScoreItem(text="c")], truncate=True)
    first, second = server.calls["Score"]
    assert list(first.items) == [ScoreItem(text="a")] and not first.truncate
    assert list(second.items) == [ScoreItem(text="a"), ScoreItem(text="b", prompt="prompt"), ScoreItem(text="c")]
    assert second.truncate


def test_a_failed_score_is_no_number():
    good = ScoreResult(probabilities=[0.25, 0.75])
    response = ScoreResponse(labels=["neutral", "toxic"], results=[good, good])
    assert probability(response, "toxic") == [0.75, 0.75]
    with pytest.raises(ValueError, match="the classifier has neutral, toxic, found rude"):
        probability(response, "rude")
    response.results[1].error_code, response.results[1].error_message = 3, "too long"
    with pytest.raises(ValueError, match=r"results\[1\]: too long"):
        probability(response, "toxic")


@pytest.mark.parametrize("size", [0, 1, MIB, 2 * MIB + 5])
def test_a_data_set_goes_up_in_chunks(server, client, tmp_path, size):
    data = bytes(i * 7 % 251 for i in range(size))
    path = tmp_path / "pairs.csv"
    path.write_bytes(data)
    server.handlers["UploadDataset"] = in_turn(UploadDatasetResponse(dataset_id="d", examples=3))
    assert client.trainer.upload_dataset(path, DATASET_KIND_PAIRS).examples == 3
    header, *chunks = server.calls["UploadDataset"][0]
    assert header.header == trainer_pb2.UploadHeader(filename="pairs.csv", kind=DATASET_KIND_PAIRS,
                                                     sha256=hashlib.sha256(data).hexdigest(), total_bytes=size)
    assert b"".join(part.chunk for part in chunks) == data
    assert all(0 < len(part.chunk) <= MIB for part in chunks)


def export(*files):
    """(name, chunks, SHA-256 or None for the right one)"""
    for name, chunks, sha256 in files:
        whole = b"".join(chunks)
        yield trainer_pb2.ExportModelResponse(file=trainer_pb2.ExportedFile(
            name=name, bytes=len(whole), sha256=sha256 or hashlib.sha256(whole).hexdigest()))
        for chunk in chunks:
            yield trainer_pb2.ExportModelResponse(chunk=chunk)


def test_a_model_comes_out_whole(server, client, tmp_path):
    server.handlers["ExportModel"] = lambda *_: export(
        ("config.json", [b"{}"], None), ("empty", [], None), ("model.safetensors", [b"a" * MIB, b"b"], None))
    folder = client.trainer.export_model("job", tmp_path / "new" / "model", merge_adapter=True)
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {
        "config.json": 2, "empty": 0, "model.safetensors": MIB + 1}
    assert server.calls["ExportModel"][0].merge_adapter
    with pytest.raises(ValueError, match="folder: .* exists"):
        client.trainer.export_model("job", folder)


@pytest.mark.parametrize("parts, complaint", [
    (lambda: export(("a", [b"x"], None), ("b", [b"y"], "0" * 64)), "b: its SHA-256 is .*; export again"),
    (lambda: export(("../a", [b"x"], None)), "../a is not a plain file name"),
    (lambda: iter([trainer_pb2.ExportModelResponse(chunk=b"x")]), "before the first file's header"),
])
def test_a_damaged_model_leaves_nothing(server, client, tmp_path, parts, complaint):
    server.handlers["ExportModel"] = lambda *_: parts()
    with pytest.raises(tact.DataLoss, match=complaint):
        client.trainer.export_model("job", tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_cut_export_leaves_nothing(server, client, tmp_path):
    def cut(*_):
        yield from export(("a", [b"x"], None))
        raise Failure(grpc.StatusCode.UNAVAILABLE, "the trainer stops; export again")
    server.handlers["ExportModel"] = cut
    with pytest.raises(tact.Unavailable):
        client.trainer.export_model("job", tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name, report_format", [
    ("r.html", REPORT_FORMAT_HTML), ("r.json", REPORT_FORMAT_JSON), ("r.csv", REPORT_FORMAT_CSV)])
def test_a_report_becomes_a_file(server, client, tmp_path, name, report_format):
    server.handlers["GetReport"] = lambda *_: iter(
        [evaluation_pb2.GetReportResponse(chunk=chunk) for chunk in (b"<html>", b"</html>")])
    path = client.evaluation.get_report("a", "b", tmp_path / name, other_ids=["c"])
    assert path.read_bytes() == b"<html></html>"
    request = server.calls["GetReport"][0]
    assert (request.format, list(request.other_ids)) == (report_format, ["c"])


def test_a_failed_report_leaves_the_old_one(server, client, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")

    def cut(*_):
        yield evaluation_pb2.GetReportResponse(chunk=b"<html>")
        raise Failure(grpc.StatusCode.INTERNAL)
    server.handlers["GetReport"] = cut
    with pytest.raises(tact.Internal):
        client.evaluation.get_report("a", "b", path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.html", "old")]
    with pytest.raises(ValueError, match="expected .html, .json or .csv"):
        client.evaluation.get_report("a", "b", tmp_path / "report.pdf")


def test_lists_turn_their_pages(server, client):
    pages = {"": (["a", "b"], "2"), "2": (["c"], "3"), "3": ([], "")}
    server.handlers["ListJobs"] = lambda request, _: trainer_pb2.ListJobsResponse(
        jobs=[Job(id=i) for i in pages[request.page_token][0]], next_page_token=pages[request.page_token][1])
    server.handlers["ListEvaluations"] = lambda request, _: evaluation_pb2.ListEvaluationsResponse(
        evaluations=[evaluation_pb2.Evaluation(id=i) for i in pages[request.page_token][0]],
        next_page_token=pages[request.page_token][1])
    assert [job.id for job in client.trainer.list_jobs(name_contains="x", page_size=2)] == ["a", "b", "c"]
    assert [found.id for found in client.evaluation.list_evaluations(page_size=2)] == ["a", "b", "c"]
    assert {request.name_contains for request in server.calls["ListJobs"]} == {"x"}


@pytest.mark.parametrize("state, message", [
    (trainer_pb2.JOB_STATE_FAILED, "job a is failed: no space"),
    (trainer_pb2.JOB_STATE_PAUSED, "job a is paused: no space"),
])
def test_waiting_for_a_job_that_does_not_succeed(server, client, state, message):
    job = Job(id="a", state=state, message="no space")
    server.handlers["WatchJob"] = lambda *_: iter([WatchJobResponse(sequence=1, job=job)])
    server.handlers["GetJob"] = in_turn(trainer_pb2.GetJobResponse(job=job))
    with pytest.raises(tact.FailedPrecondition, match=message):
        client.trainer.wait_for_job("a")


def test_an_evaluation_that_failed(server, client):
    failed = evaluation_pb2.Evaluation(state=evaluation_pb2.EVALUATION_STATE_FAILED, error="reward: away")
    server.handlers["WatchEvaluation"] = lambda *_: iter(
        [evaluation_pb2.WatchEvaluationResponse(evaluation=failed)])
    with pytest.raises(tact.FailedPrecondition, match="evaluation e failed: reward: away"):
        client.evaluation.wait_for_evaluation("e")


def test_dialogues_are_read(tmp_path):
    rows = [{"fname": "a", "dialogue": "x", "summary": "s", "topic": "t"},
            {"id": 7, "dialogue": "y", "summary1": "s1", "summary2": "s2", "polite": "p"}]
    path = tmp_path / "d.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    first, second = tact.read_dialogues(path)
    assert (first.id, first.dialogue, list(first.references), first.topic) == ("a", "x", ["s"], "t")
    assert (second.id, list(second.references)) == ("7", ["s1", "s2"])
    assert len(tact.read_dialogues(path, limit=1)) == 1
    with pytest.raises(ValueError, match='d.jsonl:1: no "polite"; it has fname, dialogue'):
        tact.read_dialogues(path, reference_field="polite")
    for text, complaint in (("{", "1: not JSON"), ("[]", "1: expected an object, found list"),
                            ('{"summary": "s"}', '1: no "dialogue"')):
        path.write_text(text)
        with pytest.raises(ValueError, match=complaint):
            tact.read_dialogues(path)
