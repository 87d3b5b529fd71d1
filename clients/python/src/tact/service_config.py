"""gRPC's service config for each service: round robin with health checks, and retries where they are safe."""
from __future__ import annotations

import json
from typing import Any, Dict, Sequence

# Asked again where nothing was done: the service could not be reached, or its queue was full.
_BUSY = ("UNAVAILABLE", "RESOURCE_EXHAUSTED")
# A full disk or too large a data set does not mend itself within seconds.
_AWAY = ("UNAVAILABLE",)

# Idempotent methods only. CreateJob and RunEvaluation are so by their request_id, which this client always
# sends. UnloadAdapter answers NOT_FOUND to a repetition, and is not asked again.
RETRIED: Dict[str, Dict[str, Sequence[str]]] = {
    "tact.v1.PolicyService": {
        "Generate": _BUSY, "StreamGenerate": _BUSY, "StreamRollouts": _BUSY, "ScoreLogprobs": _BUSY,
        "LoadAdapter": _AWAY, "ListAdapters": _BUSY, "GetModel": _BUSY,
    },
    "tact.v1.RewardService": {"Score": _BUSY, "GetRewardModel": _BUSY},
    "tact.v1.TrainerService": {
        "CreateJob": _AWAY, "GetJob": _BUSY, "PlanJob": _AWAY, "ListJobs": _BUSY, "WatchJob": _BUSY,
        "CancelJob": _AWAY, "PauseJob": _AWAY, "ResumeJob": _AWAY, "ListCheckpoints": _BUSY,
        "ExportModel": _AWAY, "UploadDataset": _AWAY, "ListDatasets": _BUSY,
    },
    "tact.v1.EvaluationService": {
        "RunEvaluation": _BUSY, "GetEvaluation": _BUSY, "WatchEvaluation": _BUSY, "ListEvaluations": _BUSY,
        "Compare": _BUSY, "GetReport": _BUSY, "ComputeRouge": _BUSY, "ComputeToxicity": _BUSY,
    },
}


def service_config(service: str, retries: bool = True) -> str:
    """The JSON of one service, by its full name. Attempts wait 0.1, 0.2, 0.4 and 0.8 s at most, or as long as
    the service asks for; where more than half of the last calls fail, nothing is asked again."""
    config: Dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": service},
    }
    if retries:
        config["methodConfig"] = [_method_config(service, codes) for codes in (_BUSY, _AWAY)
                                  if codes in RETRIED[service].values()]
        config["retryThrottling"] = {"maxTokens": 50, "tokenRatio": 0.5}
    return json.dumps(config)


def _method_config(service: str, codes: Sequence[str]) -> Dict[str, Any]:
    return {
        "name": [{"service": service, "method": method}
                 for method, retried in RETRIED[service].items() if retried == codes],
        "retryPolicy": {
            "maxAttempts": 5,
            "initialBackoff": "0.1s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": list(codes),
        },
    }
