"""docs/OPERATE.md lists every warning that a sensor can print, and says what to do."""
import glob
import os
import re

# What precedes the text of a warning that a live run can print.
CALLS = (r'\bsay\(\w+,', r'tap_say\(\s*[\w.>-]+,\s*true,', r'complain\(\s*(?="warning: )', r'\btell\(n,')
PLACES = ("src/sensor/*.c", "src/capture/*.c", "src/ship/*.c", "src/engine/notice.c", "src/cli/watch.c", "src/cli/confine.c",
          "src/cli/run.c", "src/cli/live.c", "src/cli/reread.c", "src/cli/enriching.c")
LITERAL = r'\s*(?:"((?:[^"\\]|\\.)*)"|PRI\w+)'
# These only read captures, or only report that all is well.
ELSEWHERE = ("there is no memory to say what may be read", "is written again", "connected again", "WATCHDOG=1", "lost by the kernel or the interface, ",
             "detect_filtered_trace=T", "no text of its own")


def words(text):
    """Returns what to look for: the beginning of the longest part of the message without a placeholder."""
    pieces = re.split(r"%[-+ #0]*[\d.*]*(?:[hlzjt]*[diouxXeEfgGsc]|%)?", text.replace("warning: ", ""))
    longest = max((p.strip(" ;:,.'") for p in pieces), key=len)
    return re.match(r".{0,40}(?!\w)", longest).group(0).replace("`", "")


def warnings(env):
    """Returns [(file, text)]."""
    found = []
    for path in sorted(p for pattern in PLACES for p in glob.glob(os.path.join(env.root, pattern))):
        with open(path) as f:
            code = f.read()
        for call in CALLS:
            for m in re.finditer(call, code):
                # A condition may choose between two texts.
                at, text = m.end(), ""
                choice = re.compile(r"[^;\"]*\?").match(code, at)
                at = choice.end() if choice else at
                while literal := re.compile(LITERAL).match(code, at):
                    text += "u" if literal.group(1) is None else literal.group(1)  # PRIu64 ends a conversion
                    at = literal.end()
                if len(words(text)) > 3:
                    found.append((os.path.basename(path), text))
    return found


def test_every_warning_is_explained(env):
    with open(env.root + "/docs/OPERATE.md") as f:
        page = re.sub(r"\s+", " ", f.read().replace("`", ""))
    all_of_them = warnings(env)
    assert len(all_of_them) > 25, all_of_them
    missing = [(path, text) for path, text in all_of_them
               if words(text) not in page and not any(e in text for e in ELSEWHERE)]
    assert not missing, "docs/OPERATE.md does not explain:\n" + "\n".join("%s: %s" % m for m in missing)
