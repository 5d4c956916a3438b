#!/bin/bash -eu
# Builds every fuzz target into $OUT, as OSS-Fuzz calls it: with $CC, $CFLAGS and $LIB_FUZZING_ENGINE.  The shared libraries that they
# need go along, since the machines that run them have none; so do dictionaries and corpora.
cd "$SRC/connlog"
make -j"${JOBS:-$(nproc)}" fuzzers FUZZ_CC="$CC" FUZZ="$CFLAGS" FUZZ_ENGINE="$LIB_FUZZING_ENGINE" LDFLAGS="-Wl,-rpath,'\$\$ORIGIN/lib'"
mkdir -p "$OUT/lib"
for target in build/fuzzers/fuzz_*; do
	name=$(basename "$target")
	case $name in *.*) continue ;; esac
	cp "$target" "$OUT/"
	ldd "$target" | awk '$3 ~ /^\// && $1 !~ /^lib(c|m|pthread|dl|rt|gcc_s|stdc\+\+)\.so/ { print $3 }' | xargs -r cp -Lnt "$OUT/lib"
	[ ! -e "fuzz/$name.dict" ] || cp "fuzz/$name.dict" "$OUT/"
	if [ -e "fuzz/corpus/$name.tar.gz" ]; then
		seeds=$(mktemp -d)
		tar -C "$seeds" -xzmf "fuzz/corpus/$name.tar.gz"
		python3 -m zipfile -c "$OUT/${name}_seed_corpus.zip" "$seeds"/*
		rm -r "$seeds"
	fi
done
