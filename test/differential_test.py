"""The differential harness (test/differential): a short run of it, and whether it finds differences and reduces them."""
import glob
import os
import re
import sys

from netlib import Capture, Flow, ip_udp

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(HERE + "/differential")
import damage  # noqa: E402
import make  # noqa: E402
import packets  # noqa: E402
import reduce  # noqa: E402
import remix  # noqa: E402
import rows  # noqa: E402

RUN = HERE + "/differential/run"


def harness(env, *args, code=0, connlog=None, **environment):
    done = env.command(sys.executable, RUN, "--connlog", connlog or env.connlog, "--out", env.tmp + "/out", "--jobs", 2, *args,
                       env={**os.environ, "ZEEK": "", "CONNLOG": env.connlog, **environment}, timeout=600)
    assert done.returncode == code, "exit %d, not %d\n%s%s" % (done.returncode, code, done.stdout, done.stderr)
    return done.stdout


def found(env):
    """Returns (the packets, the payloads, the text) of the only capture that was written."""
    paths = glob.glob(env.tmp + "/out/*.pcap")
    assert len(paths) == 1, paths
    with open(paths[0], "rb") as f:
        cap = packets.read_pcap(f.read())
    places = [packets.locate(cap.link, frame) for _, frame, _ in cap.packets]
    with open(paths[0][:-5] + ".txt") as f:
        return cap.packets, [p[1][at.payload:at.end] for p, at in zip(cap.packets, places)], f.read()


def talks(env, *said):
    """Writes a capture of conversations, some over TCP, in which a client sends these messages. Returns its path."""
    cap = Capture()
    for i in range(6):
        cap.add(ip_udp("192.168.1.%d" % (i + 2), "203.0.113.5", 40000 + i, 49999, b"noise, noise"))
        Flow(cap, cport=41000 + i).play("c:S s:SA c:A").say("c", b"hello").say("s", b"well, hello").play("c:FA s:FA c:A")
    flow = Flow(cap, cport=42000).play("c:S s:SA c:A")
    for data in said:
        flow.say("c", data).say("s", b"an answer")
    flow.play("c:FA s:FA c:A")
    cap.write(env.tmp + "/talks.pcap")
    return env.tmp + "/talks.pcap"


def test_connlog_is_at_one_with_itself(env):
    assert harness(env, "--seeds", 12).endswith("12 captures, 0 differ\n")


def test_a_difference_is_found_and_made_small(env):
    """The stand-in for Zeek reacts to one byte of one packet: the reduced capture must contain nothing else."""
    path = talks(env, b"the first", b"in the middle of this \xf7 is what it minds", b"the last")
    out = harness(env, "--zeek", HERE + "/differential/fake_zeek", path, code=1, FAKE_ZEEK="f7")
    assert "talks-small: Zeek differ in history: 1 of 84 packets are left" in out, out
    _, payloads, text = found(env)
    assert payloads == [b"\xf7"], payloads
    assert "fields that differ: history\n" in text and 'Zeek "fake"' in text and "policy/protocols/conn/mac-logging" in text, text


def test_a_difference_of_two_packets_keeps_both(env):
    path = talks(env, b"here is \xf7 and", b"nothing", b"here is \xf8, the other")
    harness(env, "--zeek", HERE + "/differential/fake_zeek", path, code=1, FAKE_ZEEK="f7 f8")
    left, payloads, _ = found(env)
    assert payloads == [b"\xf7", b"\xf8"], payloads
    # the parts cut out of TCP payloads leave no gap
    first, second = (packets.numbers(p[1], packets.locate(1, p[1]))[0] for p in left)
    assert first < second, (first, second)


def test_what_is_the_same_is_no_difference(env):
    zeek = HERE + "/differential/fake_zeek"
    assert harness(env, "--zeek", zeek, talks(env, b"nothing of note"), FAKE_ZEEK="f7") == "1 captures, 0 differ\n"
    assert harness(env, "--seeds", 4, FAKE_ZEEK="f7 f8 f9 fa fb fc fd fe", ZEEK=zeek) == "4 captures, 0 differ\n"
    out = harness(env, "--zeek", zeek, talks(env, b"unreadable"), FAKE_ZEEK="f7")
    assert "skipped: Zeek: exit 1" in out and out.endswith("1 captures, 0 differ\n"), out


def test_a_connlog_that_is_not_at_one_with_itself(env):
    """Uses wrappers of connlog: one loses a row when batches hold one packet, one crashes then."""
    for name, broken, said in (("loses", 'exec 5>&1; "$REAL" "$@" | sed "/"10.7.7.7"/d"; exit ${PIPESTATUS[0]}', "row missing"),
                               ("crashes", "kill -SEGV $$", "failure")):
        wrapper = "%s/%s" % (env.tmp, name)
        with open(wrapper, "w") as f:
            f.write("#!/bin/bash\nREAL=%s\n[[ \" $* \" == *max_batch=1* ]] || exec \"$REAL\" \"$@\"\n%s\n" % (env.connlog, broken))
        os.chmod(wrapper, 0o755)
        cap = Capture()
        for i in range(20):
            cap.add(ip_udp("10.7.7.%d" % (i % 9), "203.0.113.5", 40000 + i, 49999, b"datagram %d" % i))
        cap.write(env.tmp + "/some.pcap")
        out = harness(env, env.tmp + "/some.pcap", code=1, connlog=wrapper)
        assert "connlog (batches of one) differ in %s: 1 of 20 packets are left" % said in out, out
        assert found(env)[1] == [b""], found(env)
        for path in glob.glob(env.tmp + "/out/*"):
            os.remove(path)


