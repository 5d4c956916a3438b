"""Lua scripts: what they get, what they can change, and what they cannot break. Runs with every Lua that was built in."""
import copy
import json
import os
import re

import netlib
from env import Skip

LUAS = ["connlog", "connlog-lua5.4"]  # the build's own comes first


def each_lua(env):
    """Yields env for each Lua that connlog was built with."""
    found = [env.build + "/san/" + name for name in LUAS if os.path.exists(env.build + "/san/" + name)]
    for connlog in found:
        other = copy.copy(env)
        other.connlog = connlog
        if "none" not in other.run("--version").stdout:
            yield other


def script(env, text, name="a.lua"):
    with open(env.tmp + "/" + name, "w") as f:
        f.write(text)
    return name


def run(env, text, *args, **kw):
    """Runs a script over a capture. Returns (lines on standard error, rows of the log)."""
    done = env.run("--seed", "x", "--format", "json", "--script", script(env, text), *args, **kw)
    return done.stderr.splitlines(), [json.loads(line) for line in done.stdout.splitlines()]


def example(env, name):
    return env.root + "/examples/scripts/" + name


def test_version_names_the_language(env):
    for e in each_lua(env):
        assert re.search(r"^scripts: Lua(JIT)?-\d+\.\d+", e.run("--version").stdout, re.M)


def test_without_lua_it_says_what_to_install(env):
    env = copy.copy(env)
    env.connlog = env.build + "/san/connlog-none"
    if not os.path.exists(env.connlog):
        raise Skip("the build has no Lua at all")
    assert "\nscripts: none\n" in env.run("--version").stdout
    done = env.run("--script", "a.lua", env.capture("http.pcap"), code=2)
    assert "a.lua: connlog was built without Lua; install libluajit-5.1-dev" in done.stderr and not done.stdout
    assert env.run(env.capture("http.pcap")).stdout


def test_a_handler_changes_no_row(env):
    """Segments in order take a short path through the tracker when nobody listens to events, and the long one here."""
    listens = "function connection_EOF(c, is_orig) end"
    for e in each_lua(env):
        for name in ("http.pcap", "tcp-states.pcap", "tcp-times.pcap", "whole.pcap", "snaplen.pcap", "duplicated.pcap"):
            with_handler = run(e, listens, "--fields", "all", e.capture(name))[1]
            assert with_handler == e.log("--seed", "x", e.capture(name)), name


# ---- the examples


def test_example_drop_scans(env):
    for e in each_lua(env):
        all_rows = e.log("--seed", "x", e.capture("tcp-times.pcap"))
        done = e.run("--seed", "x", "--format", "json", "--fields", "all", "--script", example(e, "drop_scans.lua"),
                     e.capture("tcp-times.pcap"))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert rows == [r for r in all_rows if r["conn_state"] != "S0"] and len(rows) < len(all_rows)
        assert done.stderr == ("drop_scans: 7 of 15 connections left out\n"
                               "drop_scans:        5  192.168.1.10\n"
                               "drop_scans:        2  203.0.113.5\n"), done.stderr


def test_example_rst_after_data(env):
    for e in each_lua(env):
        done = e.run("--seed", "x", "--script", example(e, "rst_after_data.lua"), e.capture("http.pcap"))
        assert done.stdout == e.run("--seed", "x", e.capture("http.pcap")).stdout
        said = [re.sub(r" C\w+ ", " UID ", line) for line in done.stderr.splitlines()]
        assert said == [
            "1700000000.264000 UID 192.168.1.10:49153 > 93.184.215.14:443 reset by the originator after 876 and "
            "3000 bytes, history ShADadfR",
            "1700000006.414000 UID 192.168.1.10:49156 > 93.184.215.14:9000 reset by the responder after 200 and "
            "0 bytes, history ShADar"], done.stderr


