"""What connlog may still do once its inputs are open: user, capabilities, files, system calls. All tests run confined;
these test the confinement itself, and repeat a choice of tests with the installed program, because the program of the
tests has sanitizers and is allowed more."""
import copy
import ctypes
import glob
import os
import re
import shutil
import subprocess
import time

from env import Skip
import sensor_output_test
import sensor_rotate_test
from sensor import Net, Sensor, numbers_in, wait_until
import veth


def installed(env):
    """Returns the environment with the installed program."""
    other = copy.copy(env)
    other.connlog = env.build + "/connlog"
    return other


def has_seccomp(env):
    return "seccomp" in env.run("--version").stdout.split("sandbox: ")[1].splitlines()[0].replace("without seccomp", "")


def status_of(task):
    with open(task + "/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def statuses(sensor):
    return [status_of(task) for task in glob.glob("/proc/%d/task/*" % sensor.process.pid)]


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can give up root")


def test_the_list_holds_without_sanitizers(env):
    """Runs the unit tests built like the installed program."""
    flags = []
    if has_seccomp(env):
        flags = ["-DCONNLOG_SECCOMP", *env.must("pkg-config", "--cflags", "--libs", "libseccomp").split()]
    said = ""
    for name in ("guard_test", "guard_client_test"):
        env.must(env.cc, "-std=c17", "-D_GNU_SOURCE", "-I" + env.root + "/src", "-o", name, env.root + "/test/unit/%s.c" % name,
                 *glob.glob(env.root + "/src/guard/*.c"), "-lcmocka", "-pthread", *flags)
        said += "\n" + env.must("./" + name, env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
    assert said.count("\nok ") >= 11 and (not has_seccomp(env) or "no_processes_no_signals_no_code # SKIP" not in said), said


def test_a_sensor_keeps_no_rights(env):
    with Net() as net:
        for program in (env, installed(env)):
            sensor = Sensor(program, net, "-o", "logs", "-v", "--compress", "zstd")
            net.send(0, 3)
            for s in statuses(sensor):
                assert s["CapPrm"] == s["CapEff"] == s["CapAmb"] == "0" * 16, s
                assert s["NoNewPrivs"] == "1" and s["Seccomp"] == ("2" if has_seccomp(env) else "0"), s
                if os.geteuid() == 0:
                    assert "0" not in s["Uid"].split() + s["Gid"].split() and s["CapBnd"] == "0" * 16, s
            assert len(statuses(sensor)) > 2
            said = sensor.stop()
            assert "confined: " in said and "no capabilities" in said, said
        assert numbers_in(sensor.folder) == [0, 0, 1, 1, 2, 2]


def test_no_sandbox_is_a_warning_and_keeps_all(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--no-sandbox")
        for s in statuses(sensor):
            assert s["NoNewPrivs"] == s["Seccomp"] == "0", s
            if os.geteuid() == 0:
                assert s["Uid"].split() == ["0"] * 4 and s["CapEff"] != "0" * 16, s
        assert "warning: --no-sandbox" in sensor.stop()
    assert env.run("--no-sandbox", env.capture("http.pcap")).stderr == ""


def test_whom_root_becomes(env):
    need_root()
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "-v")
        user = os.stat(sensor.folder).st_uid              # it was handed over
        assert user != 0 and statuses(sensor)[0]["Uid"].split() == [str(user)] * 4
        assert "logs belongs to " in sensor.stop()
        os.chown(sensor.folder, 4711, 4712)               # the sensor runs as the folder's owner
        for name in os.listdir(sensor.folder):
            os.chown(sensor.folder + "/" + name, 4711, 4712)
        sensor = Sensor(env, net, "-o", "logs")
        assert {s["Uid"].split()[0] for s in statuses(sensor)} == {"4711"}
        sensor.stop()

        def refused(*args, code=1):
            return env.command(*net.inside, env.connlog, "live", veth.CAPTURES, "-o", "logs", *args).stderr

        assert "no user is called 'nobody-at-all'" in refused("--user", "nobody-at-all")
        said = refused("--user", "nobody")
        assert "logs cannot be written to by nobody" in said and "chown" in said, said
        assert "without capabilities" in refused("--user", "root")
        with open(sensor.folder + "/conn.log", "w") as f:  # as --no-sandbox leaves it
            f.write("{}\n")
        os.chmod(sensor.folder + "/conn.log", 0o644)
        os.chown(sensor.folder + "/conn.log", 0, 0)
        assert "conn.log: Permission denied (a file of that name belongs to somebody else" in refused()
        os.chown(sensor.folder, 0, 0)
        with open(sensor.folder + "/report.txt", "w"):
            pass
        assert "cannot be written to by" in refused()     # it contains somebody else's file, so it is not handed over
        assert os.stat(sensor.folder).st_uid == 0


def test_only_root_becomes_somebody_else(env):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("not begun by root, or no setpriv")
    os.chmod(env.tmp, 0o755)
    done = env.command("setpriv", "--reuid", "4711", "--clear-groups", "--", env.connlog, "live", "lo", "--user", "root")
    assert done.returncode == 1 and "only root can become somebody else" in done.stderr, done.stderr


def test_as_the_service_runs_it(env):
    """Runs as a user with two capabilities, both of which are given up."""
    need_root()
    if not shutil.which("setpriv"):
        raise Skip("no setpriv here")
    os.makedirs(env.tmp + "/logs")
    os.chown(env.tmp + "/logs", 4711, 4711)
    with Net() as net:
        net.inside += ["setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups", "--inh-caps=+net_raw,+net_admin",
                       "--ambient-caps=+net_raw,+net_admin", "--"]
        sensor = Sensor(env, net, "-o", "logs")
        for s in statuses(sensor):
            assert s["CapPrm"] == s["CapEff"] == s["CapAmb"] == "0" * 16 and s["Uid"].split() == ["4711"] * 4, s
        net.send(0, 3)
        assert sensor.stop() == ""
    assert numbers_in(sensor.folder) == [0, 1, 2]


def helper_of(sensor):
    """Returns the process that runs commands."""
    for path in glob.glob("/proc/[0-9]*/status"):
        try:
            s = status_of(os.path.dirname(path))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if s["Name"] == "connlog-hook" and s["PPid"] == str(sensor.process.pid):
            return s
    return None


def test_commands_are_run_by_a_helper(env):
    """The process that runs commands is not root either, but may do what a user may; the sensor still may not."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--rotate-interval", "1hr", "--rotate-exec", "id -u >&2; touch logs/$$; true")
        helper = helper_of(sensor)
        assert helper["CapPrm"] == "0" * 16 and helper["Seccomp"] == "0" and helper["NoNewPrivs"] == "0", helper
        assert helper["Uid"] == statuses(sensor)[0]["Uid"]
        net.send(0, 1)
        said = sensor.stop()
        assert "%s\n" % helper["Uid"].split()[0] in said and len(os.listdir(sensor.folder)) == 2, said
        assert wait_until(lambda: helper_of(sensor) is None)


def test_a_helper_that_is_gone_is_told(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--rotate-interval", "1hr", "--rotate-exec", "true")
        os.kill(int(helper_of(sensor)["Pid"]), 9)
        net.send(0, 1)
        said = sensor.stop()
        assert "'true' cannot be run for logs/conn.20" in said, said


def test_captures_are_read_as_before(env):
    """Uses the installed program: compressed captures, links, folders and pipes, with scripts, statistics and contents."""
    me = installed(env)
    os.makedirs(env.tmp + "/in")
    names = sorted(os.path.basename(p) for p in glob.glob(env.captures + "/*") if os.path.isfile(p))
    assert len(names) > 20
    for name in names:
        os.symlink(env.capture(name), env.tmp + "/in/" + name)
        want, got = (env.command(p, "--seed", "x", "--fields", "all", *more, env.capture(name))
                     for p, more in ((me.connlog, ["--no-sandbox"]), (me.connlog, [])))
        assert (got.returncode, got.stdout, got.stderr) == (want.returncode, want.stdout, want.stderr), (name, got.stderr)
    want, got = (env.command(me.connlog, "--seed", "x", *more, "in") for more in (["--no-sandbox"], []))
    assert (got.returncode, got.stdout, got.stderr) == (want.returncode, want.stdout, want.stderr), got.stderr
    with open(env.tmp + "/x.lua", "w") as f:
        f.write("local n = 0\nfunction log_conn(r) for i = 1, 1e5 do n = n + i end end\n"
                "function connlog_done() print(os.date(), os.clock(), n) end\n")
    os.makedirs(env.tmp + "/out")
    http = env.capture("http.pcap")
    for more in ([], ["script_max_instructions=0"]):      # LuaJIT compiles these
        me.run("-o", "out", "--stats", "stats.json", "--script", "x.lua", "Conn::default_extract=T", "Conn::extraction_prefix=out/c",
               *more, http)
    assert len(os.listdir(env.tmp + "/out")) > 2 and os.path.exists(env.tmp + "/stats.json")
    with open(http, "rb") as f:
        assert me.run("-", stdin=f).stdout
    assert env.must("bash", "-c", '"$0" <(gzip -c "$1")', me.connlog, http)


def test_the_installed_sensor_rotates_packs_and_runs_commands(env):
    me = installed(env)
    for test in (sensor_rotate_test.test_logs_of_a_size_are_packed_elsewhere, sensor_output_test.test_it_starts_on_a_full_disk):
        me.tmp = env.tmp + "/" + test.__name__
        os.makedirs(me.tmp)
        os.chmod(env.tmp, 0o755)
        test(me)


# What the C library calls on architectures that lack the older call.
NEWER = {"access": "faccessat", "dup2": "dup3", "epoll_wait": "epoll_pwait", "getdents": "getdents64", "lstat": "newfstatat", "mkdir": "mkdirat",
         "open": "openat", "pipe": "pipe2", "poll": "ppoll", "readlink": "readlinkat", "rename": "renameat2", "renameat": "renameat2",
         "select": "pselect6", "stat": "newfstatat", "time": "clock_gettime", "unlink": "unlinkat"}
ONLY_X86 = {"arch_prctl"}


def test_the_list_suits_other_architectures(env):
    """arm64 and riscv64 lack the calls that newer ones replaced, so the newer ones have to be on the list, too."""
    try:
        lib = ctypes.CDLL("libseccomp.so.2")
    except OSError as e:
        raise Skip("no libseccomp here: %s" % e) from None
    lib.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    with open(env.root + "/src/guard/calls.c") as f:
        lists = re.findall(r"^static const int (\w+)\[\] = \{(.*?)^\};", f.read(), re.M | re.S)
    listed = {name: set(re.findall(r"SCMP_SYS\((\w+)\)", body)) for name, body in lists}
    assert len(listed["always"]) > 60
    for arch in (0xc00000b7, 0xc00000f3):
        def has(name):
            return lib.seccomp_syscall_resolve_name_arch(arch, name.encode()) >= 0
        for name, calls in listed.items():
            for call in calls - ONLY_X86:
                assert has(call) or NEWER.get(call) in calls | listed["always"], (hex(arch), name, call)
                assert has(call) or has(NEWER[call]), call
