#!/usr/bin/env python3
"""Draws what a cast of Holdpoint's shows, as SVG: terminal.py RUN.cast >terminal.svg

`holdpoint report RUN --format cast -o RUN.cast` makes the cast. Its texts are lines with colours (SGR) and nothing else that moves a
cursor, so no terminal is needed to draw them.
"""

import html
import json
import re
import sys
import textwrap

COLUMNS, HEIGHT, WIDTH = 80, 20, 9
COLOURS = {"1": "#ffffff", "2": "#8b949e", "31": "#ff7b72", "32": "#56d364", "33": "#e3b341", "36": "#79c0ff"}
PLAIN = "#d0d7de"


def lines(cast):
    """Each line as parts of one colour."""
    head, *events = (json.loads(line) for line in cast)
    assert head["version"] == 3, head
    text = "".join(data for _, kind, data in events if kind == "o")
    for line in text.split("\r\n")[:-1]:
        colour, parts = PLAIN, []
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            sgr = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
            if sgr:
                colour = COLOURS.get(sgr[1], PLAIN)
            elif part:
                parts.append((colour, part))
        # What is longer than the window is all of one colour.
        if sum(len(part) for _, part in parts) <= COLUMNS:
            yield parts
        else:
            for piece in textwrap.wrap("".join(part for _, part in parts), COLUMNS):
                yield [(parts[0][0], piece)]


def main():
    with open(sys.argv[1], encoding="utf-8") as cast:
        shown = list(lines(cast))
    width, height = COLUMNS * WIDTH + 40, len(shown) * HEIGHT + 40
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">')
    print("<title>A run as it is replayed on a terminal</title>")
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
    print('<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="15" xml:space="preserve">')
    for row, parts in enumerate(shown):
        spans = "".join(f'<tspan fill="{colour}">{html.escape(part)}</tspan>' for colour, part in parts)
        print(f'<text x="20" y="{row * HEIGHT + 34}">{spans}</text>')
    print("</g>\n</svg>")


main()
