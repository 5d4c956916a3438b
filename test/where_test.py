"""--where: which records every command lets through, at any -j, and the messages for mistakes."""
import json
import re

from env import Skip

# Conditions with the records that they match in test/golden/where.txt; the unit tests cover the language.
CONDITIONS = ("conn_state in {S0, REJ}", "not conn_state in {S0, REJ}", "service has http", "service != http", "not service has http",
              "proto == udp and orig_bytes > resp_bytes", "id.orig_h in 10.0.0.0/8 or id.orig_h in fd00::/8",
              "id.resp_p in {80, 8000-8100} and duration > 100msec", "orig_bytes + resp_bytes > 1KB", "history ~ /^S[^h]/",
              "vlan is set or community_id ~ /^1:A/", "len(tunnel_parents) > 0", "ts < 2023-11-14T22:13:21Z and local_orig",
              "lower(history) == shr or id.orig_p == id.resp_p")


def patterns(env):
    return "PCRE2" in env.run("--version").stdout


def captures(env):
    return [env.capture(name) for name in ("http.pcap", "tcp-states.pcap", "udp-icmp.pcap", "ethernet.pcap", "ip-tunnels.pcap", "ipv6.pcap")]


def chosen(env, condition, *more):
    """Returns the lines of the captures' log for which the condition holds."""
    return env.run("--seed", "test", "--fields", "all", "--format", "json", "-q", "--where", condition, *more, *captures(env)).stdout.splitlines()


def golden_text(env):
    text = ""
    for condition in CONDITIONS:
        if not patterns(env) and "~" in condition:
            continue
        text += "".join("%s\t%s\n" % (condition, json.loads(line)["uid"]) for line in chosen(env, condition))
    return text


def write(env):
    """Called by `make golden`."""
    with open(env.root + "/test/golden/where.txt", "w") as f:
        f.write(golden_text(env))


def test_the_records_are_those_checked_in(env):
    with open(env.root + "/test/golden/where.txt") as f:
        want = [line for line in f if patterns(env) or "~" not in line.split("\t")[0]]
    assert len({line.split("\t")[0] for line in want}) > 8
    assert golden_text(env).splitlines(keepends=True) == want


def test_a_condition_and_its_contrary_are_the_log(env):
    for condition in CONDITIONS[:6]:
        both = chosen(env, condition) + chosen(env, "not (%s)" % condition)
        assert len(both) > 80 and sorted(both) == sorted(chosen(env, "ts is set")), condition


def test_any_number_of_workers_chooses_the_same(env):
    want = chosen(env, "proto == tcp and service has http or orig_bytes > resp_bytes")
    assert len(want) > 10
    for j in ("1", "2", "5"):
        assert chosen(env, "proto == tcp and service has http or orig_bytes > resp_bytes", "-j", j) == want, j
    if patterns(env):
        assert chosen(env, "history ~ /^Sh/", "-j", "3") == chosen(env, "history ~ /^Sh/")


def test_logs_are_chosen_from_alike(env):
    """convert, cut and report let the same records of a log through that read lets through of the packets."""
    capture, condition = env.capture("tcp-states.pcap"), "conn_state in {SF, REJ} and orig_bytes >= 10"
    with open(env.tmp + "/conn.log", "w") as f:
        f.write(env.run("--seed", "x", capture).stdout)
    want = [line for line in env.run("--seed", "x", "--where", condition, capture).stdout.splitlines() if line[0] != "#"]
    assert 0 < len(want) < 20
    converted = env.run("convert", "--to", "zeek", "--where", condition, "conn.log").stdout
    assert [line for line in converted.splitlines() if line[0] != "#"] == want
    cut = env.run("cut", "-r", "conn.log", "--where", condition, "uid", "id.resp_p").stdout.splitlines()
    assert cut == ["\t".join((row.split("\t")[1], row.split("\t")[5])) for row in want]
    assert len(env.run("report", "-n", "--where", condition, "conn.log").stdout.splitlines()) == len(want)
    summary = env.run("report", "-n", "--summary", "--where", condition, "conn.log").stdout
    assert re.search(r"\b%d connections" % len(want), summary), summary
    counts = json.loads(env.run("--seed", "x", "--where", condition, "--stats", "-", "-o", env.tmp, "-j", "2", capture).stderr)
    assert counts["output"]["left_out"] + counts["output"]["records"] == counts["connections"]["ended"]
    assert counts["output"]["records"] == len(want) and counts["output"]["left_out"] > 0


