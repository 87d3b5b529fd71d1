#!/usr/bin/env python3
"""Writes the Grafana dashboards in dashboards/ from the tables below.

Every query is run against a real Prometheus by tests/monitoring/monitoring_test.py, which also checks
that the files are what this script writes: make_dashboards.py [folder].
"""
import json
import pathlib
import sys

RATE = "[$__rate_interval]"
SERVICES = 'job=~"tact-.*"'


def rate(metric, by="", where=""):
    """Increase per second, summed over instances."""
    labels = "{%s}" % where if where else ""
    return "sum%s (rate(%s%s%s))" % (" by (%s)" % by if by else "", metric, labels, RATE)


def quantiles(metric, by="", where="", levels=(0.5, 0.99)):
    """(query, legend) of quantiles of a histogram."""
    groups = ", ".join(filter(None, [by, "le"]))
    name = " ".join("{{%s}}" % label for label in by.split(", ") if label)
    return [("histogram_quantile(%g, %s)" % (level, rate(metric + "_bucket", groups, where)),
             ("p%g %s" % (100 * level, name)).strip()) for level in levels]


def mean(metric, by=""):
    return "%s / %s" % (rate(metric + "_sum", by), rate(metric + "_count", by))


# A panel is (title, unit, [(query, legend)], what it shows); a string begins a new row.
SERVING = [
    "Calls",
    ("Calls", "reqps", [(rate("grpc_server_handled_total", "grpc_method", SERVICES), "{{grpc_method}}")],
     "Calls that ended, by method."),
    ("Errors", "reqps", [(rate("grpc_server_handled_total", "grpc_code", SERVICES + ', grpc_code!="OK"'),
                          "{{grpc_code}}")],
     "ResourceExhausted: a queue is full. Canceled: a caller left, as watchers do."),
    ("Latency of Generate and Score", "s",
     quantiles("grpc_server_handling_seconds", "grpc_method", 'grpc_method=~"Generate|Score"'),
     "Of whole calls, on the server."),
    "Generation",
    ("Sequences and queue", "short",
     [("sum (tact_policy_running_sequences)", "running"), ("sum (tact_policy_waiting_prompts)", "waiting"),
      ("sum (tact_policy_kv_slots)", "slots")], "More waiting than slots: add replicas."),
    ("Time to first token", "s", quantiles("tact_policy_time_to_first_token_seconds"),
     "From submission: queue, encoder and first decoder pass."),
    ("Inter-token latency", "s", quantiles("tact_policy_inter_token_seconds"),
     "Between two tokens of one sequence."),
    ("Tokens", "short", [(rate("tact_policy_generated_tokens_total"), "generated a second"),
                         (rate("tact_policy_prompt_tokens_total"), "prompt a second")],
     "Of all replicas."),
    ("Sequences in a step", "short", [(mean("tact_policy_batch_size"), "mean"),
                                      *quantiles("tact_policy_batch_size", levels=(0.99,))],
     "The larger, the cheaper a token."),
    ("Step", "s", quantiles("tact_policy_step_seconds"), "Encoder of prompts that join, decoder, sampling."),
    ("Cache use", "percentunit",
     [("sum (tact_policy_kv_slots_used) / sum (tact_policy_kv_slots)", "slots"),
      ("sum (tact_policy_prompt_cache_tokens) / sum (tact_policy_prompt_cache_tokens_limit)", "prompt tokens")],
     "What is full first limits the batch."),
    ("Refused and aborted", "reqps",
     [(rate("tact_policy_refused_requests_total", "reason"), "refused: {{reason}}"),
      (rate("tact_policy_aborted_requests_total", "reason"), "aborted: {{reason}}")],
     "Requests of generation that did not get their whole answer."),
    ("Pushes", "s", quantiles("tact_policy_push_seconds"), "From a push's first message to its swap."),
    "Scoring",
    ("Queue", "short", [("sum (tact_reward_queue_texts)", "texts")], "Texts that wait."),
    ("Throughput", "short", [(rate("tact_reward_texts_total"), "texts a second"),
                             (rate("tact_reward_tokens_total"), "tokens a second")], "Of all replicas."),
    ("Wait and run", "s", [*[(q, "wait " + l) for q, l in quantiles("tact_reward_queue_seconds")],
                           *[(q, "run " + l) for q, l in quantiles("tact_reward_batch_seconds")]],
     "Of a text in the queue, of a batch in the model."),
    ("Texts in a run", "short", [(mean("tact_reward_batch_texts"), "mean")], "Ragged: nothing is padded."),
    ("Texts without a score", "short", [(rate("tact_reward_failed_texts_total"), "failed texts a second"),
                                        (rate("tact_reward_refused_requests_total"), "refused calls a second"),
                                        (rate("tact_reward_aborted_requests_total", "reason"),
                                         "aborted calls a second: {{reason}}")], "Should be 0."),
]

