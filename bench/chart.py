"""Draws line charts as SVG, side by side: no library, and readable on white and on black.

A chart is {"title", "unit", "lines": [{"name", "points": [(x, y)]}]}; x is logarithmic, y linear from nought.
"""
import math

WIDTH, HEIGHT = 380, 300           # of one chart
LEFT, RIGHT, TOP, BOTTOM = 48, 76, 62, 44

STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.grid { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #8c959f; stroke-width: 1 }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
.line1 { stroke: #0969da } .dot1, .name1 { fill: #0969da } .area1 { fill: #0969da; opacity: .08 }
.line2 { stroke: #bf8700 } .dot2, .name2 { fill: #9a6700 } .area2 { fill: none }
.name1, .name2 { font-weight: 600 } .end, .middle { text-anchor: end } .middle { text-anchor: middle }
.back { fill: #ffffff }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #2d333b } .axis { stroke: #656c76 } .back { fill: #0d1117 }
.line1 { stroke: #4493f8 } .dot1, .name1 { fill: #4493f8 } .area1 { fill: #4493f8; opacity: .12 }
.line2 { stroke: #d29922 } .dot2, .name2 { fill: #d29922 }
}"""


def short(n):
    """Returns 10 k, 3 M, 0.5"""
    for factor, letter in ((1e6, " M"), (1e3, " k")):
        if n >= factor:
            return "%g%s" % (n / factor, letter)
    return "%g" % n


def steps(most):
    """Returns round numbers from nought to `most` or a little more, about five of them."""
    raw = most / 4.5
    size = 10 ** math.floor(math.log10(raw))
    step = next(f * size for f in (1, 2, 2.5, 5, 10) if f * size >= raw)
    return [step * i for i in range(int(math.ceil(most / step)) + 1)]


class Chart:
    def __init__(self, chart, left):
        self.chart, self.left = chart, left
        points = [p for line in chart["lines"] for p in line["points"]]
        self.x_from, self.x_to = (f(math.log10(x) for x, _ in points) for f in (min, max))
        self.ticks = steps(max(y for _, y in points) * 1.02)
        self.floor = TOP + HEIGHT - TOP - BOTTOM

    def x(self, value):
        share = (math.log10(value) - self.x_from) / ((self.x_to - self.x_from) or 1)
        return self.left + LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return self.floor - value / self.ticks[-1] * (self.floor - TOP)

    def frame(self):
        yield '<text class="title" x="%d" y="24">%s</text>' % (self.left + 12, self.chart["title"])
        yield '<text x="%d" y="42">%s</text>' % (self.left + 12, self.chart["unit"])
        edges = self.x(10 ** self.x_from), self.x(10 ** self.x_to)
        for tick in self.ticks:
            yield '<line class="%s" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>' % (
                "grid" if tick else "axis", *edges, self.y(tick), self.y(tick))
            yield '<text class="end" x="%.1f" y="%.1f">%s</text>' % (edges[0] - 8, self.y(tick) + 4, short(tick))
        for power in range(math.ceil(self.x_from - 1e-9), math.floor(self.x_to + 1e-9) + 1):
            yield '<text class="middle" x="%.1f" y="%d">%s</text>' % (self.x(10 ** power), self.floor + 18, short(10 ** power))
        yield '<text class="middle" x="%.1f" y="%d">connections at once</text>' % (sum(edges) / 2, self.floor + 36)

    def lines(self):
        for number, line in enumerate(self.chart["lines"], 1):
            at = [(self.x(x), self.y(y)) for x, y in line["points"]]
            path = " L".join("%.1f %.1f" % p for p in at)
            yield '<path class="area%d" d="M%s L%.1f %d L%.1f %d Z"/>' % (number, path, at[-1][0], self.floor, at[0][0], self.floor)
            yield '<path class="line line%d" d="M%s"/>' % (number, path)
            for x, y in at:
                yield '<circle class="dot%d" cx="%.1f" cy="%.1f" r="3"/>' % (number, x, y)
            yield '<text class="name%d" x="%.1f" y="%.1f">%s</text>' % (number, at[-1][0] + 9, at[-1][1] + 4, line["name"])


def draw(charts, described):
    """Returns the text of an SVG with the charts side by side."""
    width = WIDTH * len(charts)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">' % (
        width, HEIGHT, width, HEIGHT), "<title>%s</title>" % described, "<style>%s</style>" % STYLE,
        '<rect class="back" width="%d" height="%d" rx="8"/>' % (width, HEIGHT)]
    for i, chart in enumerate(charts):
        drawn = Chart(chart, i * WIDTH)
        out += [*drawn.frame(), *drawn.lines()]
    return "\n".join(out) + "\n</svg>\n"
