"""Each RPC with a request that is right and one that is wrong, in an order in which each finds what it needs."""
import base64
import dataclasses
import hashlib
from typing import Any, Callable, Optional

from services import DATASETS, MODELS, dialogue

POLICY, REWARD = "tact.v1.PolicyService", "tact.v1.RewardService"
TRAINER, EVALUATION = "tact.v1.TrainerService", "tact.v1.EvaluationService"
CHUNK = 1 << 20


@dataclasses.dataclass
class Case:
    method: str  # "tact.v1.PolicyService/Generate"
    role: str  # whose certificate calls: client, trainer or admin
    right: Callable[[dict], list]  # messages, given what earlier cases kept
    keep: Optional[Callable[[dict, list], Any]] = None  # notes of the answer what later cases need
    wrong: Optional[Callable[[dict], list]] = None  # None where no request can be wrong
    code: str = "InvalidArgument"
    field: str = ""
    stdin: bool = False  # even where there is one message

    @property
    def service(self):
        return self.method.split("/")[0]


def case(service, name, role, right, keep=None, wrong=None, code="InvalidArgument", field="",
         stdin=False):
    def as_list(request):
        if request is None:
            return None
        return lambda state: found if isinstance(found := request(state), list) else [found]
    return Case(service + "/" + name, role, as_list(right), keep, as_list(wrong), code, field, stdin)


def push(version, sha256=None):
    """A header and the policy's own weights under another name."""
    data = (MODELS / "policy/model.safetensors").read_bytes()
    header = {"model": "copy", "weight_version": version, "total_bytes": len(data),
              "sha256": sha256 or hashlib.sha256(data).hexdigest()}
    chunks = [data[at:at + CHUNK] for at in range(0, len(data), CHUNK)]
    return [{"header": header}] + [{"chunk": base64.b64encode(chunk).decode()} for chunk in chunks]


def upload(lines):
    data = "".join(line + "\n" for line in lines).encode()
    header = {"filename": "dialogues.jsonl", "kind": "DATASET_KIND_DIALOGUES", "total_bytes": len(data),
              "sha256": hashlib.sha256(data).hexdigest()}
    return [{"header": header}, {"chunk": base64.b64encode(data).decode()}]


def job(state, name, steps, dataset=None):
    return {"name": name, "kind": "JOB_KIND_LORA", "base_model": "policy",
            "dataset_id": dataset or state["dataset"], "supervised": {"max_steps": steps, "batch_size": 4}}


def examples(count):
    return [{"id": str(i), "dialogue": dialogue("test.jsonl", i), "references": ["Nobody has time."]}
            for i in range(count)]


def kept(name, *path):
    """Notes what stands at this path of the last message."""
    def keep(state, messages):
        found = messages[-1]
        for part in path:
            found = found[part]
        state[name] = found
    return keep


PROMPT = "Ann: Please bring the book, Ben.\nBen: I have no time."
SAMPLING = {"max_new_tokens": 12}
NO_JOB = dict(wrong=lambda state: {"id": "none"}, code="NotFound", field="id")


