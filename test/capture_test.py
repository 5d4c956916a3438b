"""What is logged for the generated captures: expectations worked out without looking at connlog's output."""
import glob
import json
import os
import shutil

from netlib import Capture, Flow, eth, filler, ip4, ip_tcp, ip_udp
from tcp_cases import TCP_CASES


def rows_of(log):
    return sorted(line for line in log.splitlines() if not line.startswith("#"))


def test_tcp_states_and_histories(env):
    rows, wrong = {}, []
    for row in env.log(env.capture("tcp-states.pcap")):
        rows.setdefault(max(row["id.orig_p"], row["id.resp_p"]) if row["id.resp_p"] == 80 else
                        next(p for p in (row["id.orig_p"], row["id.resp_p"]) if p != 49999), []).append(row)
    for i, (name, _, state, history, more) in enumerate(TCP_CASES):
        got = rows.pop(40000 + i, [])
        if len(got) != 1:
            wrong.append("%s: %d rows" % (name, len(got)))
            continue
        want = {"conn_state": state, "history": history, **{k: v for k, v in more.items() if k != "flow"}}
        for key, value in want.items():
            if got[0].get(key) != value:
                wrong.append("%s: %s is %r, not %r" % (name, key, got[0].get(key), value))
    assert not wrong and not rows, "\n".join(wrong + [str(r) for r in rows.values()])


def test_every_file_format_gives_the_same_log(env):
    want = env.run("--seed", "x", env.capture("http.pcap")).stdout
    assert want.count("\n") > 15
    files = sorted(glob.glob(env.captures + "/formats/*"))
    assert len(files) >= 8, files
    for path in files:
        assert env.run("--seed", "x", path).stdout == want, path
        with open(path, "rb") as f:
            assert env.run("--seed", "x", "-", stdin=f).stdout == want, path + " on standard input"


def test_a_directory_of_parts_is_one_stream(env):
    want = env.run("--seed", "x", env.capture("whole.pcap")).stdout
    parts = env.capture("parts")
    assert env.run("--seed", "x", parts).stdout == want
    in_order = ["d-first.pcap", "c-second.pcap", "b-third.pcap.gz", "a-fourth.pcapng"]
    assert env.run("--seed", "x", *[os.path.join(parts, n) for n in in_order]).stdout == want


def test_a_directory_with_other_things_in_it(env):
    folder = env.tmp + "/in"
    os.makedirs(folder + "/deeper")
    shutil.copy(env.capture("http.pcap"), folder + "/deeper")
    shutil.copy(env.capture("whole.pcap"), folder + "/whole")
    shutil.copy(env.capture("whole.pcap"), folder + "/.hidden")
    os.mkfifo(folder + "/pipe")
    want = env.run("--seed", "x", env.capture("whole.pcap")).stdout
    assert env.run("--seed", "x", folder).stdout == want
    os.symlink("/no/where", folder + "/link")
    done = env.run("--seed", "x", folder, code=1)
    assert done.stdout == want and folder + "/link: cannot be opened" in done.stderr, done.stderr


def test_damaged_captures_are_read_as_far_as_they_go(env):
    whole = rows_of(env.run("--seed", "x", env.capture("http.pcap")).stdout)
    for name, some in (("cut-in-packet.pcap", True), ("cut-in-header.pcap", True), ("huge-length.pcap", False),
                       ("cut.pcapng", True), ("bad-block-length.pcapng", False), ("cut.pcap.gz", True),
                       ("half-a-header.pcap", False), ("empty.pcap", False), ("no-capture.pcap", False),
                       ("wrong-bits.pcap.gz", None)):
        path = env.capture("damaged/" + name)
        done = env.run("--seed", "x", path, code=1)
        assert path in done.stderr, "%s is not named: %s" % (path, done.stderr)
        rows = rows_of(done.stdout)
        if some is not None:
            assert bool(rows) == some, "%s: %d rows" % (name, len(rows))
        if name == "cut-in-packet.pcap":  # only the last packet's connection can differ
            assert len(rows) == len(whole) and len(set(whole) - set(rows)) == 1, name
        # The rest of the input is still read.
        both = env.run("--seed", "x", path, env.capture("whole.pcap"), code=1)
        assert len(rows_of(both.stdout)) > len(rows), name
    assert env.run(env.capture("damaged/header-only.pcap")).stdout.startswith("#separator")


