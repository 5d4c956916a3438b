"""-j N: the log is that of one thread, to the byte.  --shard K/N: all shares together are the log."""
import glob
import gzip
import json
import os
import subprocess

from env import Skip
from netlib import ACK, SYN, Capture, eth, ip4, ip6, tcp, udp

WORKERS = (2, 3, 8)
JSON = ["--format", "json", "--fields", "all"]


def captures(env):
    return sorted(glob.glob(env.captures + "/*.pcap*"))


def log(env, path, *options, code=None, **kw):
    done = env.command(env.connlog, "--seed", "x", *options, path, **kw)
    assert done.returncode in ((0, 1) if code is None else (code,)), (path, options, done.stderr)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.stdout


def same(env, path, *options, **kw):
    alone = log(env, path, *options)
    for n in WORKERS:
        got = log(env, path, "-j", n, *options, **kw)
        assert got == alone, "%s -j %d %s" % (path, n, " ".join(options))
    return alone


def host(i):
    return "10.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255)


def crowd(cap, n, gap, first=0):
    """Writes a capture of many connections, some of which are answered."""
    for i in range(first, first + n):
        client, port = host(i * 7919), 1024 + i % 50000
        cap.add(ip4(client, "192.0.2.1", 6, tcp(client, "192.0.2.1", port, 80, i, 0, SYN)), gap)
        if i % 3 == 0:
            cap.add(ip4("192.0.2.1", client, 6, tcp("192.0.2.1", client, 80, port, 9, i + 1, SYN | ACK)), gap)
        if i % 5 == 0:
            cap.add(ip4(client, "192.0.2.2", 17, udp(client, "192.0.2.2", port, 53, b"x" * 30)), gap)


def busy(env):
    """Writes a capture in which thousands of timers are due before one packet, and then one at a time."""
    cap = Capture()
    crowd(cap, 3000, 0.000001)
    crowd(cap, 400, 0.05, 5000)
    crowd(cap, 3000, 0.000001, 9000)
    crowd(cap, 50, 30, 20000)
    crowd(cap, 6000, 0.0005, 30000)
    path = env.tmp + "/busy.pcap"
    cap.write(path)
    return path


def test_logs_are_the_same_for_any_number_of_workers(env):
    for path in captures(env):
        same(env, path)
        same(env, path, *JSON)


def test_events_are_the_same_for_any_number_of_workers(env):
    cap = Capture()
    crowd(cap, 300, 0.0001)
    cap.write(env.tmp + "/open.pcap")  # most are still open at the end, and their last events have the time of the input's last packet
    for path in [env.tmp + "/open.pcap", *captures(env)[::3]]:
        alone = env.command(env.connlog, "events", "--all", "--seed", "x", path).stdout
        for n in WORKERS:
            assert env.command(env.connlog, "events", "--all", "--seed", "x", "-j", n, path).stdout == alone, (path, n)


def test_a_backlog_of_timers_is_worked_off_in_the_same_order(env):
    path = busy(env)
    alone = same(env, path)
    assert len(alone.splitlines()) > 12000
    same(env, path, "max_timer_expires=7")
    same(env, path, "max_timer_expires=0")
    same(env, path, "tcp_attempt_delay=50msec", "udp_inactivity_timeout=10msec")
    assert log(env, path, "max_timer_expires=7") != alone, "the bound is never reached: this tests nothing"


def test_packets_stay_where_the_source_has_them(env):
    """Workers read packets in place in the source's windows, which must stay valid: for compressed files, pipes, long
    records, and many small files."""
    cap = Capture()
    for i in range(4000):
        client = host(i % 50)
        cap.add(ip4(client, "192.0.2.1", 17, udp(client, "192.0.2.1", 1024 + i % 900, 9, bytes([i % 251]) * (i * 37 % 1400))))
        if i % 400 == 0:
            cap.frame(eth(ip4(client, "192.0.2.1", 17, udp(client, "192.0.2.1", 1024, 9, b"y" * 60000))) + b"z" * 150000)
    path, packed, folder = env.tmp + "/windows.pcap", env.tmp + "/windows.pcap.gz", env.tmp + "/small"
    cap.write(path)
    with open(path, "rb") as f:
        data = f.read()
    with gzip.open(packed, "wb", 1) as f:
        f.write(data)
    os.mkdir(folder)
    for k in range(0, len(cap.packets), 10):
        part = Capture()
        part.packets = cap.packets[k:k + 10]
        part.write(folder + "/%05d.pcap" % k)
    alone = same(env, path, *JSON)
    assert same(env, packed, *JSON) == alone
    assert same(env, folder, *JSON) == alone
    for n in WORKERS:
        pipe = subprocess.run(["sh", "-c", 'cat "$1" | "$0" --seed x --format json --fields all -j "$2" -', env.connlog, path, str(n)],
                              stdout=subprocess.PIPE, text=True, check=True)
        assert pipe.stdout == alone, n