def cases():
    lines = (DATASETS / "sft_train.jsonl").read_text(encoding="utf-8").splitlines()[:16]
    return [
        case(POLICY, "Generate", "client", lambda state: {"prompts": [PROMPT], "sampling": SAMPLING},
             wrong=lambda state: {"prompts": [PROMPT, ""]}, field="prompts[1]"),
        case(POLICY, "StreamGenerate", "client",
             lambda state: {"generate": {"prompts": [PROMPT], "sampling": SAMPLING}},
             wrong=lambda state: {"generate": {"prompts": [PROMPT], "sampling": {"num_beams": 2}}},
             field="generate.sampling.num_beams"),
        case(POLICY, "StreamRollouts", "trainer",
             lambda state: {"prompts": [{"id": 7, "token_ids": [100, 34, 129, 1]}],
                            "sampling": {"max_new_tokens": 4}},
             wrong=lambda state: {"prompts": [{"id": 7, "token_ids": [-5, 1]}]}, field="prompts[0].token_ids[0]", stdin=True),
        case(POLICY, "ScoreLogprobs", "client",
             lambda state: {"items": [{"prompt_ids": [100, 34, 1], "response_ids": [100, 1]}]},
             wrong=lambda state: {"items": [{"prompt_ids": [100, 1]}]}, field="items[0].response_ids"),
        case(POLICY, "PushWeights", "trainer", lambda state: push(1),
             wrong=lambda state: push(2, "0" * 64), code="DataLoss", field="header.sha256"),
        case(POLICY, "GetModel", "client", lambda state: {"model": "base"},
             wrong=lambda state: {"model": "none"}, code="NotFound", field="model"),
        case(REWARD, "Score", "client", lambda state: {"items": [{"text": "You are such a silly clown."}]},
             wrong=lambda state: {}, field="items"),
        case(REWARD, "GetRewardModel", "client", lambda state: {}),
        case(TRAINER, "UploadDataset", "admin", lambda state: upload(lines), kept("dataset", "dataset_id"),
             wrong=lambda state: upload(lines[:2] + ['{"fname": "c"}']), field="dialogues.jsonl"),
        case(TRAINER, "ListDatasets", "client", lambda state: {}),
        case(TRAINER, "PlanJob", "client", lambda state: {"spec": job(state, "polite", 3)},
             wrong=lambda state: {"spec": job(state, "polite", 3, "none")}, field="spec.dataset_id"),
        case(TRAINER, "CreateJob", "admin",
             lambda state: {"request_id": "first", "spec": job(state, "polite", 3)}, kept("job", "job", "id"),
             wrong=lambda state: {"request_id": "first", "spec": job(state, "other", 3)},
             code="AlreadyExists", field="request_id"),
        case(TRAINER, "WatchJob", "client", lambda state: {"id": state["job"]}, **NO_JOB),
        case(TRAINER, "GetJob", "client", lambda state: {"id": state["job"]}, **NO_JOB),
        case(TRAINER, "ListJobs", "client",
             lambda state: {"name_contains": "polite", "states": ["JOB_STATE_SUCCEEDED"]},
             wrong=lambda state: {"page_size": 5000}, field="page_size"),
        case(TRAINER, "ListCheckpoints", "client", lambda state: {"id": state["job"]}, **NO_JOB),
        case(TRAINER, "ExportModel", "admin", lambda state: {"id": state["job"]}, **NO_JOB),
        # A second job, long enough to be there still.
        case(TRAINER, "CreateJob", "admin", lambda state: {"spec": job(state, "long", 100_000)},
             kept("long", "job", "id")),
        case(TRAINER, "PauseJob", "admin", lambda state: {"id": state["long"]}, **NO_JOB),
        case(TRAINER, "ResumeJob", "admin", lambda state: {"id": state["long"]}, **NO_JOB),
        case(TRAINER, "CancelJob", "admin", lambda state: {"id": state["long"]}, **NO_JOB),
        case(POLICY, "LoadAdapter", "admin", lambda state: {"adapter": "kind", "path": state["job"]},
             wrong=lambda state: {"adapter": "kind", "path": "../jobs"}, code="PermissionDenied", field="../jobs"),
        case(POLICY, "ListAdapters", "client", lambda state: {}),
        case(EVALUATION, "RunEvaluation", "client",
             lambda state: {"request_id": "before", "spec": {"examples": examples(2), "sampling": SAMPLING}},
             kept("before", "evaluation", "id"), wrong=lambda state: {"spec": {}}, field="spec.examples"),
        case(EVALUATION, "RunEvaluation", "client",
             lambda state: {"spec": {"model": "kind", "examples": examples(2), "sampling": SAMPLING}},
             kept("after", "evaluation", "id")),
        case(EVALUATION, "WatchEvaluation", "client", lambda state: {"id": state["before"]}, **NO_JOB),
        case(EVALUATION, "WatchEvaluation", "client", lambda state: {"id": state["after"]}),
        case(EVALUATION, "GetEvaluation", "client", lambda state: {"id": state["after"], "include_examples": True},
             **NO_JOB),
        case(EVALUATION, "ListEvaluations", "client", lambda state: {"page_size": 1},
             wrong=lambda state: {"page_size": 5000}, field="page_size"),
        case(EVALUATION, "Compare", "client",
             lambda state: {"before_id": state["before"], "after_id": state["after"]},
             wrong=lambda state: {"before_id": state["before"], "after_id": "none"}, code="NotFound",
             field="after_id"),
        case(EVALUATION, "GetReport", "client",
             lambda state: {"before_id": state["before"], "after_id": state["after"],
                            "format": "REPORT_FORMAT_CSV"},
             wrong=lambda state: {"before_id": state["before"], "after_id": state["after"]}, field="format"),
        case(EVALUATION, "ComputeRouge", "client",
             lambda state: {"predictions": ["Ben has time."], "references": ["Ben has no time."]},
             wrong=lambda state: {"predictions": ["Ben has time."]}, field="references"),
        case(EVALUATION, "ComputeToxicity", "client",
             lambda state: {"texts": ["You are such a silly clown.", "Thank you."]},
             wrong=lambda state: {}, field="texts"),
        case(POLICY, "UnloadAdapter", "admin", lambda state: {"adapter": "kind"},
             wrong=lambda state: {"adapter": "kind"}, code="NotFound", field="adapter"),
    ]