def test_columns_of_other_logs(env):
    with open(env.tmp + "/other.log", "w") as f:
        f.write("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tx\n"
                "#fields\tts\tuser\thits\tvia-host\tgood\n#types\ttime\tstring\tcount\taddr\tbool\n"
                "1.0\tann\t5\t10.0.0.1\tT\n2.0\tbob\t50\t192.0.2.1\tF\n3.0\t-\t-\t-\t-\n")
    for condition, want in (("user == ann", "1"), ("hits > 5", "2"), ("`via-host` in 10.0.0.0/8", "1"), ("good", "1"), ("not good", "23"),
                            ("user is unset", "3"), ("user != ann", "2"), ("hits in {1-9} or ts > 2.5", "13")):
        for command in (["cut", "-r", "other.log", "ts"], ["convert", "--to", "csv", "--fields", "ts", "other.log"]):
            got = env.run(*command, "--where", condition).stdout
            assert re.findall(r"^(\d)\.0", got, re.M) == list(want), (condition, command, got)
    for command in (["cut", "-r", "other.log", "ts"], ["convert", "--to", "json", "other.log"], ["report", "-n", "other.log"]):
        done = env.run(*command, "--where", "servce has ssl or hits > 1", code=2)
        assert "no log has a column 'servce'; did you mean" in done.stderr and " service" in done.stderr, done.stderr
        assert done.stderr.endswith("  servce has ssl or hits > 1\n  ^~~~~~\n")


def test_a_condition_in_a_file(env):
    with open(env.tmp + "/where", "w") as f:
        f.write("# what is asked for\nproto == tcp and\n\t(conn_state == SF or # closed\n\torig_bites > 1)\n")
    done = env.run("--where-file", "where", env.capture("tcp-states.pcap"), code=2)
    assert done.stderr == ("connlog: where:4: no column is called 'orig_bites'; did you mean orig_bytes, orig_pkts, orig_site?\n"
                           "  \torig_bites > 1)\n  \t^~~~~~~~~~\n"), done.stderr
    with open(env.tmp + "/where", "w") as f:
        f.write("# what is asked for\nproto == tcp and\n\tconn_state == SF # closed\n")
    rows = env.log("--seed", "x", "--where-file", "where", env.capture("tcp-states.pcap"))
    assert rows and all(row["conn_state"] == "SF" for row in rows)
    more = env.log("--seed", "x", "--where", "orig_bytes > 20", "--where-file", "where", "--where", "resp_bytes > 20", env.capture("tcp-states.pcap"))
    assert 0 < len(more) < len(rows)
    assert more == [row for row in rows if row["orig_bytes"] > 20 and row["resp_bytes"] > 20]
    with open(env.tmp + "/settings", "w") as f:
        f.write('where = "proto == tcp and conn_stat == SF"\n')
    done = env.run("check", "settings", code=2)
    assert "settings:1: --where: no column is called 'conn_stat'; did you mean conn_state?" in done.stderr, done.stderr


def test_mistakes_are_shown(env):
    capture = env.capture("empty.pcap")
    for arguments, want in ((["--where", "proto ="], "--where: a value is expected here\n  proto =\n         ^\n"),
                            (["--where", "proto == tcp", "--where", "local_orug"], "did you mean local_orig?\n  local_orug\n  ^~~~~~~~~~\n"),
                            (["--where-file", "nowhere"], "nowhere: cannot be read: No such file"),
                            (["--where", "é == tcp"], "--where: this character means nothing here; texts stand in quotes\n"),
                            (["--where", "x" * 5000 + " > 1"], "no column is called 'xxx")):
        said = env.run(*arguments, capture, code=2).stderr
        assert want in said, said
        assert all(len(line) < 400 for line in said.splitlines()), said
    assert "id.orig_h" in env.run("--help", "where").stdout


def test_patterns_that_take_too_long_are_told(env):
    if not patterns(env):
        raise Skip("built without PCRE2")
    with open(env.tmp + "/conn.log", "w") as f:
        f.write(json.dumps({"ts": 1.0, "uid": "a" * 60 + "b"}) + "\n")
    done = env.run("convert", "--to", "json", "--where", "uid ~ /^(a|aa|a+)+$/", "conn.log")
    assert done.stdout == "" and "for 1 records a regular expression took too much work" in done.stderr, done.stderr


def test_a_condition_asks_for_its_columns(env):
    """community_id is computed only where the condition needs it."""
    ids = [row["community_id"] for row in env.log(env.capture("whole.pcap"))]
    got = env.run("--where", 'community_id == "%s"' % ids[0], "--format", "json", env.capture("whole.pcap")).stdout.splitlines()
    assert len(got) == ids.count(ids[0]) and "community_id" not in got[0]


def test_scripts_are_asked_before(env):
    with open(env.tmp + "/x.lua", "w") as f:
        f.write("function log_policy(rec)\n  rec.service = 'mine'\n  return true\nend\n")
    rows = env.log("--script", "x.lua", "--where", "service == mine", env.capture("whole.pcap"))
    assert len(rows) == len(env.log(env.capture("whole.pcap")))
