"""One archive of captures read by many tasks: Spark, an indexed Job of Kubernetes and an array of Slurm write what one process writes."""
import os
import pwd
import re
import shutil
import socket
import subprocess

import engines
from env import Skip
from kafka import free_port
from parquet_test import all_captures, folder_rows, json_rows, unordered
from sensor import wait_until


def archive(env):
    """Returns (folder, the rows that one process makes from it)."""
    all_captures(env)
    rows = env.run("-q", "--seed", "job", "--format", "json", env.captures).stdout
    return env.captures, unordered(json_rows(rows))


def visible_rows(lake):
    """Returns the rows of files with final names: killed processes leave hidden ones, which query engines skip."""
    for path, _, names in os.walk(lake):
        for name in names:
            if name.startswith("."):
                os.unlink(os.path.join(path, name))
    return unordered(folder_rows(lake))


def test_spark_writes_what_one_process_does(env):
    """Share 0 is killed in the middle, once for each number of tasks, and Spark runs it again."""
    python = engines.spark(env)
    captures, expected = archive(env)
    lakes, kills = env.tmp + "/lakes", env.tmp + "/kills"
    os.mkdir(lakes)
    os.mkdir(kills)
    out = env.must(python, "-B", env.root + "/test/external/spark_archive.py", env.root + "/examples",
                   env.root + "/test/external/killed_once", captures, lakes, timeout=900,
                   env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "CONNLOG": env.connlog, "KILLS": kills})
    assert sorted(os.listdir(kills)) == ["0-of-1", "0-of-2", "0-of-7"]
    for name in os.listdir(kills):
        with open(kills + "/" + name) as f:
            assert f.read() == "-9\n", "%s ended before it was killed" % name
    assert out.split() == [x for n in (1, 2, 7) for x in (str(n), str(len(expected)))], out
    for n in (1, 2, 7):
        assert visible_rows("%s/%d" % (lakes, n)) == expected, n


def test_kubernetes_job(env):
    path = env.root + "/examples/kubernetes/archive-to-lake.yaml"
    captures, expected = archive(env)
    with open(path) as f:
        text = f.read()
    n = int(re.search(r"completions: (\d+)", text).group(1))
    arguments = re.findall(r"^            - (.+)$", text[text.index("args:"):text.index("resources:")], re.M)
    os.mkdir(env.tmp + "/lake")
    for i in range(n):
        put = {"/lake": env.tmp + "/lake", "/archive": captures, "archive-2026-11": "job", "Parquet::part=archive-2026-11": "Parquet::part=job"}
        env.run(*[put.get(a, a).replace("$(JOB_COMPLETION_INDEX)", str(i)) for a in arguments])
    assert visible_rows(env.tmp + "/lake") == expected
    python = engines.python(env, "kubernetes_validate", "yaml")
    env.must(python, "-c", "import sys, yaml, kubernetes_validate as k; k.validate(yaml.safe_load(open(sys.argv[1])), k.latest_version(), strict=True)", path)


def test_slurm_array(env):
    path = env.root + "/examples/slurm/archive-to-lake.sbatch"
    captures, expected = archive(env)
    with open(path) as f:
        n = int(re.search(r"#SBATCH --array=0-(\d+)", f.read()).group(1)) + 1
    os.mkdir(env.tmp + "/lake")
    os.mkdir(env.tmp + "/bin")
    os.symlink(env.connlog, env.tmp + "/bin/connlog")
    for i in range(n):
        environ = {**os.environ, "PATH": env.tmp + "/bin:" + os.environ["PATH"], "SLURM_ARRAY_TASK_ID": str(i), "SLURM_ARRAY_TASK_COUNT": str(n)}
        env.must("bash", path, captures, env.tmp + "/lake", "job", env=environ)
    assert visible_rows(env.tmp + "/lake") == expected


SLURM = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/none
CredType=cred/none
SlurmctldPort={port}
SlurmdPort={other}
StateSaveLocation={folder}
SlurmUser={user}
SlurmctldPidFile={folder}/pid
SlurmctldLogFile={folder}/slurmctld.log
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
NodeName=node[1-2] NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 State=CLOUD
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def test_slurm_would_run_the_array(env):
    """Runs `sbatch --test-only` against a controller of its own with two imaginary nodes; a job that asks for too much is refused."""
    controller = shutil.which("slurmctld") or shutil.which("slurmctld", path="/usr/sbin")
    if not controller or not shutil.which("sbatch"):
        raise Skip("no Slurm here (Debian: slurmctld, slurm-client)")
    with open(env.tmp + "/slurm.conf", "w") as f:
        f.write(SLURM.format(host=socket.gethostname().split(".")[0], port=free_port(), other=free_port(), folder=env.tmp,
                             user=pwd.getpwuid(os.geteuid()).pw_name))
    environ = {**os.environ, "SLURM_CONF": env.tmp + "/slurm.conf"}
    with open(env.root + "/examples/slurm/archive-to-lake.sbatch") as f:
        text = f.read()
    with open(env.tmp + "/large", "w") as f:
        f.write(text.replace("--mem=4G", "--mem=400G"))
    server = subprocess.Popen([controller, "-D", "-c", "-f", env.tmp + "/slurm.conf"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_only(path):
        done = env.command("sbatch", "--test-only", path, "/archive", "/lake", "name", env=environ)
        return done.returncode, done.stderr

    try:
        if not wait_until(lambda: env.command("sinfo", "-h", env=environ).returncode == 0 or server.poll() is not None, 60) or server.poll() is not None:
            log = env.tmp + "/slurmctld.log"
            raise Skip("Slurm's controller does not start here: " + (open(log).read()[-200:] if os.path.exists(log) else ""))
        code, said = test_only(env.root + "/examples/slurm/archive-to-lake.sbatch")
        assert code == 0 and "to start at" in said and "using 1 processors" in said, said
        code, said = test_only(env.tmp + "/large")
        assert code != 0 and "configuration is not available" in said, said
    finally:
        server.terminate()
        server.wait(60)