def test_seeds_are_reproducible_and_various(env):
    for run, hash_seed in (("a", "1"), ("b", "2")):
        harness(env, "--write", "--seeds", 30, "--out", "%s/%s" % (env.tmp, run), PYTHONHASHSEED=hash_seed)
    names = sorted(os.listdir(env.tmp + "/a"))
    assert len(names) == 30
    for name in names:
        with open("%s/a/%s" % (env.tmp, name), "rb") as one, open("%s/b/%s" % (env.tmp, name), "rb") as other:
            assert one.read() == other.read(), name
    made, done, links = set(), set(), set()
    for seed in range(400):
        names, what, cap = make.capture(seed)
        made.update(names)
        done.update(what)
        links.add(cap.link)
        assert cap.packets, seed
    assert made == set(remix.NAMES) | set(make.GENERATED), made
    assert done == {kind.__name__.replace("_", " ") for kind in damage.KINDS}, done
    assert len(links) > 8, links


def test_packets_are_put_together_right(env):
    """Replacing a payload gives the same checksums and lengths as building the packet with it."""
    for src, dst in (("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")):
        for make_packet in (lambda data: ip_udp(src, dst, 5000, 6000, data),
                            lambda data: Flow(Capture(wrap=lambda p: p), src, 5000, dst, 6000).packet("c", 24, data).cap.packets[0][1]):
            whole = (0, make_packet(b"a payload of some length"), 99)
            place = packets.locate(101, whole[1])
            assert whole[1][place.payload:place.end] == b"a payload of some length"
            for data in (b"", b"odd", b"a longer payload than the one that was there"):
                assert packets.replaced(whole, place, data)[1] == make_packet(data), (src, data)
    cap = make.capture(3)[2]
    again = packets.read_pcap(cap.pcap(nano=True))
    assert (again.link, again.packets) == (cap.link, cap.packets)


def test_delta_debugging_leaves_what_it_takes(env):
    assert reduce.ddmin(list(range(100)), lambda some: {13, 14, 77} <= set(some)) == [13, 14, 77]
    assert reduce.ddmin(b"x" * 50 + b"ab" + b"x" * 50, lambda some: b"ab" in some) == b"ab"
    assert reduce.ddmin(list(range(9)), lambda some: True) == []
    assert len(reduce.ddmin(list(range(64)), lambda some: len(some) >= 5)) == 5


def test_rows_are_paired_by_what_they_are(env):
    def row(uid, ts, **more):
        return {"uid": uid, "ts": ts, "proto": "tcp", "id.orig_h": "10.0.0.1", "id.orig_p": 1, "id.resp_h": "10.0.0.2",
                "id.resp_p": 2, **more}
    turned = {"id.orig_h": "10.0.0.2", "id.orig_p": 2, "id.resp_h": "10.0.0.1", "id.resp_p": 1}
    inside = {"proto": "udp", "tunnel_parents": ["Ca"]}
    ones = [row("Ca", 1.0), row("Cb", 2.0, history="S"), {**row("Cc", 3.0), **inside}]
    same = [{**row("C3", 3.0), **inside, "tunnel_parents": ["C1"]}, row("C2", 2.0, history="S"), row("C1", 1.0)]
    assert rows.compare(ones, same) == []
    for others, fields in ((same[:2] + [row("C1", 1.0000001)], {"ts", "tunnel_parents"}),
                           (same[:1] + [row("C2", 2.0, history="s")] + same[2:], {"history"}),
                           (same[:2] + [{**row("C1", 1.0), **turned}], set(turned) | {"tunnel_parents"} - {"tunnel_parents"}),
                           (same[:1] + [row("C2", 2, history="S")] + same[2:], {"ts"}), (same[1:], {rows.MISSING}),
                           (same + [row("C9", 9.0)], {rows.EXTRA})):
        assert rows.fields_of(rows.compare(ones, others)) == fields, (others, rows.compare(ones, others))


def test_the_page_tells_what_there_is(env):
    with open(env.root + "/docs/DIFFERENTIAL.md") as f:
        page = f.read()
    for name in os.listdir(HERE + "/differential"):
        assert name.startswith("__") or "`%s`" % name in page, name
    with open(RUN) as f:
        for option in re.findall(r'add_argument\("(--\w+)"', f.read()):
            assert "`%s" % option in page, option
    for script in ("community-id-logging", "speculative-service"):
        assert script in page, script