def test_the_tsv_parses_by_its_own_header(env):
    """Reads the log as zeek-cut does, by its header alone, and checks that every value has its column's type."""
    kinds = {
        "time": float, "interval": float, "count": int, "port": int, "int": int, "string": str, "enum": str,
        "addr": str, "bool": {"T": True, "F": False}.__getitem__,
    }
    for path in sorted(glob.glob(env.captures + "/*.pcap")):
        for fields in ([], ["--fields", "all"]):
            header, n = {}, 0
            lines = env.run(*fields, path).stdout.split("\n")
            assert lines.pop() == ""
            for line in lines:
                if line.startswith("#separator "):
                    header["separator"] = line.split(" ", 1)[1].encode().decode("unicode_escape")
                elif line.startswith("#"):
                    name, *values = line[1:].split(header["separator"])
                    header[name] = values
                else:
                    n += 1
                    cells = line.split(header["separator"])
                    assert len(cells) == len(header["fields"]) == len(header["types"]), line
                    for cell, name, kind in zip(cells, header["fields"], header["types"]):
                        if cell == header["unset_field"][0]:
                            continue
                        if kind.startswith("set["):
                            assert cell == header["empty_field"][0] or cell.split(header["set_separator"][0]), line
                        else:
                            kinds[kind](cell)
                        if kind in ("time", "interval"):
                            assert len(cell.split(".")[1]) == 6, "%s: %s" % (name, cell)
            assert header["path"] == ["conn"] and "close" in header and "open" in header, header
            assert n == len(env.log(path)), path


def test_json_rows_name_known_columns(env):
    log = env.run("--fields", "all", env.capture("http.pcap")).stdout
    header = log.split("#fields\t")[1].split("\n")[0].split("\t")
    for row in env.log(env.capture("udp-tunnels.pcap")):
        places = [header.index(key) for key in row]
        assert places == sorted(places), row
    assert any(row.get("tunnel_parents") for row in env.log(env.capture("udp-tunnels.pcap")))


def test_tunnel_parents_name_rows_of_udp_tunnels(env):
    rows = env.log(env.capture("udp-tunnels.pcap"))
    by_uid = {row["uid"]: row for row in rows}
    inner = [row for row in rows if row.get("tunnel_parents")]
    assert len(inner) >= 9, "%d tunnelled connections" % len(inner)
    for row in inner:
        for uid in row["tunnel_parents"]:
            assert by_uid[uid]["proto"] == "udp", row
    for row in env.log(env.capture("ip-tunnels.pcap")):
        assert row.get("tunnel_parents") or row["id.orig_h"] == "192.168.1.10", row


def test_uids_depend_on_seed_and_connection_alone(env):
    path = env.capture("http.pcap")
    a, b = env.log("--seed", "one", path), env.log("--seed", "two", path)
    assert a == env.log("--seed", "one", path)
    assert not {r["uid"] for r in a} & {r["uid"] for r in b}
    free = env.log(path)
    assert not {r["uid"] for r in free} & {r["uid"] for r in env.log(path)}, "uids can be foretold"
    assert len({r["uid"] for r in free}) == len(free)


def test_filter_acts_on_every_format(env):
    for name in ("http.pcap", "formats/big.pcapng", "formats/http.pcap.gz"):
        rows = env.log("-f", "udp port 53", env.capture(name))
        assert len(rows) == 1 and rows[0]["id.resp_p"] == 53, rows


def test_notices(env):
    """Whatever a user has to know is said once, on standard error."""
    for name, word in (("offload.pcap", "-C"), ("snaplen.pcap", "snap"), ("duplicated.pcap", "twice"),
                       ("filtered.pcap", "filter")):
        said = env.run(env.capture(name)).stderr
        assert said.count(word) >= 1, "%s: no word '%s' in: %s" % (name, word, said)
    assert env.run(env.capture("http.pcap")).stderr == ""
    assert "-C" not in env.run("-C", env.capture("offload.pcap")).stderr


def test_notices_are_not_said_falsely(env):
    a, b = "192.168.1.10", "203.0.113.5"
    beacon, names, cut = Capture(), Capture(), Capture()
    for i in range(100):
        beacon.add(ip4(a, b, 103, b"the same words each time"), dt=15)  # once more, but as a different packet
        # All have one identification, and the sums of digits give few different checksums.
        names.add(ip_udp(a, b, 53000, 49999, b"test%02d.example" % i))
    for i in range(10):
        flow = Flow(cut, cport=46000 + i).play("c:S s:SA c:A")
        cut.add(ip_tcp(a, b, 46000 + i, 49999, flow.next["c"], flow.next["s"], 24, filler(900))[:90])
        flow.next["c"] += 900
        flow.play("c:FA s:FA c:A")
    for name, cap, said in (("beacon", beacon, ""), ("names", names, ""), ("cut", cut, "10 of 70 packets are shorter")):
        cap.write(env.tmp + "/" + name)
        got = env.run(env.tmp + "/" + name).stderr
        assert said in got and got.count("warning") == bool(said), (name, got)


