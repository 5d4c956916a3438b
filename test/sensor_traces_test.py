"""Zeek's own test captures, sent over a pair of interfaces: a sensor logs the rows of the capture. `make traces` sends
all that are Ethernet (TRACES=all); the tests send a sample, which is quicker."""
import os
import struct
import zlib

from env import Skip
from sensor import Net
from sensor_capture_test import hurried, live_rows, plain
import netlib
import veth

EVERY = 50  # of so many captures, one is sent
FRAME_MOST = veth.LARGEST + 14


def frames_to_send(path):
    """Returns the frames of a capture that can be sent unchanged, or None."""
    try:
        link, frames = veth.frames_of(path)
    except (ValueError, IndexError, EOFError, OSError, struct.error, zlib.error):
        return None
    if link != netlib.ETHERNET or not frames or not all(f and 14 < len(f) <= FRAME_MOST for f in frames):
        return None
    return frames


def test_captures_of_zeek_give_their_rows(env):
    folder = env.shared + "/conformance/traces"
    if not os.path.isdir(folder):
        raise Skip("no " + folder)
    paths = sorted(os.path.join(d, name) for d, _, names in os.walk(folder) for name in names)
    every = 1 if os.environ.get("TRACES") == "all" else EVERY
    sent, wrong = 0, []
    with Net() as net:
        for path in paths[::every]:
            frames = frames_to_send(path)
            if frames is None:
                continue
            path_sent = hurried(env, path, frames)
            want = plain(env.log(path_sent))
            n = (1, 2, 4)[sent % 3]
            got = plain(live_rows(env, net, "replay " + path_sent, "-j", str(n)))
            sent += 1
            if got != want:
                wrong.append("%s, -j %d: %s" % (path, n, [row for row in got if row not in want][:1] + [row for row in want if row not in got][:1]))
    print(sent, "captures sent")
    assert sent > len(paths) // every // 2 and not wrong, "%d of %d\n%s" % (len(wrong), sent, "\n".join(wrong)[:6000])
