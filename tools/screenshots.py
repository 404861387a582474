"""Shows the pages that we write in Chromium, in three sizes, light and dark: make screenshots. It needs Chromium.

The pictures are for looking at, in dist/screenshots. What is checked is no pixel: that nothing is wider than its page, and that
every text can be told from what is behind it.
"""

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SIZES = ((420, 320), (760, 560), (1280, 720))
GOLDENS = sorted((ROOT / "internal/widget/testdata/events").glob("*.golden"))
REPORTS = sorted((ROOT / "internal/cli/report/testdata").glob("*.html"))

# Where CloudWatch puts a widget: a box that scrolls, with buttons of its own look.
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><style>
body {{ margin: 0; background: {background}; }}
#box {{ width: 100vw; height: 100vh; overflow: auto; }}
.btn {{ display: inline-block; border: 1px solid #879596; border-radius: 2px; padding: 2px 12px; margin: 2px; cursor: pointer; }}
cwdb-action {{ display: none; }}
</style></head><body><div id="box">{content}</div><pre id="found"></pre><script>
const box = document.getElementById("box"), found = [];
if (box.scrollWidth > box.clientWidth) found.push("it is " + box.scrollWidth + " wide in a box of " + box.clientWidth);
const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
const bright = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
for (const e of box.querySelectorAll("*")) {{
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || getComputedStyle(e).display === "none" || e.tagName === "STYLE") continue;
  let behind = e;
  while (behind && !(parts(getComputedStyle(behind).backgroundColor)[3] ?? 1)) behind = behind.parentElement;
  const style = getComputedStyle(e), ink = e instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [bright(parts(ink)), bright(parts(getComputedStyle(behind || document.body).backgroundColor))].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < 4.5) found.push("cannot be read: " + e.textContent.trim().slice(0, 40));
}}
document.getElementById("found").textContent = JSON.stringify(found);
</script></body></html>"""


def chromium(*arguments):
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("there is no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={profile}"]
        done = subprocess.run([program, *flags, *arguments], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def themed(content, dark):
    return re.sub(r'rollout(?: dark)?">', f'rollout{" dark" if dark else ""}">', content, count=1)


def framed():
    """The pages to show, by name, each with whether it is dark: the widget in a box as CloudWatch has one, and reports."""
    for golden in GOLDENS:
        content = golden.read_text()
        for dark in (False, True):
            if content.startswith("<div"):
                text = PAGE.format(background="#0f1b2a" if dark else "#ffffff", content=themed(content, dark))
                yield f"widget-{golden.stem}-{'dark' if dark else 'light'}", dark, text
    for report in REPORTS:
        before, content = report.read_text().split('<body class="rollout">')
        check = PAGE[PAGE.index("<pre id"):].format().replace("</body></html>", "")
        for dark in (False, True):
            text = f'{before}<body class="rollout"><div id="box">{content.replace("</body>", "</div>" + check + "</body>")}'
            yield f"report-{report.stem}-{'dark' if dark else 'light'}", dark, text


def main():
    folder = ROOT / "dist/screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    problems = 0
    for name, dark, text in framed():
        page = folder / f"{name}.html"
        page.write_text(text)
        for width, height in SIZES:
            flags = (f"--window-size={width},{height}", f"--blink-settings=preferredColorScheme={0 if dark else 1}")
            chromium(*flags, f"--screenshot={page.with_suffix('')}-{width}.png", page.as_uri())
            dom = chromium(*flags, "--dump-dom", page.as_uri())
            found = json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL).group(1)))
            problems += len(found)
            for problem in found:
                print(f"{name} at {width} x {height}: {problem}")
    print(f"dist/screenshots has the pictures; {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