def test_counters_are_sums(env):
    path, counters = busy(env), {}
    for n, *how in ((1, "-j", 1), (4, "workers=4")):
        stats = env.tmp + "/stats.json"
        log(env, path, *how, "--stats", stats)
        with open(stats) as f:
            counters[n] = json.load(f)
    one, four = counters[1]["engine"] if "engine" in counters[1] else counters[1], counters[4]
    four = four["engine"] if "engine" in four else four
    for group, values in one.items():
        if group in ("memory", "output", "input", "source") or not isinstance(values, dict):
            continue
        for name, value in values.items():
            if name != "peak":
                assert four[group][name] == value, (group, name, value, four[group][name])
    assert 0 < four["workers"]["batches_in_turn"] < four["workers"]["batches"], four["workers"]


def preloaded(env, name, source):
    """Builds a library that is loaded before the C library. Returns how to run the program with it."""
    program = env.build + "/connlog"
    if not os.path.exists(program):
        raise Skip("needs a build without sanitizers: make all")
    with open("%s/%s.c" % (env.tmp, name), "w") as f:
        f.write(source)
    library = "%s/%s.so" % (env.tmp, name)
    env.must(env.cc, "-shared", "-fPIC", "-O1", "-o", library, "%s/%s.c" % (env.tmp, name), "-ldl")
    return program, {**os.environ, "LD_PRELOAD": library}


def test_workers_that_are_held_up_at_random(env):
    """A library loaded before the C library delays locks, so that each run has another order."""
    program, slow = preloaded(env, "slow", """#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
static _Thread_local unsigned seed;
int pthread_mutex_lock(pthread_mutex_t *m)
{
	static int (*lock)(pthread_mutex_t *);
	if (!lock)
		lock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
	if (!seed) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		seed = (unsigned)now.tv_nsec ^ (unsigned)(unsigned long)&seed;
	}
	if (rand_r(&seed) % 4 == 0)
		usleep(rand_r(&seed) % 2000);
	return lock(m);
}
""")
    path = busy(env)
    alone = env.must(program, "--seed", "x", path)
    for n in (2, 3, 8):
        got = env.must(program, "--seed", "x", "-j", n, path, env=slow)
        assert got == alone, n


def test_a_worker_without_memory_ends_the_run(env):
    """What was logged until then is in the log, and the end is reported."""
    program, poor = preloaded(env, "poor", """#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
void *realloc(void *p, size_t n)
{
	static void *(*real)(void *, size_t);
	static _Atomic int calls;
	if (!real)
		real = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	if (gettid() != getpid() && n >= 2048 && ++calls > atoi(getenv("REALLOCS"))) {
		errno = ENOMEM;
		return NULL;
	}
	return real(p, n);
}
""")
    path = busy(env)
    rows = env.must(program, "--seed", "x", *JSON, path).splitlines()
    some = 0
    for calls in (0, 20, 60):
        done = env.command(program, "--seed", "x", "-j", 3, *JSON, path, env={**poor, "REALLOCS": str(calls)})
        assert done.returncode == 1 and "out of memory" in done.stderr, (calls, done.returncode, done.stderr)
        got = done.stdout.splitlines()
        assert len(got) < len(rows) and set(got) <= set(rows), calls
        some += len(got)
    assert some > 0, "all was lost each time"


