"""--anonymize: no format of the output contains anything identifying from the input, and everything else is unchanged."""
import gzip
import ipaddress
import json
import os
import re

CAPTURES = ("http.pcap", "tcp-states.pcap", "udp-icmp.pcap", "ethernet.pcap", "ip-tunnels.pcap", "udp-tunnels.pcap", "ipv6.pcap", "fragments.pcap")
KEY = "2f" * 31 + "07"  # fixed, so that no address is mapped to another host's address by chance
SAME = {"id.orig_h", "id.resp_h", "uid", "tunnel_parents", "community_id", "orig_l2_addr", "resp_l2_addr"}  # columns that change


def captures(env):
    return [env.capture(name) for name in CAPTURES]


def key(env):
    path = env.tmp + "/key"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(KEY + "\n")
    return path


def seen(env, *more):
    return [json.loads(line) for line in env.run("--seed", "x", "--fields", "all", "--format", "json", "-q", *more, *captures(env)).stdout.splitlines()]


def secrets(records):
    """Returns the patterns that must not occur: addresses as text and as bytes, uids, link addresses, Community IDs."""
    found = set()
    for r in records:
        for a in (r["id.orig_h"], r["id.resp_h"]):
            packed = ipaddress.ip_address(a).packed
            found.add(rb"(?<![0-9a-f.:])%s(?![0-9a-f:]|\.[0-9])" % re.escape(a.encode()))
            if len(packed) == 16 and len(set(packed)) > 4:
                found.add(re.escape(packed))
        for name in ("uid", "community_id", "orig_l2_addr", "resp_l2_addr"):
            if name in r:
                found.add(re.escape(r[name].encode()))
        found.update(re.escape(uid.encode()) for uid in r.get("tunnel_parents", ()))
    return found


def found(patterns, written):
    return [p for p in patterns if re.search(p, written)]