TRAINING = [
    "Jobs",
    ("Jobs by state", "short", [("sum by (state) (tact_trainer_jobs)", "{{state}}")], "All that the trainer knows."),
    ("Step", "short", [("max (tact_trainer_step)", "step"), ("max (tact_trainer_job_steps)", "of")],
     "Of the job that stepped last."),
    ("Step time", "s", [(mean("tact_trainer_step_seconds", "kind"), "{{kind}}")], "Mean, by kind of job."),
    ("Where the time of PPO goes", "percentunit",
     [("sum by (phase) (rate(tact_trainer_phase_seconds_total%s))" % RATE, "{{phase}}")],
     "Seconds a second; rollout and score may overlap the rest, wait is what the learner waits for them."),
    ("Checkpoint age", "s",
     [("time() - max (tact_trainer_checkpoint_timestamp_seconds)", "since the last checkpoint"),
      ("time() - max (tact_trainer_last_step_timestamp_seconds)", "since the last step")],
     "What a crash would lose."),
    ("Ended and paused", "short",
     [("sum by (result) (increase(tact_trainer_jobs_ended_total[1h]))", "{{result}}"),
      ("sum by (reason) (increase(tact_trainer_pauses_total[1h]))", "paused: {{reason}}")],
     "In the last hour."),
    "Learning",
    ("Reward", "short", [("tact_trainer_reward_mean", "mean"),
                         ("tact_trainer_reward_mean + tact_trainer_reward_stddev", "+1 standard deviation"),
                         ("tact_trainer_reward_mean - tact_trainer_reward_stddev", "-1 standard deviation")],
     "Of the last PPO step's responses."),
    ("KL", "short", [("tact_trainer_kl", "KL")], "Against the reference policy, summed over a response, in nats."),
    ("Clip fraction", "percentunit", [("tact_trainer_clip_fraction", "policy")],
     "Tokens whose ratio was clipped; above 0.3 steps are too large."),
    ("Entropy", "short", [("tact_trainer_entropy", "entropy")], "Mean of a token; towards 0 it repeats itself."),
    ("Response length", "short", [("tact_trainer_response_tokens", "tokens")], "Mean."),
    ("Loss", "short", [("tact_trainer_loss", "loss")], "Of the last step of any job."),
    ("Gradient norm", "short", [("tact_trainer_gradient_norm", "norm")], "Before clipping."),
    ("Learning rate", "sci", [("tact_trainer_learning_rate", "rate")], "Of the last step."),
    "Weights",
    ("Weight versions", "short", [("tact_trainer_weight_version", "pushed by the trainer"),
                                  ("tact_policy_weight_version", "replica {{instance}}")],
     "Pushed last, under any name."),
    ("Replicas", "short", [("sum by (state) (tact_trainer_policy_replicas)", "{{state}}")],
     "That serve all that is published, or do not."),
    ("Pushes", "s", quantiles("tact_trainer_push_seconds", "result"), "To one replica."),
    ("Replay difference", "short", [("tact_trainer_replay_difference", "largest difference")],
     "Between the learner's and a replica's logprobs after a push; above 0.01 is an alarm."),
    ("Staleness", "short", [("tact_trainer_staleness", "versions behind, mean")], "Of the last step's rollouts."),
    ("Scores", "short", [(rate("tact_trainer_dropped_rollouts_total"), "dropped rollouts a second"),
                         (rate("tact_trainer_retried_scores_total"), "retried scores a second"),
                         (rate("tact_trainer_reward_failures_total", "what"), "calls a second: {{what}}")],
     "Should be 0."),
]

