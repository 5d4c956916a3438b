"""The seed corpora of the fuzz targets: small, and each for an existing target."""
import glob
import os
import tarfile


def test_corpora_are_small_and_belong_to_targets(env):
    corpora = sorted(glob.glob(env.root + "/fuzz/corpus/*.tar.gz"))
    assert corpora, "no corpora in fuzz/corpus"
    for path in corpora:
        name = os.path.basename(path)[:-len(".tar.gz")]
        assert os.path.exists("%s/fuzz/%s.c" % (env.root, name)), path
        with tarfile.open(path) as tar:
            members = tar.getmembers()
        assert members and all(m.isreg() and "/" not in m.name for m in members), path
        assert sum(m.size for m in members) <= 192 << 10, path
    assert sum(map(os.path.getsize, corpora)) < 1 << 20


def test_the_folder_for_oss_fuzz_is_whole(env):
    folder = env.root + "/fuzz/oss-fuzz"
    for name in ("Dockerfile", "build.sh", "project.yaml"):
        assert os.path.exists("%s/%s" % (folder, name)), name
    env.must("bash", "-n", folder + "/build.sh")
