"""Draws docs/img/turn.svg, the picture of one turn: python3 tools/draw_turn.py [--check]. It needs nothing but Python."""

import pathlib
import sys
from html import escape

FILE = pathlib.Path(__file__).parent.parent / "docs" / "img" / "turn.svg"
WIDTH, HEIGHT = 860, 500

# Each box: left, top, width, height, kind, title, lines.
BOXES = [
    (300, 20, 260, 64, "driver", "driver", ["calls, waits until Next, calls again"]),
    (20, 150, 200, 96, "world", "the alias", ["routing, journal, RevisionId", "read, or UpdateAlias's answer", "of a moment ago"]),
    (300, 150, 260, 96, "pure", "Decide", ["plan, snapshot, driver, deadline,", "token → one action and a token;", "reads no clock, calls nothing"]),
    (640, 150, 200, 96, "world", "Look", ["candidate · traffic · account ·", "concurrency · health", "the same turn asks again"]),
    (20, 330, 250, 78, "world", "Write", ["one conditional UpdateAlias:", "routing and journal together"]),
    (305, 330, 250, 78, "world", "RunHook, RunProbe", ["one invocation, bounded", "by the way back"]),
    (590, 330, 250, 78, "plain", "Wait, Finish", ["nothing is called: when to", "come again, or how it ended"]),
]
# Each arrow: its points, and a text with the place of it.
ARROWS = [
    ([(360, 84), (360, 150)], ("token", 352, 121, "end")),
    ([(220, 198), (300, 198)], ("snapshot", 260, 189, "middle")),
    ([(560, 180), (640, 180)], ("asks", 600, 171, "middle")),
    ([(640, 220), (560, 220)], ("finds", 600, 237, "middle")),
    ([(430, 246), (430, 330)], None),
    ([(430, 288), (145, 288), (145, 330)], None),
    ([(430, 288), (715, 288), (715, 330)], None),
    ([(145, 408), (145, 450), (860 - 12, 450), (860 - 12, 52), (560, 52)], ("Result: token, next or end, events", 600, 42, "start")),
    ([(430, 408), (430, 450)], ("After(action, result) writes the token", 440, 440, "start")),
    ([(715, 408), (715, 450)], None),
]
STYLE = """
  .card { fill: #ffffff; stroke: #d0d7de } .pure { fill: #ddf4ff; stroke: #0969da } .world { fill: #fff8c5; stroke: #9a6700 }
  .driver { fill: #dafbe1; stroke: #1a7f37 } .plain { fill: #f6f8fa; stroke: #656d76 }
  text { fill: #1f2328 } .small { fill: #57606a; font-size: 13px } .line { stroke: #57606a; fill: none } .head { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #30363d } .pure { fill: #0c2d6b; stroke: #58a6ff } .world { fill: #3b2300; stroke: #d29922 }
    .driver { fill: #033a16; stroke: #3fb950 } .plain { fill: #161b22; stroke: #8b949e }
    text { fill: #e6edf3 } .small { fill: #b1bac4 } .line { stroke: #b1bac4 } .head { fill: #b1bac4 }
  }"""


def drawing():
    """The picture, as the text of an SVG file."""
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        "font-family=\"-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\" font-size=\"15\">",
        "<title>One turn: look at the alias, decide, do at most one thing</title>",
        f"<style>{STYLE}\n</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
    ]
    for points, text in ARROWS:
        path = "M" + "L".join(f"{x} {y}" for x, y in points)
        out.append(f'<path class="line" d="{path}" marker-end="url(#head)"/>')
        if text:
            out.append(f'<text class="small" x="{text[1]}" y="{text[2]}" text-anchor="{text[3]}">{escape(text[0])}</text>')
    for x, y, width, height, kind, title, lines in BOXES:
        middle = x + width / 2
        out.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        out.append(f'<text x="{middle:g}" y="{y + 25}" text-anchor="middle" font-weight="600">{escape(title)}</text>')
        for i, line in enumerate(lines):
            out.append(f'<text class="small" x="{middle:g}" y="{y + 46 + 18 * i}" text-anchor="middle">{escape(line)}</text>')
    out.append(
        f'<text class="small" x="20" y="{HEIGHT - 16}">Blue is pure. Yellow is the account: AWS, or the simulated one. '
        "Green is all that differs between drivers.</text>"
    )
    return "\n".join(out + ["</svg>", ""])


def main():
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text() != drawing():
            sys.exit(f"{FILE.name} is not what the script draws: python3 tools/draw_turn.py")
        return
    FILE.write_text(drawing())


if __name__ == "__main__":
    main()
