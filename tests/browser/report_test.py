#!/usr/bin/env python3
"""Opens reports in headless Chromium: one of a running cluster, and one full of hostile markup.

Exits with 77, which ctest shows as skipped, where there is no Chromium. TACT_BIN_DIR and
TACT_SOURCE_DIR say where programs and models are, as for other tests.
"""
import argparse
import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chromium  # noqa: E402
from cluster import SOURCE, Cluster  # noqa: E402

SKIPPED = 77
HEADINGS = ["Before and after", "More than chance?", "Models", "Spread", "Training",
            "Responses, largest gain of reward first"]
PLOTS = ["Histogram of toxicity", "Quantiles of toxicity", "Reward difference", "ROUGE with intervals",
         "Histogram of words", "Quantiles of words", "Training curve"]
PAPER = 718  # A4 between Chromium's margins, in CSS pixels

# The lowest contrast (WCAG 2.1) of any text with what is painted behind it, and that text.
LOWEST_CONTRAST = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  let worst = [99, ''];
  for (const node of document.querySelectorAll('body *')) {
    const text = [...node.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('').trim();
    if (!text || /^(title|desc|style)$/.test(node.tagName) || !node.getClientRects().length) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(node.tagName === 'text' ? style.fill : style.color), light(ground(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < worst[0]) worst = [contrast, node.tagName + ': ' + text.slice(0, 40)];
  }
  return worst;
})()"""

# Tables and plots that stick out of the window.
TOO_WIDE = """[...document.querySelectorAll('table, svg, figure')]
  .filter(n => n.getBoundingClientRect().right > innerWidth + 1).length"""


def check_structure(page, curves):
    headings = [h for h in HEADINGS if curves or h != "Training"]
    found = page.evaluate("[...document.querySelectorAll('h2')].map(n => n.textContent)")
    assert found == headings, found
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("document.querySelectorAll('table').length") == 4
    without = "[...document.querySelectorAll('table')].filter(t => !t.caption.textContent).length"
    assert page.evaluate(without) == 0
    names = page.evaluate("[...document.querySelectorAll('svg')].map(n => "
                          "document.getElementById(n.getAttribute('aria-labelledby')).textContent)")
    for plot in PLOTS:
        assert any(name.startswith(plot) for name in names) == (curves or "curve" not in plot), names
    empty = "[...document.querySelectorAll('svg desc')].filter(n => n.textContent.length < 10).length"
    assert page.evaluate(empty) == 0
    assert "NaN" not in page.evaluate("document.body.innerHTML")
    twice = """(() => { const ids = [...document.querySelectorAll('[id]')].map(n => n.id);
      return ids.length - new Set(ids).size; })()"""
    assert page.evaluate(twice) == 0


def check_colours(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = set()
    for scheme in ("light", "dark"):
        page.colour_scheme(scheme)
        grounds.add(page.evaluate(ground))
        contrast, text = page.evaluate(LOWEST_CONTRAST)
        assert contrast >= 4.5, "%s: %.2f of %s" % (scheme, contrast, text)
    assert len(grounds) == 2, grounds


def check_widths(page):
    for width in (320, 390, 768, 1280):
        page.resize(width, 900)
        # Not innerWidth: a phone's grows with what sticks out.
        fits = "document.scrollingElement.scrollWidth <= %d" % width
        assert page.evaluate(fits), "the page scrolls sideways at %d" % width
    page.resize(1240, 1400)


def check_paper(page, plots):
    page.colour_scheme("dark", media="print")
    page.resize(PAPER, 1000)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    contrast, text = page.evaluate(LOWEST_CONTRAST)
    assert contrast >= 4.5, "print: %.2f of %s" % (contrast, text)
    assert page.evaluate(TOO_WIDE) == 0, "tables or plots are cut off on paper"
    pdf = page.pdf()
    page.colour_scheme("light")
    page.resize(1240, 1400)
    assert pdf.startswith(b"%PDF-")
    count = lambda pattern: len(re.findall(pattern, pdf))  # noqa: E731
    found = {"tables": count(rb"/S /Table\b"), "captions": count(rb"/S /Caption\b"),
             "plots": count(rb"/Alt [(<]")}
    assert found == {"tables": 4, "captions": 4 + plots, "plots": plots}, found
    return pdf


def check_silence(page, url):
    assert not page.messages(), page.messages()
    assert set(page.requested()) == {url}, page.requested()


def check(program, file, curves):
    """All of it on one page; (a screenshot, its PDF)."""
    page = chromium.Chromium(program)
    try:
        url = file.resolve().as_uri()
        page.open(url)
        check_structure(page, curves)
        check_colours(page)
        check_widths(page)
        pdf = check_paper(page, 6 + curves)
        check_silence(page, url)
        return base64.b64decode(page.screenshot()), pdf
    finally:
        page.close()


def check_hostile(program, file):
    page = chromium.Chromium(program)
    try:
        page.open(file.resolve().as_uri())
        assert page.evaluate("window.hostile") is None
        live = "document.querySelectorAll('img, script, iframe, [onload], [onerror]').length"
        assert page.evaluate(live) == 0
        for place in ("h1", "td.text", "details summary", "footer", "figure h3"):
            text = page.evaluate(
                "[...document.querySelectorAll('%s')].map(n => n.textContent).join()" % place)
            assert "</script>" in text, place
        assert page.evaluate("document.title").count("<img src=x") == 2
    finally:
        page.close()


def make_report(cluster, folder):
    """A report of the base model and one that a short training made of it."""
    data = SOURCE / "datasets/test.jsonl"
    job = cluster.train("lora", "--base-model", "policy", "--dataset", SOURCE / "datasets/val.jsonl",
                        "--name", "tuned", "--max-steps", "8", "--batch-size", "8",
                        "--learning-rate", "3e-3")
    cluster.tactctl("jobs", "watch", job)
    evaluated = json.loads(cluster.tactctl("eval", "--dataset", data, "--limit", "24", "--model",
                                           "base,tuned", "--reference-field", "neutral_summary",
                                           "-o", "json"))
    before, after = (e["id"] for e in evaluated["evaluations"])
    report = folder / "report.html"
    cluster.tactctl("compare", before, after, "--job", job, "--report", report)
    return report


def run(program, folder, arguments):
    hostile = folder / "hostile.html"
    subprocess.run([arguments.write_report, hostile], check=True)
    check_hostile(program, hostile)
    check(program, hostile, curves=1)
    cluster = Cluster(folder)
    try:
        report = make_report(cluster, folder)
    finally:
        cluster.close()
    picture, pdf = check(program, report, curves=1)
    (arguments.screenshots / "report.png").write_bytes(picture)
    (arguments.screenshots / "report.pdf").write_bytes(pdf)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-report", type=pathlib.Path, required=True,
                        help="the program that writes the hostile page")
    parser.add_argument("--screenshots", type=pathlib.Path, default=pathlib.Path("."))
    arguments = parser.parse_args()
    program = chromium.find()
    if program is None:
        print("skipped: no chromium on the PATH; on Debian: apt-get install chromium")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="tact-report-") as folder:
        run(program, pathlib.Path(folder), arguments)
    print("the reports are well; report.png and report.pdf in %s" % arguments.screenshots)
    return 0


if __name__ == "__main__":
    sys.exit(main())
