"""The four services on free ports, a real Prometheus that scrapes them every second, and a little work."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

SOURCE = pathlib.Path(os.environ.get("TACT_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
BIN = pathlib.Path(os.environ.get("TACT_BIN_DIR", SOURCE / "build/release/bin"))
MONITORING = SOURCE / "deploy/monitoring"
SERVICES = {"policy": 7101, "reward": 7102, "trainer": 7103, "evaluation": 7104}


def wait_for(what, holds, seconds=60):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("%s: not within %d s" % (what, seconds))
        time.sleep(0.1)


def get(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()


class Cluster:
    def __init__(self, folder):
        self.data = folder / "data"
        self._process = subprocess.Popen(
            [BIN / "tactctl", "up", "--models", SOURCE / "models", "--data-dir", self.data, "--ports", "0"],
            stdout=subprocess.PIPE, text=True)
        self.http = {}  # "policy": "127.0.0.1:40123"
        for line in self._process.stdout:
            words = line.split()
            if words and words[0].startswith("tact-"):
                self.http[words[0][len("tact-"):]] = words[2]
            if line.startswith("ready"):
                return
        raise AssertionError("the cluster did not start")

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def tactctl(self, *arguments):
        done = subprocess.run([BIN / "tactctl", "--cluster", self.data, *map(str, arguments)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, "tactctl %s: %s" % (arguments[0], done.stderr)
        return done.stdout

    def metrics(self, service):
        return get("http://%s/metrics" % self.http[service])


def head(folder, dataset, lines):
    path = folder / dataset
    with open(SOURCE / "datasets" / dataset, encoding="utf-8") as file:
        path.write_text("".join(file.readline() for _ in range(lines)), encoding="utf-8")
    return path


class Load(threading.Thread):
    """Work of every kind; repeats the quick part until it is stopped."""

    def __init__(self, cluster, folder):
        super().__init__()
        self._cluster, self._folder = cluster, folder
        self._ended = threading.Event()
        self.rounds, self.error = 0, None

    def run(self):
        try:
            train = head(self._folder, "sft_train.jsonl", 16)
            test = head(self._folder, "test.jsonl", 4)
            self._quick(test)
            self._cluster.tactctl("train", "ppo", "--base-model", "policy", "--dataset", train, "--name", "watched",
                                  "--publish-as", "watched", "--steps", 3, "--batch-size", 8, "--mini-batch-size",
                                  4, "--max-new-tokens", 12)
            self._cluster.tactctl("eval", "--dataset", test, "--model", "base,watched")
            while not self._ended.is_set():
                self._quick(test)
        except Exception as error:  # told by finish()
            self.error = error

    def _quick(self, test):
        self._cluster.tactctl("generate", "--dataset", test, "--limit", 4, "--max-new-tokens", 12)
        self._cluster.tactctl("score", "You are such a silly clown.", "Thank you.")
        self.rounds += 1

    def wait(self):
        """Until each kind of work has been done and the quick part again."""
        wait_for("work of every kind", lambda: self.rounds >= 3 or self.error, 120)
        if self.error:
            raise self.error

    def finish(self):
        self._ended.set()
        self.join()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Prometheus:
    """With deploy/monitoring's own configuration, but for addresses, folder and pace."""

    def __init__(self, program, folder, cluster):
        config = (MONITORING / "prometheus.yml").read_text(encoding="utf-8")
        for service, port in SERVICES.items():
            assert "127.0.0.1:%d" % port in config, service
            config = config.replace("127.0.0.1:%d" % port, cluster.http[service])
        config = config.replace("rules/*.yml", str(MONITORING / "rules/*.yml")).replace(": 15s", ": 1s")
        (folder / "prometheus.yml").write_text(config, encoding="utf-8")
        self.address = "http://127.0.0.1:%d" % free_port()
        self._log = open(folder / "prometheus.log", "w", encoding="utf-8")
        self._process = subprocess.Popen(
            [program, "--config.file=%s" % (folder / "prometheus.yml"), "--log.level=warn",
             "--storage.tsdb.path=%s" % (folder / "tsdb"),
             "--web.listen-address=%s" % self.address.removeprefix("http://")],
            stdout=self._log, stderr=self._log)
        self.folder = folder

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._log.close()

    def api(self, path, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return json.loads(get(self.address + "/api/v1/" + path + query))["data"]

    def wait_until_all_up(self):
        wait_for("Prometheus", self._answers)
        wait_for("all targets", lambda: len(self.up()) == len(SERVICES))

    def _answers(self):
        assert self._process.poll() is None, (self.folder / "prometheus.log").read_text()
        try:
            return "Ready" in get(self.address + "/-/ready")
        except OSError:
            return False

    def up(self):
        return [target for target in self.api("targets")["activeTargets"] if target["health"] == "up"]

    def series(self, expression):
        """What an instant query returns; urllib raises where it does not parse."""
        return self.api("query", query=expression)["result"]
