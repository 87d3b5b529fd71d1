"""A cluster with the embedded models on free ports, for tests that look at its pages."""
import json
import os
import pathlib
import signal
import subprocess

SOURCE = pathlib.Path(os.environ.get("TACT_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
BIN = pathlib.Path(os.environ.get("TACT_BIN_DIR", SOURCE / "build/release/bin"))


class Cluster:
    """tactctl up on free ports, with text logging."""

    def __init__(self, folder):
        self.data = folder / "data"
        self._process = subprocess.Popen(
            [BIN / "tactctl", "up", "--models", SOURCE / "models", "--data-dir", self.data, "--ports",
             "0", "--trainer-arg=--log-text"], stdout=subprocess.PIPE, text=True)
        self.http = None
        for line in self._process.stdout:
            words = line.split()
            if words and words[0] == "tact-trainer":
                self.http = "http://" + words[2]
            if line.startswith("ready"):
                return
        raise AssertionError("the cluster did not start")

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def tactctl(self, *arguments):
        done = subprocess.run([BIN / "tactctl", "--cluster", self.data, *arguments], text=True,
                              stdout=subprocess.PIPE, check=True)
        return done.stdout

    def train(self, *arguments):
        """The id of a new job."""
        made = self.tactctl("train", *arguments, "--no-follow", "-o", "json")
        return json.loads(made)["job"]["id"]
