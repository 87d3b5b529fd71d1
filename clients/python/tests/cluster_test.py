"""The client against the real services: the notebook's way from prompt to report, TLS, lost replicas, cancels."""
import signal
import subprocess
import threading

import pytest

import tact
from services import BIN, MODELS, Cluster, Service, dialogue, head, make_certificates, wait_for
from tact.messages import (JOB_KIND_PPO, EvaluationSpec, JobSpec, JobState, LogprobItem, PpoSettings, ReportCurve,
                           SamplingParams)
from tact.reward import probability

PROMPT = dialogue("test.jsonl", 0)
SHORT = SamplingParams(max_new_tokens=12)
# Its end token cannot come before the last position.
LONG = SamplingParams(max_new_tokens=128, min_new_tokens=128)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """What tactctl up runs."""
    data = tmp_path_factory.mktemp("cluster")
    up = [BIN / "tactctl", "up", "--models", MODELS, "--data-dir", data, "--ports", "0", "--detach"]
    subprocess.run([str(word) for word in up], check=True, stdout=subprocess.DEVNULL)
    yield data
    subprocess.run([BIN / "tactctl", "down", "--data-dir", data], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def client(cluster):
    with tact.Client.from_cluster(cluster) as made:
        made.policy.wait_until_ready()
        yield made


@pytest.fixture
def policies():
    """Starts replicas of the policy, and ends them."""
    started = []

    def start(*flags):
        started.append(Service("policy", "--model", MODELS / "policy", "--threads", "1", *flags))
        return started[-1]
    yield start
    for service in started:
        service.close()


def test_a_stream_says_what_generate_says(client):
    whole = client.policy.generate(PROMPT, sampling=SHORT).completions[0]
    with client.policy.stream_generate(PROMPT, sampling=SHORT) as stream:
        assert "".join(stream) == whole.text
    assert stream.completion == whole
    assert 0 < whole.response_tokens <= 12


def test_rollouts_are_what_score_logprobs_replays(client):
    prompts = [[5, 6, 7, 1], [8, 9, 1]]
    sampling = SamplingParams(max_new_tokens=8, num_samples=2, seed=4)
    rollouts = list(client.policy.rollouts(prompts, sampling=sampling))
    assert sorted((r.prompt_id, r.sample_index) for r in rollouts) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    items = [LogprobItem(prompt_ids=prompts[r.prompt_id], response_ids=r.token_ids) for r in rollouts]
    for rollout, item in zip(rollouts, client.policy.score_logprobs(items).items):
        assert list(item.logprobs) == pytest.approx(list(rollout.logprobs), abs=1e-3)


def test_scores_and_models(client):
    rude, kind = probability(client.reward.score(["You are such a silly clown.", "Thank you."]), "toxic")
    assert rude > 0.9 and kind < 0.1
    assert list(client.reward.get_model().labels) == ["neutral", "toxic"]
    assert [model.name for model in client.policy.get_model().models] == ["base"]
    assert list(client.policy.list_adapters()) == []


def test_errors_name_field_and_cure(client):
    with pytest.raises(tact.InvalidArgument) as raised:
        client.policy.generate(["Hello.", " "])
    assert (raised.value.reason, raised.value.field) == ("INVALID_FIELD", "prompts[1]")
    assert raised.value.fix == "send a prompt with text, or leave it out"
    with pytest.raises(tact.NotFound) as raised:
        client.trainer.get_job("none")
    assert (raised.value.reason, raised.value.value) == ("UNKNOWN_JOB", "none")


def test_from_data_set_to_report(client, tmp_path):
    dataset = client.trainer.upload_dataset(head(tmp_path, "sft_train.jsonl", 16))
    assert dataset.examples == 16
    assert dataset.dataset_id in [known.id for known in client.trainer.list_datasets()]
    spec = JobSpec(name="detox", kind=JOB_KIND_PPO, base_model="policy", dataset_id=dataset.dataset_id,
                   ppo=PpoSettings(steps=2, batch_size=8, mini_batch_size=4, sampling=SHORT))
    assert client.trainer.plan_job(spec).total_steps == 2
    job = client.trainer.create_job(spec, request_id="one")
    assert client.trainer.create_job(spec, request_id="one").id == job.id
    events = list(client.trainer.watch_job(job.id))
    steps = [event.job.last_metrics for event in events if event.is_step]
    assert [step.step for step in steps] == [1, 2]
    job = client.trainer.wait_for_job(job.id)
    assert JobState.Name(job.state) == "JOB_STATE_SUCCEEDED"
    assert [found.id for found in client.trainer.list_jobs(name_contains="detox")] == [job.id]
    assert client.trainer.list_checkpoints(job.id)[0].step == 2
    folder = client.trainer.export_model(job.id, tmp_path / "model", merge_adapter=True)
    assert (folder / "model.safetensors").stat().st_size > 1 << 20

    examples = tact.read_dialogues(head(tmp_path, "test.jsonl", 3), reference_field="neutral_summary")
    evaluations = [client.evaluation.run_evaluation(EvaluationSpec(model=model, examples=examples))
                   for model in ("base", "detox")]
    before, after = (client.evaluation.wait_for_evaluation(started.id) for started in evaluations)
    assert after.weight_version == job.weight_version and before.weight_version == 0
    assert len(client.evaluation.get_evaluation(after.id, include_examples=True).results) == 3
    assert len(client.evaluation.compare(before.id, after.id).rows) == 3
    curve = ReportCurve(name="reward", steps=[step.step for step in steps],
                        values=[step.reward_mean for step in steps])
    for name, beginning in (("r.html", "<!"), ("r.json", "{"), ("r.csv", "")):
        path = client.evaluation.get_report(before.id, after.id, tmp_path / name, curves=[curve])
        assert path.read_text(encoding="utf-8").startswith(beginning)
    assert {found.id for found in client.evaluation.list_evaluations(page_size=1)} == {before.id, after.id}
    assert client.policy.unload_adapter("detox").weight_version == job.weight_version


def test_rouge_and_toxicity_of_given_texts(client):
    rouge = client.evaluation.compute_rouge(["Ann is late.", "Ben agrees."], ["Ann is late.", "Ben leaves."])
    assert rouge.scores[0].rouge1 == 1 and rouge.mean.rouge1 == 0.75
    toxicity = client.evaluation.compute_toxicity(["You are such a silly clown.", "Thank you."])
    assert toxicity.stats.ratio == 0.5


def test_a_deadline(client):
    with pytest.raises(tact.DeadlineExceeded):
        client.policy.generate([PROMPT] * 64, sampling=LONG, timeout=0.05)


def test_a_closed_stream_frees_its_slot(policies):
    policy = policies("--max-running", "1")
    running = "tact_policy_running_sequences"
    with tact.Client(policy=policy.address) as client:
        stream = client.policy.stream_responses([PROMPT] * 512, sampling=LONG)
        next(stream)
        assert policy.metric(running) == 1
        stream.close()
        # With 512 long responses before it, this would take minutes.
        assert client.policy.generate(PROMPT, sampling=SHORT, timeout=20).completions[0].text
        wait_for("an empty batch", lambda: policy.metric(running) == 0, 20)


def test_no_call_is_lost_with_a_replica(policies):
    replicas = [policies(), policies()]
    answers, errors, killed = [], [], threading.Event()

    def ask(client):
        try:
            # Ten rounds more once the replica is gone.
            rounds = 0
            while rounds < 10:
                answers.append(client.policy.generate(PROMPT, sampling=SHORT).completions[0].text)
                rounds += killed.is_set()
        except tact.TactError as error:
            errors.append(error)
    with tact.Client(policy=[replica.address for replica in replicas]) as client:
        client.policy.wait_until_ready()
        callers = [threading.Thread(target=ask, args=(client,)) for _ in range(4)]
        for caller in callers:
            caller.start()
        wait_for("both at work", lambda: errors or all(
            replica.metric('grpc_server_handled_total{grpc_code="OK",grpc_method="Generate",'
                           'grpc_service="tact.v1.PolicyService",grpc_type="unary"}') > 3
            for replica in replicas))
        replicas[0].kill()
        killed.set()
        for caller in callers:
            caller.join()
    assert errors == []
    assert len(set(answers)) == 1


def test_a_replica_that_hangs_is_left_for_another(policies):
    replicas = [policies(), policies()]
    with tact.Client(policy=[replica.address for replica in replicas]) as client:
        client.policy.wait_until_ready()
        for _ in range(10):
            client.policy.generate(PROMPT, sampling=SHORT)
        replicas[0].signal(signal.SIGSTOP)
        try:
            for _ in range(10):
                assert client.policy.generate(PROMPT, sampling=SHORT, timeout=40).completions[0].text
        finally:
            replicas[0].signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    certificates = make_certificates(folder / "certs")
    services = Cluster(folder, certificates)
    yield services, certificates
    services.close()


def connect(secure, role, **more):
    services, certificates = secure
    files = dict(cert=certificates / (role + ".pem"), key=certificates / (role + ".key")) if role else {}
    addresses = {name: services.address(name) for name in services.services}
    return tact.Client(tls=tact.Tls(certificates / "ca.pem", **files), **{**addresses, **more})


def test_roles_over_mutual_tls(secure):
    with connect(secure, "client") as client, connect(secure, "admin") as admin:
        assert client.policy.generate(PROMPT, sampling=SHORT).completions[0].text
        assert list(client.trainer.list_jobs()) == []
        with pytest.raises(tact.PermissionDenied, match="needs one of the roles admin, but client has client"):
            client.policy.unload_adapter("none")
        with pytest.raises(tact.NotFound):
            admin.policy.unload_adapter("none")


def test_several_replicas_over_tls(secure):
    address = secure[0].address("policy")
    with connect(secure, "client", policy=[address, "127.0.0.1:1"]) as client:
        assert client.policy.generate(PROMPT, sampling=SHORT).completions[0].text


def test_who_shows_no_certificate_gets_no_connection(secure):
    with connect(secure, None) as stranger, pytest.raises(tact.Unavailable):
        stranger.policy.generate(PROMPT)
    with tact.Client(policy=secure[0].address("policy")) as plain, pytest.raises(tact.Unavailable):
        plain.policy.generate(PROMPT)


def test_the_environment_names_the_files(secure, monkeypatch):
    services, certificates = secure
    monkeypatch.delenv("TACT_CA", raising=False)
    assert tact.Tls.from_environment() is None
    for name, file in (("TACT_CA", "ca.pem"), ("TACT_CERT", "client.pem"), ("TACT_KEY", "client.key")):
        monkeypatch.setenv(name, str(certificates / file))
    with tact.Client(reward=services.address("reward"), tls=tact.Tls.from_environment()) as client:
        assert client.reward.get_model().labels


def test_a_stopping_replica_loses_no_call(policies):
    replicas = [policies(), policies()]
    with tact.Client(policy=[replica.address for replica in replicas]) as client:
        for i in range(60):
            if i == 10:
                replicas[0].signal(signal.SIGTERM)
            assert client.policy.generate(PROMPT, sampling=SHORT).completions