def test_memory_of_workers(env):
    """It is at most 1.15 times that of one, plus 8 MiB for each worker."""
    program = env.build + "/connlog"
    if not os.path.exists(program):
        raise Skip("needs a build without sanitizers: make all")
    cap = Capture()
    crowd(cap, 40000, 0.00001)
    path, peak = env.tmp + "/crowd.pcap", {}
    cap.write(path)
    for n in (1, 2, 4):
        child = subprocess.Popen([program, "-j", str(n), path], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, n
        peak[n] = usage.ru_maxrss * 1024
    for n in (2, 4):
        assert peak[n] <= 1.15 * peak[1] + n * (8 << 20), peak


def test_shares_together_are_the_log(env):
    for path in captures(env):
        alone = sorted(log(env, path, *JSON).splitlines())
        for n in (2, 3, 7):
            shares = [log(env, path, "--shard", "%d/%d" % (k, n), *JSON).splitlines() for k in range(n)]
            assert sorted(sum(shares, [])) == alone, (path, n)


def test_shares_are_about_equal(env):
    cap = Capture()
    crowd(cap, 2000, 0.0001)
    for i in range(1000):
        a, b = "2001:db8::%x" % i, "2001:db8:1::%x" % (i * 3)
        cap.add(ip6(a, b, 17, udp(a, b, 1024 + i, 9, b"x")), 0.0001)
    cap.write(env.tmp + "/equal.pcap")
    rows = [len(log(env, env.tmp + "/equal.pcap", "--shard", "%d/4" % k, *JSON).splitlines()) for k in range(4)]
    assert min(rows) > sum(rows) / 4 * 0.85, rows


def test_wrong_numbers_are_told(env):
    path = captures(env)[0]
    for value in ("4/4", "x", "1/0", "0/99999", "-1/2", "1"):
        assert "is not a share" in env.run("--shard", value, path, code=2).stderr, value
    assert "is not a number" in env.run("-j", "many", path, code=2).stderr


def test_scripts_get_one_thread(env):
    script = env.tmp + "/count.lua"
    with open(script, "w") as f:
        f.write("n = 0\nfunction log_conn(rec) n = n + 1 end\nfunction connlog_done() print('rows ' .. n) end\n")
    path = busy(env)
    done = env.command(env.connlog, "--seed", "x", "-j", 4, "--script", script, path)
    rows = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    assert "rows %d" % len(rows) in done.stderr and done.stdout == log(env, path)


def test_a_script_that_needs_one_thread_is_refused_several(env):
    script = env.tmp + "/alone.lua"
    with open(script, "w") as f:
        f.write("function log_conn(rec) end\nsetmetatable(_G, { __index = function(_, k) error('no global ' .. k) end })\n")
    done = env.command(env.connlog, "-j", 2, "parallel_handlers=T", "--script", script, busy(env))
    assert done.returncode == 2 and "say so in it by parallel = true" in done.stderr and not done.stdout, done.stderr
    assert env.command(env.connlog, "-j", 1, "parallel_handlers=T", "--script", script, captures(env)[0]).returncode == 0


def test_scripts_with_a_state_for_each_worker(env):
    """Policies change records in the workers, and the log is that of one thread; the same holds for events."""
    script = env.tmp + "/parallel.lua"
    with open(script, "w") as f:
        f.write("""
            parallel = true
            local n, last = 0, 0
            print("once")
            function log_policy(rec)
                n = n + 1
                if rec.conn_state == "S0" and rec["id.orig_p"] % 2 == 0 then return false end
                rec.history = "x" .. rec.history
            end
            function new_connection(c)
                if network_time() < last then print("time goes back") end
                last = network_time()
            end
            function connlog_done() print("records " .. n) end
        """)
    path, plain = busy(env), len(log(env, busy(env), *JSON).splitlines())
    how = ("--script", script, "parallel_handlers=T")
    for command in ([], ["events"]):
        alone = env.command(env.connlog, *command, "--seed", "x", *how, path)
        for n in WORKERS:
            stats = env.tmp + "/scripts.json"
            done = env.command(env.connlog, *command, "--seed", "x", "-j", n, "--stats", stats, *how, path)
            assert done.returncode == 0 and done.stdout == alone.stdout and "Sanitizer" not in done.stderr, done.stderr
            said = done.stderr.splitlines()
            assert said[0] == "once" and len(said) == 1 + n, said
            assert sum(int(line.split()[1]) for line in said[1:]) == plain, said
            with open(stats) as f:
                counted = json.load(f)["scripts"]
            assert counted["loaded"] == n and counted["dropped"] > 0, counted


def test_errors_of_scripts_in_workers_are_told(env):
    script = env.tmp + "/fails.lua"
    with open(script, "w") as f:
        f.write("parallel = true\nfunction log_conn(rec)\n    error('no')\nend\n")
    path = busy(env)
    done = env.command(env.connlog, "--seed", "x", "-j", 3, "--script", script, "parallel_handlers=T", path)
    rows = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    assert done.returncode == 0 and "fails.lua:3: no" in done.stderr and "%d errors in all" % len(rows) in done.stderr, done.stderr


def test_local_networks_are_every_workers(env):
    cap = Capture()
    for i in range(200):
        a, b = "8.8.%d.1" % i, "9.9.9.%d" % i
        cap.add(ip4(a, b, 17, udp(a, b, 1024 + i, 9, b"x")), 0.001)
    cap.write(env.tmp + "/public.pcap")
    alone = same(env, env.tmp + "/public.pcap", *JSON, "Site::local_nets=8.8.0.0/16")
    assert alone.count('"local_orig":true') == 200
