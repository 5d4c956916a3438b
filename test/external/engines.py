"""Other people's programs that read what connlog writes: how tests find and run them.  test/external/README.md lists them."""
import os
import shutil
import subprocess

from env import Skip


def python(env, *modules):
    """Returns a Python that has these modules: the one of test/external/setup-python, or the system's; skips when neither has them."""
    for path in (env.build + "/external/python/bin/python3", shutil.which("python3")):
        if path and os.path.exists(path) and subprocess.run([path, "-c", "import " + ", ".join(modules)], stderr=subprocess.DEVNULL,
                                                            check=False).returncode == 0:
            return path
    raise Skip("no Python module %s: `test/external/setup-python build` installs it" % " or ".join(modules))


def spark(env):
    """The same for Spark."""
    if shutil.which("java") is None:
        raise Skip("no Java runtime for Spark: Debian has one in default-jre-headless")
    return python(env, "pyspark")


def script(env, name, *args):
    """Runs a script of test/external with the Python in args[0].  Returns what it prints."""
    interpreter, *args = args
    return env.must(interpreter, "-B", env.root + "/test/external/" + name, *args, timeout=900,
                    env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"})