def output(env, *args):
    """Returns the bytes that connlog writes to standard output."""
    done = env.command(env.connlog, *args, text=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def formats(env):
    line = re.search(r"^formats: (.*)$", env.run("--version").stdout, re.M).group(1)
    assert len(line.split(", ")) >= 10
    return line.split(", ")


def test_nothing_of_what_was_seen_is_written_in_any_format(env):
    hidden, k = secrets(seen(env)), key(env)
    assert len(hidden) > 300
    with open(env.tmp + "/all.json", "wb") as f:
        f.write(output(env, "--seed", "x", "--fields", "all", "--format", "json", "-q", *captures(env)))
    for name in formats(env):
        columns = [] if name.startswith("bro") else ["--fields", "all"]
        read = ["--seed", "x", *columns, "--format", name, "-q", *captures(env)]
        convert = ["convert", "--to", name, *columns, "-q", "all.json"]
        for args in (read, convert):
            assert len(found(hidden, output(env, *args))) > 10, (name, args[0])  # the search itself works
            written = output(env, *args, "--anonymize", k)
            assert len(written) > 1000 and not found(hidden, written), (name, args[0], found(hidden, written))


def test_what_is_kept_is_kept(env):
    """Compares the other columns, which addresses and uids are equal, and how many leading bits addresses share."""
    plain, new = seen(env), seen(env, "--anonymize", key(env))
    assert len(plain) == len(new) > 100
    became = {}
    for old, r in zip(plain, new):
        assert set(old) == set(r)
        assert {n: v for n, v in old.items() if n not in SAME} == {n: v for n, v in r.items() if n not in SAME}
        pairs = [(old["id.orig_h"], r["id.orig_h"]), (old["id.resp_h"], r["id.resp_h"]), (old["uid"], r["uid"])]
        pairs += zip(old.get("tunnel_parents", ()), r.get("tunnel_parents", ()))
        pairs += [(old[n], r[n]) for n in ("orig_l2_addr", "resp_l2_addr", "community_id") if n in old]
        for was, is_now in pairs:
            assert was != is_now and became.setdefault(was, is_now) == is_now, (was, is_now)
        assert re.fullmatch(r"C[0-9a-zA-Z]{8,17}", r["uid"])
    assert len(set(became.values())) == len(became)
    hosts = {old[n] for old in plain for n in ("id.orig_h", "id.resp_h")}
    for family in (".", ":"):
        pairs = [(int(ipaddress.ip_address(a)), int(ipaddress.ip_address(became[a]))) for a in hosts if family in a]
        assert len(pairs) > 3 and all(family in became[a] for a in hosts if family in a)
        assert all((a ^ c).bit_length() == (b ^ d).bit_length() for a, b in pairs for c, d in pairs)


def test_read_convert_and_workers_agree(env):
    k = key(env)
    want = env.run("--seed", "x", "--fields", "all", "--anonymize", k, *captures(env)).stdout
    for j in ("2", "5"):
        assert env.run("--seed", "x", "--fields", "all", "-j", j, "--anonymize", k, *captures(env)).stdout == want
    with open(env.tmp + "/conn.log", "w") as f:
        f.write(env.run("--seed", "x", "--fields", "all", *captures(env)).stdout)
    converted = env.run("convert", "--to", "zeek", "--anonymize", k, "conn.log").stdout
    assert [line for line in converted.splitlines() if line[0] != "#"] == [line for line in want.splitlines() if line[0] != "#"]
    net = ["--where", "id.orig_h in 192.168.0.0/16"]  # covered by another test
    chosen = env.run("--seed", "x", "--fields", "all", "-j", "2", *net, "--anonymize", k, *captures(env)).stdout
    lines = [line for line in chosen.splitlines() if line[0] != "#"]
    assert 0 < len(lines) < want.count("\n") and set(lines) < set(want.splitlines()) and "192.168" not in chosen


def test_sinks_get_no_more(env):
    hidden = secrets(seen(env))
    for args in (["--seed", "x", *captures(env)], ["convert", "all.log"]):
        with open(env.tmp + "/all.log", "wb") as f:
            f.write(output(env, "--seed", "x", *captures(env)))
        env.run(*args, "-q", "--anonymize", key(env), "--to", "file:%s/sink.log" % env.tmp)
        with open(env.tmp + "/sink.log", "rb") as f:
            written = f.read()
        assert len(written) > 10000 and not found(hidden, written)
        os.remove(env.tmp + "/sink.log")


def test_columns_that_zeek_does_not_know_are_left_out(env):
    k = key(env)
    with open(env.tmp + "/in.json", "w") as f:
        f.write('{"ts":1.5,"uid":"Cabc","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"fd00::7","id.resp_p":2,"proto":"tcp",'
                '"host":"h-10-0-0-1.example","via":["10.0.0.1","10.9.9.9"],"hits":3}\n')
    with gzip.open(env.tmp + "/in.json.gz", "wt") as f, open(env.tmp + "/in.json") as plain:
        f.write(plain.read())
    for name in ("in.json", "in.json.gz"):
        done = env.run("convert", "--to", "json", "--anonymize", k, name)
        r = json.loads(done.stdout)
        assert set(r) == {"ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"}
        assert done.stderr == "connlog: warning: --anonymize leaves out columns that may hold addresses: host,via,hits\n"
    assert env.run("convert", "--to", "json", "--anonymize", k, "-q", "in.json").stderr == ""
    assert "host" not in env.run("convert", "--to", "zeek", "--anonymize", k, "-q", "in.json").stdout
    chosen = env.run("convert", "--to", "json", "--anonymize", k, "-q", "--where", "hits == 3 and id.orig_h == 10.0.0.1", "in.json").stdout
    assert json.loads(chosen) == r


def test_flags_of_bro_go_by_the_addresses_that_were_seen(env):
    args = ["--seed", "x", "--format", "bro1", "--local-nets", "192.168.1.0/24", env.capture("tcp-states.pcap")]
    plain, new = env.run(*args).stdout, env.run(*args, "--anonymize", key(env)).stdout
    flags = [line.split()[11] for line in plain.splitlines()]
    local = [r["local_orig"] for r in map(json.loads, env.run(*args[:2], "--format", "json", *args[4:]).stdout.splitlines())]
    assert "L" in flags[0] and len(flags) == len(local)
    assert ["L" in line.split()[11] for line in new.splitlines()] == local


def test_keys(env):
    capture = env.capture("tcp-states.pcap")
    want = env.run("--seed", "x", "--anonymize", key(env), capture).stdout

    def with_key(content, mode=0o600, **kw):
        with open(env.tmp + "/k", "wb") as f:
            f.write(content)
        os.chmod(env.tmp + "/k", mode)
        return env.run("--seed", "x", "--anonymize", "k", capture, **kw)

    for content in (KEY.encode(), KEY.upper().encode() + b"\r\n", bytes.fromhex(KEY)):
        done = with_key(content)
        assert done.stdout == want and done.stderr == "", done.stderr
    assert with_key(bytes(32)).stdout != want
    for content in (b"", KEY.encode()[1:], b"x" + KEY.encode()[1:], KEY.encode() + b"\n\n", bytes(31), bytes(33), bytes(1000)):
        done = with_key(content, code=2)
        assert "--anonymize k: a key has 32 bytes, or 64 hexadecimal digits; (umask 077; head -c 32 /dev/urandom >key) makes one" in done.stderr
        assert done.stdout == ""
    done = with_key(bytes(32), mode=0o644)
    assert "warning: everybody may read the key k" in done.stderr and "chmod 600" in done.stderr
    for args in ((capture,), ("convert", "--to", "json", "in")):
        assert "--anonymize nowhere: cannot be read: No such file" in env.run(*args, "--anonymize", "nowhere", code=2).stderr
    assert "there is one key" in env.run("--anonymize", "k", "--anonymize", "k", capture, code=2).stderr
