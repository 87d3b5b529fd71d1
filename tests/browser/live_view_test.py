#!/usr/bin/env python3
"""Opens the live view of a running trainer in headless Chromium and checks what is in it.

Starts a cluster with the embedded models in a temporary folder, trains a ppo job, and looks at the
page while it runs and at its end. Exits with 77, which ctest shows as skipped, where there is no
Chromium. TACT_BIN_DIR and TACT_SOURCE_DIR say where programs and models are, as for other tests.
"""
import argparse
import base64
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chromium  # noqa: E402
from cluster import SOURCE, Cluster  # noqa: E402

SKIPPED = 77


def head(folder, lines):
    data = folder / "prompts.jsonl"
    with open(SOURCE / "datasets/sft_train.jsonl", encoding="utf-8") as file:
        data.write_text("".join(file.readline() for _ in range(lines)), encoding="utf-8")
    return data


def make_job(cluster, folder, arguments):
    data = head(folder, arguments.examples)
    start = ["--base-model", "policy"]
    if arguments.sft_steps:
        job = cluster.train("full", *start, "--dataset", data, "--name", "sft", "--max-steps",
                            str(arguments.sft_steps), "--batch-size", "16")
        cluster.tactctl("jobs", "watch", job)
        start = ["--base-job", job]
    return cluster.train("ppo", *start, "--dataset", data, "--name", arguments.name,
                         "--publish-as", "detox", "--steps", str(arguments.steps), "--batch-size",
                         str(arguments.batch), "--mini-batch-size", str(arguments.batch // 4),
                         "--max-new-tokens", "60", "--learning-rate", "3e-5", "--no-lora",
                         *arguments.further)


def check_http(address):
    with urllib.request.urlopen(address + "/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy, policy
    try:
        urllib.request.urlopen(urllib.request.Request(address + "/", data=b"x"))
        raise AssertionError("POST was answered")
    except urllib.error.HTTPError as error:
        assert error.code == 405, error.code


def check_list(page, address, job, name):
    page.open(address + "/")
    page.wait_for("document.querySelectorAll('#jobs tr').length >= 1")
    assert page.evaluate("document.querySelector('#jobs a').textContent") == name
    assert page.evaluate("document.querySelectorAll('b').length") == 0
    assert page.evaluate("document.querySelector('#jobs a').pathname") == "/jobs/" + job


def check_job(page, address, job, steps):
    page.open(address + "/jobs/" + job)
    # Curves grow without a reload.
    page.wait_for("document.querySelectorAll('#curves path.line').length >= 5", 120)
    page.wait_for("document.getElementById('state').textContent === 'succeeded'", 300)
    names = page.evaluate("[...document.querySelectorAll('#curves h3')].map(n => n.textContent)")
    for name in ("reward", "KL", "policy loss", "learning rate"):
        assert name in names, names
    points = page.evaluate("document.querySelector('#curves path.line').getAttribute('d')")
    assert points.count("L") == steps - 1, points
    assert "NaN" not in page.evaluate("document.getElementById('curves').innerHTML")
    assert page.evaluate("document.getElementById('steps').textContent") == "%d / %d" % (steps, steps)
    page.open(address + "/jobs/" + job)
    page.wait_for("document.querySelectorAll('#curves path.line').length >= 5")
    assert page.evaluate("document.querySelectorAll('td.text .soft').length") > 0, "no samples"


def check_looks(page):
    for width in (360, 1280):
        page.resize(width, 900)
        # Not innerWidth: a phone's grows with what sticks out.
        fits = "document.scrollingElement.scrollWidth <= %d" % width
        assert page.evaluate(fits), "the page is wider than %d" % width
    ground = "getComputedStyle(document.body).backgroundColor"
    page.colour_scheme("dark")
    dark = page.evaluate(ground)
    page.colour_scheme("light")
    assert page.evaluate(ground) != dark
    page.resize(1240, 1240)


def check_without_script(page, address, job):
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=address + "/jobs/" + job)
    page.wait_for("document.readyState === 'complete' && document.querySelectorAll('tr').length > 5")
    assert "JavaScript" in page.evaluate("document.querySelector('#curves').innerText")
    page.call("Emulation.setScriptExecutionDisabled", value=False)


def run(program, folder, arguments):
    cluster = Cluster(folder)
    page = None
    try:
        job = make_job(cluster, folder, arguments)
        page = chromium.Chromium(program)
        check_http(cluster.http)
        check_list(page, cluster.http, job, arguments.name)
        check_job(page, cluster.http, job, arguments.steps)
        check_looks(page)
        arguments.screenshot.write_bytes(base64.b64decode(page.screenshot()))
        check_without_script(page, cluster.http, job)
        assert not page.complaints(), page.complaints()
        outside = [url for url in page.requested() if not url.startswith(cluster.http + "/")]
        assert not outside, outside
    finally:
        if page:
            page.close()
        cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screenshot", type=pathlib.Path, default=pathlib.Path("live-view.png"))
    # Markup in a name is text on the page.
    parser.add_argument("--name", default="detox <b>&co</b>")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--examples", type=int, default=16)
    parser.add_argument("--sft-steps", type=int, default=0)
    parser.add_argument("further", nargs="*", help="flags of tactctl train ppo, behind --")
    arguments = parser.parse_args()
    program = chromium.find()
    if program is None:
        print("skipped: no chromium on the PATH; on Debian: apt-get install chromium")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="tact-live-view-") as folder:
        run(program, pathlib.Path(folder), arguments)
    print("the live view is well; screenshot in %s" % arguments.screenshot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