def test_example_long_connections(env):
    cap = netlib.Capture()
    flow = netlib.Flow(cap).play("c:S s:SA c:A")
    for _ in range(20):
        flow.play("c:PA=10,dt=100 s:A,dt=0")
    flow.play("c:FA s:FA c:A")
    netlib.Flow(cap, cport=40001).play("c:S s:SA c:A c:FA s:FA c:A")
    cap.write(env.tmp + "/long.pcap")
    for e in each_lua(env):
        done = e.run("--seed", "x", "--script", example(e, "long_connections.lua"),
                     "connection_status_update_interval=60sec", "long.pcap")
        assert done.stdout == e.run("--seed", "x", "long.pcap").stdout
        said = [re.sub(r" C\w+ ", " UID ", line) for line in done.stderr.splitlines()]
        ends = "UID 192.168.1.10:40000 > 203.0.113.5:49999 tcp"
        assert [line.split(" ", 1)[1] for line in said] == [
            ends + " open after 600 s, 15 packets",
            ends + " open after 1800 s, 39 packets",
            ends + " SF after 2000 s, 46 packets",
            "1 of at least 600 s"], done.stderr


# ---- what scripts are given


def test_events_come_with_connection_and_arguments(env):
    text = """
        function connection_established(...) print("established", select("#", ...), (...).id.resp_p) end
        function connection_EOF(c, is_orig, ...) print("EOF", is_orig, select("#", ...), c["id.resp_p"]) end
        function connection_SYN_packet(c, pkt) print("SYN", pkt.is_orig, pkt.win_size, pkt.MSS) end
        function tcp_packet(c, is_orig, flags, seq, ack, len, payload)
            if len > 0 then print("data", is_orig, flags, seq, ack, len, #payload, payload:byte(-1)) end
        end
        function connection_state_remove(c, history, orig, resp) print("remove", history, orig, resp, c.conn_state) end
        connection_finished = "no function: not asked for"
    """
    cap = netlib.Capture()
    netlib.Flow(cap).play("c:S s:SA c:A c:PA=5 s:A c:FA s:FA c:A")
    cap.write(env.tmp + "/one.pcap")
    for e in each_lua(env):
        said, rows = run(e, text, "one.pcap")
        assert said == ["SYN\ttrue\t64240\t0", "SYN\tfalse\t64240\t0", "established\t1\t49999",
                        "data\ttrue\tAP\t1\t1\t5\t5\t157", "EOF\ttrue\t0\t49999", "EOF\tfalse\t0\t49999",
                        "remove\tShADaFf\t5\t5\tSF"], "\n".join(said)
        assert len(rows) == 1


def test_every_column_is_that_of_the_log(env):
    names = ("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
             "local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes ip_proto "
             "tunnel_parents orig_l2_addr vlan").split()
    text = """
        local names = { %s }
        function log_conn(c)
            local out = {}
            for i, name in ipairs(names) do
                local v = c[name]
                if type(v) == "number" then v = string.format("%%.17g", v) end
                if type(v) == "table" then v = table.concat(v, ",") end
                out[i] = tostring(v)
            end
            print(table.concat(out, "\\t"))
        end
    """ % ", ".join('"%s"' % n for n in names)

    def lua(v):
        return ("nil" if v is None else str(v).lower() if isinstance(v, bool) else ",".join(v) if isinstance(v, list)
                else v if isinstance(v, str) else float(v))

    for e in each_lua(env):
        for capture in ("http.pcap", "ethernet.pcap", "udp-tunnels.pcap", "ipv6.pcap"):
            said, rows = run(e, text, "--fields", "all", "-q", e.capture(capture))
            assert len(said) == len(rows) > 0
            for line, row in zip(said, rows):
                for name, got in zip(names, line.split("\t")):
                    want = lua(row.get(name))
                    if isinstance(want, float):
                        assert abs(float(got) - want) < 1e-6, (name, got, row)
                    else:
                        assert got == want, (name, got, row)


def test_events_are_printed_besides(env):
    text = """
        local n = 0
        local function count() n = n + 1 end
        new_connection, connection_EOF, tcp_packet = count, count, count
        function connlog_done() print(n) end
    """
    for e in each_lua(env):
        done = e.run("events", "--seed", "x", "--only", "new_connection,connection_EOF,tcp_packet", "--script",
                     script(e, text), e.capture("http.pcap"))
        assert done.stderr == "%d\n" % len(done.stdout.splitlines()) and len(done.stderr) > 2, done.stderr
        usual = e.run("events", "--seed", "x", e.capture("http.pcap")).stdout
        assert e.run("events", "--seed", "x", "--script", "a.lua", e.capture("http.pcap")).stdout == usual


