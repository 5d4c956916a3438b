"""The documentation: the reference that is made of the headers."""
import shutil

from env import Skip


def test_the_reference_of_the_library_is_made_without_a_warning(env):
    if not shutil.which("doxygen"):
        raise Skip("no doxygen here")
    with open(env.root + "/docs/Doxyfile") as f:
        settings = f.read() + "OUTPUT_DIRECTORY = %s\n" % env.tmp
    done = env.command("doxygen", "-", input=settings, stdin=None, cwd=env.root)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    with open(env.tmp + "/html/connlog_8h.html") as f:
        page = f.read()
    assert "Advances the time of a live engine while no packets arrive" in page
    assert 'Described with <a class="el" href="connlog_8h.html#' in page