def test_link_types_that_are_not_known_are_told(env):
    """Each unknown link type is reported once, by number and name, however many packets and files have it, and is
    counted. Known ones are not reported."""
    files = []
    for i, link in enumerate((143, 143, 147, 1, 101)):
        cap = Capture()
        cap.link = link
        cap.packets += [(10**18 + n, bytes([0x99]) * 60, 60) for n in range(50)]
        files.append("%s/%d.pcap" % (env.tmp, i))
        cap.write(files[-1])
    done = env.run("--stats", "s.json", *files)
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and not rows_of(done.stdout), done
    for line, said in zip(lines, ("link type 143 (DOCSIS) is", "link type 147 is")):
        assert line.startswith("connlog: warning: " + said), lines
    with open(env.tmp + "/s.json") as f:
        assert json.load(f)["packets"]["unknown_link"] == 150
    assert env.run("-q", *files).stderr == env.run(*files[3:]).stderr == ""
    # The payload of such packets is still inspected, as in Zeek.
    cap = Capture()
    cap.link, cap.wrap = 147, lambda p: p
    cap.add(ip_udp("192.168.1.10", "203.0.113.5", 53000, 49999, b"bare IP"))
    cap.write(files[0])
    assert [row["id.resp_p"] for row in env.log("-q", files[0])] == [49999]


def test_checksums_are_ignored_on_request(env):
    good = [r["conn_state"] for r in env.log("-C", env.capture("offload.pcap"))]
    assert good == ["SF"] * 30, good
    assert "SF" not in [r["conn_state"] for r in env.log(env.capture("offload.pcap"))]


def test_counters_add_up(env):
    for path in sorted(glob.glob(env.captures + "/*.pcap")) + [env.capture("damaged/cut-in-packet.pcap")]:
        stats = env.tmp + "/stats.json"
        done = env.command(env.connlog, "--stats", stats, path)
        with open(stats) as f:
            counters = json.load(f)
        packets, pieces, connections = counters["packets"], counters["pieces"], counters["connections"]
        parts = sum(pieces[k] for k in ("analysed", "refused", "carriers", "fragments", "ignored", "rejected"))
        assert packets["read"] - packets["before_epoch"] + pieces["inner"] == parts, "%s: %s" % (path, counters)
        assert packets["read"] > 0 or path.endswith("empty.pcap"), path
        for cause in ("ignored", "rejected"):
            assert sum(counters[cause].values()) == pieces[cause], "%s: %s" % (path, counters)
        rows = len([line for line in done.stdout.splitlines() if not line.startswith("#")])
        assert rows == connections["created"] == connections["ended"], "%s: %s" % (path, connections)


def test_output_directory_gets_a_finished_log_only(env):
    out = env.tmp + "/out"
    os.mkdir(out)
    env.run("--seed", "x", "-o", out, env.capture("http.pcap"))
    assert os.listdir(out) == ["conn.log"]
    with open(out + "/conn.log") as f:
        assert f.read() == env.run("--seed", "x", env.capture("http.pcap")).stdout


def test_full_disk_is_an_error_and_a_closed_pipe_is_not(env):
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            done = env.run(env.capture("http.pcap"), code=1, stdout=full)
        assert "record" in done.stderr, done.stderr
    many = [env.capture("tcp-states.pcap")] * 50
    done = env.command("bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "-", env.connlog, *many)
    assert done.stdout == "#separator \\x09\n" and done.stderr == "", done.stderr


def test_errors_name_the_file_and_the_rest_is_read(env):
    shutil.copy(env.capture("http.pcap"), env.tmp + "/good.pcap")
    done = env.run(env.tmp + "/missing.pcap", env.tmp + "/good.pcap", code=1)
    assert "missing.pcap" in done.stderr and rows_of(done.stdout), done.stderr


def test_wrong_command_lines_exit_with_2(env):
    for args in ([], ["--no-such-option", "x.pcap"], ["-f"], ["--format", "xml", "x.pcap"],
                 ["--fields", "nothing", "x.pcap"], ["x.pcap", "no_such_option=3"]):
        done = env.run(*args, code=2)
        assert done.stderr and not done.stdout, args


def test_either_way_of_decoding_gives_the_same_log(env):
    """With a network whose checksums are ignored and which no capture contains, no packet takes the short path."""
    for path in sorted(glob.glob(env.captures + "/*.pcap*")):
        run = [env.connlog, "--seed", "x", "--format", "json", "--fields", "all", path]
        assert env.command(*run).stdout == env.command(*run, "ignore_checksums_nets=198.51.100.255/32").stdout, path