def test_time_is_that_of_the_packets(env):
    for e in each_lua(env):
        said, rows = run(e, """print(network_time())
            function new_connection(c) if network_time() ~= c.ts then print("wrong") end end""", e.capture("http.pcap"))
        assert [float(line) for line in said] == [1.0]


def test_a_connection_is_good_for_its_call_alone(env):
    text = """
        local kept, id
        function new_connection(c) if not kept then kept, id = c, c.id end end
        function connection_state_remove(c)
            print(pcall(function() return kept.uid end))
            print(pcall(function() return id.orig_h end))
            print(pcall(function() kept.service = "x" end))
            print(kept, c.uid ~= nil, tostring(c) == "connection " .. c.uid)
            connection_state_remove = nil
        end
        function connlog_done() print(pcall(kept.set_bytes_threshold, kept, 1)) end
    """
    for e in each_lua(env):
        said, rows = run(e, text, e.capture("http.pcap"))
        used = "connection used after its event"
        assert said[:4] == ["false\ta.lua:5: " + used, "false\ta.lua:6: " + used, "false\ta.lua:7: " + used,
                            "connection whose event is over\ttrue\ttrue"], said
        assert said[-1] == "connlog: warning: a.lua:11: " + used, said


def test_thresholds(env):
    text = """
        function connection_established(c)
            c:set_bytes_threshold(1000, true)
            c:set_packets_threshold(1, false)
            c:set_duration_threshold(0.03)
        end
        function conn_bytes_threshold_crossed(c, n, is_orig)
            print("bytes", n, is_orig, c.orig_ip_bytes >= 1000)
            c:set_bytes_threshold(2 * n, is_orig)
        end
        function conn_packets_threshold_crossed(c, n, is_orig) print("packets", n, is_orig) end
        function conn_duration_threshold_crossed(c, n) print("duration", string.format("%.2f", n), c.duration > n) end
        function log_policy(c) c:set_bytes_threshold(1, true) end
    """
    cap = netlib.Capture()
    netlib.Flow(cap).play("c:S s:SA c:A c:PA=1000 s:A c:PA=500 s:A c:PA=600 s:A c:FA s:FA c:A")
    cap.write(env.tmp + "/one.pcap")
    for e in each_lua(env):
        said, rows = run(e, text, "one.pcap")
        assert said == ["packets\t1\tfalse", "bytes\t1000\ttrue\ttrue", "duration\t0.03\ttrue", "bytes\t2000\ttrue\ttrue",
                        "connlog: warning: a.lua:13: thresholds are set in events: here the connection is over"], said


# ---- what they can change


def test_policy_drops_and_sets(env):
    text = """
        function log_policy(rec)
            if rec.proto == "udp" then return false end
            rec.service = "made-up"
            rec["id.orig_h"] = "2001:db8::1"
            rec.id.resp_h = "192.0.2.1"
            rec.id.resp_p = 65535
            rec.duration = 1.5
            rec.orig_bytes = 2^53
            rec.history = nil
            rec.local_orig = false
            rec.tunnel_parents = { "Cb", "Ca" }
            rec.vlan = 7
            return rec.service == "made-up" and #rec.tunnel_parents == 2 or error("not seen again")
        end
        function log_conn(rec) print(rec.service, rec.id.orig_h, rec.history, rec.proto) end
    """
    for e in each_lua(env):
        said, rows = run(e, text, "--fields", "all", e.capture("http.pcap"))
        assert said == ["made-up\t2001:db8::1\tnil\t" + row["proto"] for row in rows], said
        before = [r for r in e.log("--seed", "x", e.capture("http.pcap")) if r["proto"] != "udp"]
        assert len(rows) == len(before)
        for row, old in zip(rows, before):
            want = {**old, "service": "made-up", "id.orig_h": "2001:db8::1", "id.resp_h": "192.0.2.1", "id.resp_p": 65535,
                    "duration": 1.5, "orig_bytes": 2**53, "local_orig": False, "vlan": 7}
            want.pop("history", None)
            assert set(row.pop("tunnel_parents")) == {"Ca", "Cb"}
            assert row == want, (row, want)