OVERVIEW = [
    "Health",
    ("Ready", "short", [("sum by (job) (tact_ready)", "{{job}}")], "Replicas whose health says SERVING."),
    ("Alerts that fire", "short", [('count by (alertname) (ALERTS{alertstate="firing"}) or vector(0)',
                                    "{{alertname}}")], "docs/metrics.md says what to do for each."),
    ("Errors", "percentunit", [("job:grpc_server_error_ratio:rate5m", "{{grpc_service}}")],
     "Share of calls that failed for reasons of the server."),
    ("Refused", "percentunit", [("job:grpc_server_refused_ratio:rate5m", "{{grpc_service}}")],
     "Share of calls refused because something was full."),
    ("Calls", "reqps", [(rate("grpc_server_handled_total", "job", SERVICES), "{{job}}")], "That ended."),
    ("Builds", "short", [("count by (program, version, commit) (tact_build_info)",
                          "{{program}} {{version}} {{commit}}")], "Of running processes."),
    "Resources",
    ("CPU", "short", [("rate(process_cpu_seconds_total{%s}%s)" % (SERVICES, RATE), "{{job}} {{instance}}")],
     "Cores in use."),
    ("Memory", "bytes", [("process_resident_memory_bytes{%s}" % SERVICES, "{{job}} {{instance}}")], "Resident."),
    ("Memory of what there is", "percentunit", [("instance:tact_memory_use:ratio", "{{job}} {{instance}}")],
     "Of the machine or the container's limit."),
    ("Open files", "percentunit",
     [("process_open_fds{%s} / process_max_fds{%s}" % (SERVICES, SERVICES), "{{job}} {{instance}}")],
     "Of the descriptors that may be open."),
    ("Uptime", "s", [("time() - process_start_time_seconds{%s}" % SERVICES, "{{job}} {{instance}}")],
     "Since the process began."),
    ("Queues", "percentunit", [("instance:tact_policy_queue_use:ratio", "policy {{instance}}"),
                               ("instance:tact_reward_queue_use:ratio", "reward {{instance}}")],
     "At 1 requests are refused."),
    ("Evaluations", "short", [("sum (tact_evaluation_running)", "running"),
                              ("sum (tact_evaluation_waiting)", "waiting"),
                              ("sum by (state) (increase(tact_evaluation_finished_total[1h]))",
                               "{{state}} in the last hour")], "Of the evaluation service."),
    ("Engine stalls", "s", [("tact_engine_stalled_seconds", "{{job}} {{instance}}")],
     "How long the present step takes already."),
]

DASHBOARDS = {"overview": ("tact: overview", OVERVIEW), "serving": ("tact: serving", SERVING),
              "training": ("tact: training", TRAINING)}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH, HEIGHT = 8, 7


def panel(number, place, title, unit, queries, about):
    return {
        "id": number, "type": "timeseries", "title": title, "description": about, "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "custom": {"fillOpacity": 8, "showPoints": "never"}},
                        "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": query, "legendFormat": legend}
                    for i, (query, legend) in enumerate(queries)]}


def panels(table):
    x = y = 0
    for number, entry in enumerate(table, 1):
        if isinstance(entry, str):
            y += HEIGHT if x else 0
            yield {"id": number, "type": "row", "title": entry, "collapsed": False, "panels": [],
                   "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
            x, y = 0, y + 1
            continue
        yield panel(number, {"x": x, "y": y, "w": WIDTH, "h": HEIGHT}, *entry)
        x += WIDTH
        if x == 24:
            x, y = 0, y + HEIGHT


def dashboard(name, title, table):
    variable = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
                "current": {}, "hide": 0, "refresh": 1}
    return {"uid": "tact-" + name, "title": title, "tags": ["tact"], "schemaVersion": 37, "version": 1,
            "editable": True, "refresh": "10s", "time": {"from": "now-30m", "to": "now"}, "timezone": "",
            "templating": {"list": [variable]}, "annotations": {"list": []},
            "links": [{"type": "dashboards", "tags": ["tact"], "title": "tact", "asDropdown": False,
                       "includeVars": True, "keepTime": True}],
            "panels": list(panels(table))}


def write(folder):
    for name, (title, table) in DASHBOARDS.items():
        text = json.dumps(dashboard(name, title, table), indent=1, ensure_ascii=False) + "\n"
        (folder / ("tact-%s.json" % name)).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "dashboards"))
