"""Draws stacks, counted, as a flame graph: an SVG of one file that zooms and searches in any browser."""

import re
from html import escape
from pathlib import Path

HEIGHT = 18
TOP = 52
WIDTH = 1200
SCRIPT = Path(__file__).with_name("flame-graph.js")

STYLE = """
text { font: 12px monospace; pointer-events: none; }
.frame { cursor: pointer; }
.frame:hover rect { stroke: #222; }
.match { fill: #e0559b !important; }
#reset, #found { cursor: pointer; pointer-events: all; fill: #245; text-decoration: underline; }
"""


class Frame:
    """One function, called by those above it, with how often it was seen."""

    def __init__(self, name: str):
        self.name = name
        self.count = 0
        self.callees: dict[str, Frame] = {}

    def add(self, stack: list[str], count: int) -> None:
        """Counts a stack, its outermost function first."""
        self.count += count
        frame = self
        for name in stack:
            frame = frame.callees.setdefault(name, Frame(name))
            frame.count += count

    def depth(self) -> int:
        return 1 + max((callee.depth() for callee in self.callees.values()), default=0)


def clean(name: str) -> str:
    """The target states its names: nothing in them may be more than text. XML has no other control characters."""
    return re.sub(r"[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", name)[:400]


def color(name: str) -> str:
    """The same for the same name, wherever it stands."""
    value = sum(ord(letter) * (index % 7 + 1) for index, letter in enumerate(name))
    if name.endswith("_[k]"):
        return f"hsl(28 80% {62 + value % 14}%)"
    return f"hsl({value % 40 + 15} {70 + value % 20}% {58 + value % 12}%)"


def draw_frame(frame: Frame, total: int, left: int, depth: int, bottom: int, lines: list[str]) -> None:
    share = frame.count / total
    y = bottom - (depth + 1) * HEIGHT
    name = escape(clean(frame.name), quote=True)
    lines.append(
        f'<g class="frame" data-name="{name}" data-left="{left / total:.9f}" data-width="{share:.9f}"'
        f' data-depth="{depth}"><title>{name}: {frame.count} samples, {share * 100:.1f} %</title>'
        f'<rect x="{left / total * WIDTH:.1f}" y="{y}" width="{share * WIDTH:.1f}" height="{HEIGHT - 1}"'
        f' fill="{color(frame.name)}"/>'
        f'<text x="{left / total * WIDTH + 3:.1f}" y="{y + 13}">{name if len(name) * 7 < share * WIDTH else ""}</text></g>'
    )
    for callee in sorted(frame.callees.values(), key=lambda callee: callee.name):
        draw_frame(callee, total, left, depth + 1, bottom, lines)
        left += callee.count


def draw_flame_graph(stacks: dict[tuple[str, ...], int], title: str) -> str:
    """@param stacks the outermost function first, and how often each was seen."""
    root = Frame("all")
    for stack, count in stacks.items():
        # Deeper ones are most often recursion, and would be drawn by recursion.
        root.add(list(stack[:400]), count)
    bottom = TOP + root.depth() * HEIGHT
    lines: list[str] = []
    draw_frame(root, max(root.count, 1), 0, 0, bottom, lines)
    # No stack holds ]]> here: the script is the toolbox's own.
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{bottom + 8}" style="background:#fff">',
            f"<style>{STYLE}</style>",
            f'<text x="8" y="20" style="font-weight:bold">{escape(clean(title))}</text>',
            '<text id="reset" x="8" y="40">Reset zoom</text><text id="found" x="110" y="40">Search</text>',
            *lines,
            f"<script><![CDATA[{SCRIPT.read_text()}]]></script>",
            "</svg>",
            "",
        ]
    )
