"""bench/report: the page made from the measurements."""
import json
import os
import re
import xml.etree.ElementTree

PAGE = """by hand
<!-- run -->
what was measured before
<!-- end -->
<!-- growth -->
old
<!-- end -->
by hand, too
"""
ORIGIN = {"when": "2026-11-29 12:00", "version": "connlog 1", "machine": {
    "processor": "Some", "cores": 2, "memory": 8e9, "system": "Linux 6", "virtual": True, "load": 0.5}}


def point(n, ns):
    return {"connections": n, "connlog": {"packet_ns": ns, "connection_ns": 9 * ns, "peak": 200 * n, "bytes": 200},
            "limit": {"packet_ns": ns / 3, "connection_ns": ns, "peak": 64 * n}}


def report(env, page, **results):
    os.makedirs(env.tmp + "/build/bench", exist_ok=True)
    with open(env.tmp + "/BENCHMARKS.md", "w") as f:
        f.write(page)
    for name, r in results.items():
        with open(env.tmp + "/build/bench/%s.json" % name, "w") as f:
            json.dump(r, f)
    return env.command(env.root + "/bench/report", "--build", "build", "--docs", ".")


def test_what_was_measured_is_replaced_and_nothing_else(env):
    points = [point(10 ** k, 100 + 20 * k) for k in range(4, 8)]
    done = report(env, PAGE, growth={**ORIGIN, "rounds": 3, "packets": 1000, "points": points})
    assert done.returncode == 0 and "run has not been measured here" in done.stdout, done.stderr
    with open(env.tmp + "/BENCHMARKS.md") as f:
        page = f.read()
    assert page.startswith(PAGE[:PAGE.index("old")]) and page.endswith("<!-- end -->\nby hand, too\n") and "old" not in page, page
    assert "| 10,000,000 | 240 | 80 | 2160 | 200 | 2000 |" in page and "Linux 6; load before it 0.5." in page, page


def test_the_picture(env):
    """Checks that the picture is well-formed and within its frame, and that a line has a dot for each point."""
    points = [point(n, ns) for n, ns in ((10000, 150), (300000, 155), (10000000, 290))]
    report(env, PAGE, growth={**ORIGIN, "rounds": 3, "packets": 1000, "points": points})
    root = xml.etree.ElementTree.parse(env.tmp + "/growth.svg").getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    dots = root.findall("{*}circle")
    assert len(dots) == 4 * len(points), len(dots)
    for path in root.findall("{*}path"):
        numbers = [float(n) for n in re.findall(r"[\d.]+", path.get("d"))]
        assert all(0 <= x <= width for x in numbers[::2]) and all(0 <= y <= height for y in numbers[1::2]), path.get("d")
    assert float(dots[0].get("cy")) > float(dots[2].get("cy")), "more nanoseconds stand higher"


def test_a_page_without_the_place(env):
    done = report(env, "by hand\n", growth={**ORIGIN, "rounds": 3, "packets": 1000, "points": [point(10000, 1), point(20000, 1)]})
    assert done.returncode == 1 and "no one place for growth" in done.stderr, done.stderr


def test_the_page_of_the_project_has_all_places(env):
    with open(env.root + "/docs/BENCHMARKS.md") as f:
        page = f.read()
    with open(env.root + "/bench/report") as f:
        sections = re.search(r"^SECTIONS = \{(.*)\}", f.read(), re.M).group(1)
    for name in re.findall(r'"(\w+)":', sections):
        assert page.count("<!-- %s -->" % name) == 1, name
