"""The messages of the API under one name, as proto/tact/v1 documents them."""
from tact.v1.common_pb2 import (DialogueExample, ErrorDetail, FinishReason, SamplingParams, ServedModel,
                                TokenIds)
from tact.v1.evaluation_pb2 import (REPORT_FORMAT_CSV, REPORT_FORMAT_HTML, REPORT_FORMAT_JSON, CompareResponse,
                                    ComputeRougeResponse, ComputeToxicityResponse, Evaluation, EvaluationSpec,
                                    EvaluationState, ReportCurve, ReportFormat, RougeScores, ToxicityStats)
from tact.v1.policy_pb2 import (Completion, GenerateResponse, GetModelResponse, LogprobItem, Rollout,
                                RolloutPrompt, ScoreLogprobsResponse, StreamGenerateResponse, TokenLogprobs)
from tact.v1.reward_pb2 import GetRewardModelResponse, ScoreItem, ScoreResponse, ScoreResult
from tact.v1.trainer_pb2 import (DATASET_KIND_DIALOGUES, DATASET_KIND_LABELLED, DATASET_KIND_PAIRS,
                                 JOB_KIND_FULL, JOB_KIND_LORA, JOB_KIND_PPO, JOB_KIND_REWARD, Checkpoint, Dataset,
                                 DatasetKind, Job, JobKind, JobSpec, JobState, LoraSettings, OptimizerSettings,
                                 PlanJobResponse, PpoImprovements, PpoSettings, PublishSettings,
                                 RetentionSettings, SelectionSettings, StepMetrics, SupervisedSettings,
                                 UploadDatasetResponse, WatchJobResponse)

__all__ = [
    "DATASET_KIND_DIALOGUES", "DATASET_KIND_LABELLED", "DATASET_KIND_PAIRS", "JOB_KIND_FULL", "JOB_KIND_LORA",
    "JOB_KIND_PPO", "JOB_KIND_REWARD", "REPORT_FORMAT_CSV", "REPORT_FORMAT_HTML", "REPORT_FORMAT_JSON",
    "Checkpoint", "CompareResponse", "Completion", "ComputeRougeResponse", "ComputeToxicityResponse", "Dataset",
    "DatasetKind", "DialogueExample", "ErrorDetail", "Evaluation", "EvaluationSpec", "EvaluationState",
    "FinishReason", "GenerateResponse", "GetModelResponse", "GetRewardModelResponse", "Job", "JobKind", "JobSpec",
    "JobState", "LogprobItem", "LoraSettings", "OptimizerSettings", "PlanJobResponse", "PpoImprovements",
    "PpoSettings", "PublishSettings", "ReportCurve", "ReportFormat", "RetentionSettings", "Rollout",
    "RolloutPrompt", "RougeScores", "SamplingParams", "ScoreItem", "ScoreLogprobsResponse", "ScoreResponse",
    "ScoreResult", "SelectionSettings", "ServedModel", "StepMetrics", "StreamGenerateResponse",
    "SupervisedSettings", "TokenIds", "TokenLogprobs", "ToxicityStats", "UploadDatasetResponse",
    "WatchJobResponse",
]
