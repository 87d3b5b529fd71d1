"""The four services as processes on free ports of loopback, plain or with mutual TLS, for real clients to call."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

SOURCE = pathlib.Path(os.environ.get("TACT_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("TACT_BIN_DIR", SOURCE / "build/release/bin"))
MODELS = SOURCE / "models"
DATASETS = SOURCE / "datasets"
SKIPPED = 77
LISTENING = re.compile(r"listening on port (\d+), http on port (\d+)")


def wait_for(what, holds, seconds=60):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("%s: not within %d s" % (what, seconds))
        time.sleep(0.05)


def head(folder, dataset, lines):
    """The first lines of a data set of the repository, as a file of its own."""
    path = pathlib.Path(folder) / dataset
    with open(DATASETS / dataset, encoding="utf-8") as file:
        path.write_text("".join(file.readline() for _ in range(lines)), encoding="utf-8")
    return path


def dialogue(dataset, line):
    return json.loads((DATASETS / dataset).read_text(encoding="utf-8").splitlines()[line])["dialogue"]


class Service:
    """One process of tact-NAME; `address` and `http` once it is ready."""

    def __init__(self, name, *flags):
        self.name = name
        command = [BIN / ("tact-" + name), "--address", "127.0.0.1:0", "--http-address", "127.0.0.1:0",
                   "--drain-seconds", "5", *flags]
        # From the repository's root, so that what a service tells of its model is "models/policy".
        self._process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True, cwd=SOURCE)
        for line in self._process.stdout:
            found = LISTENING.search(line)
            if found:
                self.address, self.http = ("127.0.0.1:" + port for port in found.groups())
                return
        raise AssertionError("tact-%s did not start" % name)

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self._process.wait()

    def close(self):
        self.signal(signal.SIGTERM)
        self._process.wait()
        self._process.stdout.close()

    def metric(self, series):
        """The value of one series of /metrics, e.g. "tact_policy_running_sequences"; 0 if it is not there."""
        with urllib.request.urlopen("http://%s/metrics" % self.http, timeout=20) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(series + " "):
                    return float(line.split()[-1])
        return 0.0


class Cluster:
    """Policy, reward, trainer and evaluation; with `certificates`, a folder of scripts/make-certs, each asks its
    callers who they are. `flags` has more of them by name of the service."""

    def __init__(self, folder, certificates=None, flags=None):
        self._certificates, self._flags = certificates, flags or {}
        self.services = {}
        try:
            self._start("policy", "--model", "models/policy")
            self._start("reward", "--model", "models/reward")
            others = ("--policy", self.address("policy"), "--reward", self.address("reward"))
            self._start("trainer", "--models-root", "models", "--data-dir", pathlib.Path(folder) / "trainer", *others)
            self._start("evaluation", "--data-dir", pathlib.Path(folder) / "evaluation", *others)
        except BaseException:
            self.close()
            raise

    def _start(self, name, *flags):
        own = self._certificates / name if self._certificates else None
        tls = ("--tls-cert", "%s.pem" % own, "--tls-key", "%s.key" % own,
               "--tls-client-ca", self._certificates / "ca.pem") if own else ()
        self.services[name] = Service(name, *flags, *tls, *self._flags.get(name, ()))

    def address(self, name):
        return self.services[name].address

    def close(self):
        for service in self.services.values():
            service.signal(signal.SIGTERM)
        for service in self.services.values():
            service.close()


def make_certificates(folder):
    """Those of scripts/make-certs: one for each service, client and admin for callers."""
    subprocess.run([SOURCE / "scripts/make-certs", folder], check=True, stdout=subprocess.DEVNULL)
    return pathlib.Path(folder)