def test_what_cannot_be_set_is_an_error_with_its_line(env):
    wrong = [("rec.servce = 'x'", "no column is called 'servce'"), ("return rec.servce", "no column is called 'servce'"),
             ("rec.id = 1", "id is set by its parts"), ("rec.service = 5", "service takes "),
             ("rec.service = {}", "service takes "), ("rec.id.orig_p = 65536", "orig_p takes "),
             ("rec.id.orig_p = 1.5", "orig_p takes "), ("rec.id.orig_h = 'nobody'", "orig_h takes "),
             ("rec.duration = 0/0", "duration takes "), ("rec.duration = 'long'", "duration takes "),
             ("rec.local_orig = 1", "local_orig takes "), ("rec.tunnel_parents = { 1 }", "tunnel_parents takes "),
             ("rec.orig_pkts = -1", "orig_pkts takes "), ("rec[{}] = 1", "no column is called 'table'"),
             ("rec.id.uid = 'x'", "no column is called 'uid'"), ("rec.set_bytes_threshold = 1", "set_bytes_threshold is no column")]
    text = "function log_policy(rec)\nlocal step = %d\n" + "".join(
        "if step == %d then %s end\n" % (i, line) for i, (line, _) in enumerate(wrong)) + "end\n"
    for e in each_lua(env):
        plain = e.run("--seed", "x", "--format", "json", e.capture("http.pcap")).stdout
        for i, (line, said_of_it) in enumerate(wrong):
            e.run("--script", script(e, text % i), "-q", e.capture("http.pcap"))
            said, rows = run(e, text % i, e.capture("http.pcap"))
            assert said[0].startswith("connlog: warning: a.lua:%d: %s" % (i + 3, said_of_it)), (line, said)
            assert rows == [json.loads(row) for row in plain.splitlines()], line
        said, rows = run(e, "function log_conn(c) c.service = 'x' end", e.capture("http.pcap"))
        assert "service cannot be set here" in said[0]


def test_scripts_do_not_meet(env):
    a = "n = 1\nfunction log_policy(rec) rec.service = 'a' return rec.proto ~= 'udp' end\n"
    b = "function log_policy(rec) print(n, rec.service, rec.proto) rec.service = rec.service .. 'b' end\n"
    for e in each_lua(env):
        script(e, b, "b.lua")
        said, rows = run(e, a, "--script", "b.lua", e.capture("http.pcap"))
        assert set(said) == {"nil\ta\ttcp", "nil\ta\ticmp"} and len(said) == len(rows)  # nothing is asked about a dropped record
        assert all(row["service"] == "ab" for row in rows)


# ---- what they cannot break


def test_what_cannot_be_loaded_ends_the_run(env):
    os.mkdir(env.tmp + "/folder")
    for e in each_lua(env):
        for text, said in (("function connection_established(", "a.lua:1: "), ("\n\nerror('no')", "a.lua:3: no"),
                           ("local x = nil + 1", "a.lua:1: attempt to perform arithmetic"),
                           ("function conection_established(c) end", "a.lua: no function in it has the name of an event"),
                           ("while true do end", "takes too long"), ("\x1bLua", "a.lua: "), ("error()", "a.lua:1: ")):
            done = e.run("--script", script(e, text), e.capture("http.pcap"), "script_max_instructions=100000", code=2)
            assert said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout, (text, done.stderr)
        for name in ("missing.lua", "folder"):
            done = e.run("--script", name, e.capture("http.pcap"), code=2)
            assert name in done.stderr and not done.stdout, done.stderr
        done = e.run("--script", env.tmp + "/missing.lua", "-o", env.tmp, e.capture("http.pcap"), code=2)
        assert not os.path.exists(env.tmp + "/conn.log")


def test_errors_are_told_once_counted_and_stop_nothing(env):
    text = """
        function new_connection(c) local x = nil; return x.y end
        function log_policy(rec) if rec.proto == "tcp" then error("over tcp", 0) else error({}) end end
        function connlog_done() print("done") assert(false) end
    """
    for e in each_lua(env):
        plain = e.run("--seed", "x", "--format", "json", e.capture("http.pcap")).stdout
        said, rows = run(e, text, "--stats", "stats.json", e.capture("http.pcap"))
        assert rows == [json.loads(row) for row in plain.splitlines()]
        assert said[0].startswith("connlog: warning: a.lua:2: attempt to index")
        assert said[1] == "connlog: warning: a.lua:3: over tcp"
        assert said[2] == "done" and said[3] == "connlog: warning: a.lua:4: assertion failed!"
        assert said[4:] == ["connlog: warning: a.lua: 21 errors in all; of those at the same line the first is told"]
        with open(e.tmp + "/stats.json") as f:
            assert json.load(f)["scripts"] == {"loaded": 1, "handled": 21, "errors": 21, "dropped": 0}
        said, rows = run(e, text, "-q", e.capture("http.pcap"))
        assert said == ["done"]
        said, rows = run(e, text, "-v", e.capture("http.pcap"))
        assert "stack traceback:" in said and any("a.lua:2: in function" in line for line in said)


def test_what_loops_for_ever_is_ended(env):
    text = """
        function new_connection() while true do end end
        function connection_established() while true do pcall(function() while true do end end) end end
        function connection_state_remove()
            while true do coroutine.wrap(function() pcall(function() while true do end end) end)() end
        end
        function log_policy(rec) rec.service = "here" end
        function connlog_done() for i = 1, 3000000 do end print("done") end
    """
    for e in each_lua(env):
        said, rows = run(e, text, "script_max_instructions=50000", e.capture("http.pcap"))
        for line in 2, 3, 5:
            assert any(re.match(r"connlog: warning: (a.lua:%d: )+this takes too long" % line, s) for s in said), said
        assert "done" in said
        assert len(rows) == 10 and all(row["service"] == "here" for row in rows)
        said, rows = run(e, "local function f() return 1 + f() end function new_connection(c) if c.id.resp_p == 53 then f() end end",
                         e.capture("http.pcap"))
        # LuaJIT does not always have enough stack left to find the line.
        assert re.match("connlog: warning: a.lua(:1)?: stack overflow", said[0]) and len(rows) == 10, said
        said, rows = run(e, "function log_conn() for i = 1, 100000 do end print('through') end",
                         "script_max_instructions=0", e.capture("http.pcap"))
        assert said == ["through"] * 10


def test_scripts_reach_nothing_outside(env):
    text = """
        for _, name in ipairs { "io", "debug", "package", "require", "load", "loadstring", "loadfile", "dofile", "ffi", "jit" } do
            if _G[name] ~= nil then print(name) end
        end
        for _, name in ipairs { "execute", "exit", "remove", "rename", "tmpname", "setlocale" } do
            if os[name] then print("os." .. name) end
        end
        function new_connection(c)
            if getmetatable(c) ~= "connection" then print("its metatable") end
            print(pcall(setmetatable, c, {}))
            new_connection = nil
        end
        print("a\\0b", nil, 1, string.upper("x"), math.floor(2.5), #table.concat({ 1, 2 }), type(os.time()))
        print()
    """
    for e in each_lua(env):
        done = e.run("--script", script(e, text), e.capture("empty.pcap"))
        assert done.stderr == "a\0b\tnil\t1\tX\t2\t2\tnumber\n\n", done.stderr
        done = e.run("--script", script(e, text), e.capture("unknown.pcap"))
        assert done.stderr.splitlines()[2].startswith("false\t"), done.stderr
        assert "its metatable" not in done.stderr


def test_globals_with_metamethods_do_no_harm(env):
    text = """
        function new_connection(c) return undefined_thing end
        setmetatable(_G, { __index = function(_, k) error("no global " .. k) end })
    """
    for e in each_lua(env):
        said, rows = run(e, text, e.capture("http.pcap"))
        assert said[0] == "connlog: warning: a.lua:3: no global undefined_thing" and len(rows) == 10, said
