# connlog - build, test, measure.  `make` builds build/connlog; `make help` lists the targets.
#
# Every .c file in src/*/ and src/service/*/ is part of the library, but those of src/cli/, src/ship/, src/sensor/ and src/guard/, which are the program, and what
# src/script/ has for builds with other Luas; every test/unit/NAME_test.c is a test program, every fuzz/fuzz_NAME.c a fuzz target and every
# examples/NAME.c an example of the library: nothing has to be listed here.
# Objects are built in three variants, each in a folder of its own: obj (as installed), san (ASan + UBSan, what the
# tests run) and fuzz (clang's libFuzzer, ASan + UBSan).
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
ifeq ($(origin CC),default)
CC := gcc
endif
OBJCOPY := objcopy
FUZZ_CC := clang
B := build
PREFIX := /usr/local
# Settings are the system's, unless this is installed beside it.
SYSCONFDIR = $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
LIBDIR = $(PREFIX)/lib
UNITDIR = $(PREFIX)/lib/systemd/system
DOCDIR = $(PREFIX)/share/doc/connlog
JOBS := $(shell nproc)
SHARED := ../shared
FUZZ_SECONDS := 60
HOURS :=
PACK :=
SEEDS := 100
FIRST := 1
ARCH := arm64
ZEEK ?=
EVERY :=
SCALE := 1
ROUNDS := 5

VERSION := $(shell sed -n 's/^\#define CONNLOG_VERSION "\(.*\)"/\1/p' include/connlog.h)
SONAME := libconnlog.so.$(firstword $(subst ., ,$(VERSION)))
# The shared library's symbols carry this version, so that a program linked with an incompatible one is refused when it starts: the
# major version, and the minor one as well while the major one is 0.
SYMBOL_VERSION := CONNLOG_$(if $(filter 0.%,$(VERSION)),$(basename $(VERSION)),$(firstword $(subst ., ,$(VERSION))))

# Scripts: LuaJIT, else Lua 5.4, else none; LUA=lua5.4 or LUA=none chooses.
LUA := $(firstword $(foreach lua,luajit lua5.4,$(shell pkg-config --exists $(lua) 2>/dev/null && echo $(lua))) none)
LUA_PKG := $(filter-out none,$(LUA))
# As connlog --version names it, of a name of pkg-config's.
LUA_NAME = -DCONNLOG_LUA=$(if $(filter none,$(1)),none,$(if $(filter luajit,$(1)),LuaJIT,Lua)-$(shell \
	pkg-config --modversion $(1) 2>/dev/null))

# Regular expressions of --where: PCRE2, or none; PCRE2= builds without.
PCRE2 := $(shell pkg-config --exists libpcre2-8 2>/dev/null && echo libpcre2-8)
WHERE_CFLAGS := $(if $(PCRE2),-DCONNLOG_PCRE2=PCRE2-$(shell pkg-config --modversion $(PCRE2)))

# What only the program has, and only where it is there: libseccomp for its sandbox, libmicrohttpd for its metrics, OpenSSL's
# libssl, hiredis, SQLite
# and librdkafka for sinks.
PROGRAM_PKG := $(foreach p,libseccomp libmicrohttpd libssl hiredis sqlite3 rdkafka,$(shell pkg-config --exists $(p) 2>/dev/null && echo $(p)))
part = $(if $(filter $(1),$(PROGRAM_PKG)),-DCONNLOG_$(2))
PROGRAM_CFLAGS := $(call part,libseccomp,SECCOMP) $(call part,libmicrohttpd,MICROHTTPD) $(call part,libssl,OPENSSL) \
	$(call part,hiredis,HIREDIS) $(call part,sqlite3,SQLITE3) $(call part,rdkafka,RDKAFKA)
PROGRAM_LIBS := $(if $(strip $(PROGRAM_PKG)),$(shell pkg-config --libs $(PROGRAM_PKG)))

PKG := libpcap zlib libzstd libcrypto $(LUA_PKG) $(PCRE2)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKG) 2>/dev/null) $(call LUA_NAME,$(LUA))
LIBS := $(shell pkg-config --libs $(PKG) 2>/dev/null) -lm -pthread

# Warnings are errors with WERROR=1 and in CI.
WERROR := $(if $(filter true,$(CI)),1)
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wwrite-strings \
	-Wundef -Wformat=2 -Wcast-qual $(if $(WERROR),-Werror)
CFLAGS := -O2 -g
# gcc optimises the program as a whole; the fat objects in the library suit any linker.
LTO := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),,-flto=auto -ffat-lto-objects)
# A build whose date is given has the same bytes in any folder.
SAME := $(if $(SOURCE_DATE_EPOCH),-ffile-prefix-map=$(CURDIR)=.)
# Built by profile: PGO=generate counts what runs, PGO=use builds by that; `make pgo` does both.
PGO :=
PGO_generate := -fprofile-generate -fprofile-update=atomic
PGO_use := -fprofile-use -fprofile-partial-training -Wno-missing-profile
override CFLAGS += $(PGO_$(PGO))
SAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ := $(SAN) -fsanitize=fuzzer-no-link
FUZZ_ENGINE := -fsanitize=fuzzer
BASE_CFLAGS = -std=c17 -D_GNU_SOURCE -Iinclude -Isrc $(WARN) -fvisibility=hidden -fPIC -MMD -MP $(PKG_CFLAGS) \
	$(PROGRAM_CFLAGS) $(WHERE_CFLAGS) $(strip $(SAME) $(PAGE_CFLAGS) $(CPPFLAGS))

SCRIPT_SRC := $(wildcard src/script/*.c)
LIB_SRC := $(filter-out src/cli/% src/ship/% src/sensor/% src/guard/% $(SCRIPT_SRC),$(wildcard src/*/*.c src/service/*/*.c)) \
	$(if $(LUA_PKG),$(filter-out %/none.c,$(SCRIPT_SRC)),src/script/none.c)
SENSOR_SRC := $(wildcard src/sensor/*.c src/guard/*.c src/ship/*.c)
CLI_SRC := $(wildcard src/cli/*.c) $(SENSOR_SRC)
UNIT := $(patsubst test/unit/%.c,$(B)/unit/%,$(wildcard test/unit/*_test.c))
FUZZERS := $(patsubst fuzz/%.c,$(B)/fuzzers/%,$(wildcard fuzz/fuzz_*.c))
EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(wildcard examples/*.c))
BENCH := $(B)/bench/gen $(B)/bench/reader $(B)/bench/limit $(B)/bench/cost $(B)/bench/send $(B)/bench/where $(B)/bench/attack
C_FILES := $(wildcard include/*.h src/*/*.[ch] src/service/*/*.[ch] test/unit/*.[ch] test/install/*.c test/fault/*.c fuzz/*.[ch] bench/*.[ch] examples/*.c)

# The tests, the demo and the fuzzers install what they need before they build, in a second make.
AGAIN = $(MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: all lib test-programs faults floods kills clock installed traces schemas test check unit examples threads captures golden demo bench report pgo fuzz fuzzers conformance same differential install format clean help FORCE \
	valgrind coverage lint-shell lint-analyzer abi abi-check docs deb deb-check rpm reproducible cross 	lint lint-tools lint-format lint-tidy lint-cppcheck
.SECONDARY:
all: $(B)/connlog

help:
	@echo 'make                    build/connlog'
	@echo 'make lib                the static and the shared library'
	@echo 'make test               install what is needed, build with ASan and UBSan, run every test'
	@echo 'make test-programs      build what the tests need; then test/run build --only TEXT runs some'
	@echo 'make unit               only the unit tests'
	@echo 'make threads            the tests that have threads, under ThreadSanitizer'
	@echo 'make valgrind           the unit tests under valgrind'
	@echo 'make coverage           lines and branches that the tests run, and the gaps; ONLY=TEXT for some tests'
	@echo 'make faults             every call of the system fails in turn: none may end in a crash'
	@echo 'make kills              a sensor is killed 200 times: its logs are whole'
	@echo 'make floods             ten million of each kind of flood, under a bound of memory'
	@echo 'make installed          the tests of the program as it is installed, under its list of system calls'
	@echo 'make clock              the clock is set forward and back while a sensor runs (root)'
	@echo "make traces             Zeek's captures, sent over a pair of interfaces, give their rows"
	@echo 'make examples           the programs in examples/, in build/examples'
	@echo 'make demo               the log of a capture that the generator writes'
	@echo 'make captures           the captures of the tests and the demo, in build/captures'
	@echo 'make golden             write the expected logs in test/golden anew, and the list of events in the manual'
	@echo 'make conformance        compare with Zeek: needs SHARED=DIR with its conformance folder (../shared)'
	@echo 'make same               -j 2, 3, 8 and shares against one thread, over all captures; EVERY=10 over a tenth'
	@echo 'make differential SEEDS=100   captures made by chance: connlog against itself, or against ZEEK=PATH'
	@echo 'make bench SCALE=1      speed and memory on four synthetic captures, against a reader that only counts'
	@echo 'make report             measure all that stands in docs/BENCHMARKS.md, and write it there: 6 GB of disk, ten minutes'
	@echo 'make pgo                build/pgo/connlog by profile (gcc): two builds and a run, some minutes'
	@echo 'make fuzz FUZZ_SECONDS=60   every fuzz target, that many CPU seconds each; HOURS=1 that many in all; PACK=1 keeps what is found'
	@echo 'make abi-check          whether programs linked with the last release run with this library (libabigail)'
	@echo 'make abi                write the description of the interface anew: packaging/abi'
	@echo 'make deb                the packages for Debian, in build/deb, and lintian'
	@echo 'make deb-check          install, run, upgrade and remove them in a clean system (root)'
	@echo 'make rpm                the packages for RPM systems, in build/rpm'
	@echo 'make reproducible       build the packages in two folders and compare them'
	@echo 'make cross ARCH=arm64   build for another processor and run the tests under QEMU; also s390x, which is big-endian'
	@echo 'make docs               the reference of the library, by Doxygen, and the picture of the tour, by Graphviz'
	@echo 'make schemas            write the schemas of share/connlog anew from the table of columns'
	@echo 'make lint               clang-format, clang-tidy, cppcheck, shellcheck'
	@echo 'make format             let clang-format write the files'
	@echo 'make install PREFIX=/usr/local DESTDIR=    all of it; settings in /etc stay as they are'
	@echo 'make clean              remove build/'
	@echo 'LUA=lua5.4 or LUA=none builds with that instead of LuaJIT, PCRE2= without regular expressions'
	@echo 'CC=clang, CFLAGS=..., WERROR=1 (warnings are errors), V=1 (show the commands) and B=DIR (where to build)'
	@echo 'are understood by all.'

comma := ,
UNGUARDED :=
# Each step says what it makes; V=1 shows the whole command.
Q := $(if $(V),,@)
SAY = $(if $(V),,@echo '  $(1)')

# ---- objects, libraries, program -------------------------------------------------------------------------------

# A variant is built anew when the compiler or its flags change.
$(B)/%/flags: FORCE
	@mkdir -p $(@D)
	@command -v pkg-config >/dev/null && pkg-config --exists $(PKG) || \
		{ echo "connlog needs pkg-config and $(PKG): run scripts/setup" >&2; exit 1; }
	@echo '$(CC) $(FUZZ_CC) $(BASE_CFLAGS) $(CFLAGS) $(LTO) $(SAN) $(FUZZ)' | cmp -s - $@ || \
		echo '$(CC) $(FUZZ_CC) $(BASE_CFLAGS) $(CFLAGS) $(LTO) $(SAN) $(FUZZ)' >$@

$(B)/obj/%.o: %.c $(B)/obj/flags
	@mkdir -p $(@D)
	$(call SAY,CC      $<)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) $(LTO) -c $< -o $@
$(B)/san/%.o: %.c $(B)/san/flags
	@mkdir -p $(@D)
	$(call SAY,CC san  $<)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) $(SAN) -c $< -o $@
$(B)/fuzz/%.o: %.c $(B)/fuzz/flags
	@mkdir -p $(@D)
	$(call SAY,CC fuzz $<)
	$(Q)$(FUZZ_CC) $(BASE_CFLAGS) $(CFLAGS) $(FUZZ) -c $< -o $@

$(B)/obj/libconnlog.a: $(LIB_SRC:%.c=$(B)/obj/%.o)
$(B)/san/libconnlog.a: $(LIB_SRC:%.c=$(B)/san/%.o)
$(B)/fuzz/libconnlog.a: $(LIB_SRC:%.c=$(B)/fuzz/%.o)
$(B)/obj/libconnlog.a $(B)/san/libconnlog.a $(B)/fuzz/libconnlog.a:
	@rm -f $@
	$(call SAY,AR      $@)
	$(Q)$(AR) rcs $@ $^
# The static library is one object in which only connlog_* is left global, so that its inner names meet nobody's.
$(B)/libconnlog.a: $(LIB_SRC:%.c=$(B)/obj/%.o)
	$(call SAY,AR      $@)
	$(Q)$(CC) $(CFLAGS) $(SAME) $(LTO) $(if $(LTO),-flinker-output=nolto-rel) -r -nostdlib -o $(B)/obj/libconnlog.o $^
	$(Q)$(OBJCOPY) --localize-hidden $(B)/obj/libconnlog.o
	@rm -f $@
	$(Q)$(AR) rcs $@ $(B)/obj/libconnlog.o
# Only what the headers declare is exported.
$(B)/obj/libconnlog.map: FORCE
	@mkdir -p $(@D)
	@echo '$(SYMBOL_VERSION) { global: connlog_*; local: *; };' | cmp -s - $@ || \
		echo '$(SYMBOL_VERSION) { global: connlog_*; local: *; };' >$@
$(B)/$(SONAME): $(LIB_SRC:%.c=$(B)/obj/%.o) $(B)/obj/libconnlog.map
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(SAME) $(LTO) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,$(B)/obj/libconnlog.map -Wl,--no-undefined \
		$(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)

lib: $(B)/libconnlog.a $(B)/$(SONAME)
$(B)/connlog: $(CLI_SRC:%.c=$(B)/obj/%.o) $(B)/obj/libconnlog.a
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(SAME) $(LTO) $(LDFLAGS) -o $@ $^ $(LIBS) $(PROGRAM_LIBS)
$(B)/san/connlog: $(CLI_SRC:%.c=$(B)/san/%.o) $(if $(UNGUARDED),$(B)/san/test/fault/unguarded.o) $(B)/san/libconnlog.a
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(if $(UNGUARDED),-Wl$(comma)--wrap=guard_files$(comma)--wrap=guard_calls) -o $@ $^ $(LIBS) $(PROGRAM_LIBS)

# The program in which a call of the system fails, for test/faults_test.py.
WRAPPED := malloc calloc realloc aligned_alloc strdup strndup asprintf vasprintf open_memstream fopen open read pread write pwrite ftruncate \
	fsync fdatasync rename renameat2 unlink mmap socket socketpair pipe2 setsockopt fork pthread_create connect bind listen send recv poll dup2 \
	mkdir lseek fstat opendir posix_fallocate posix_spawn getaddrinfo sqlite3_open_v2 sqlite3_exec sqlite3_prepare_v2 sqlite3_bind_text \
	sqlite3_step sqlite3_mprintf sqlite3_vmprintf redisReaderCreate redisReaderFeed redisReaderGetReply
$(B)/san/connlog-faults: $(CLI_SRC:%.c=$(B)/san/%.o) $(B)/san/test/fault/fault.o $(B)/san/libconnlog.a
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LIBS) $(PROGRAM_LIBS)

# The program with other Luas, and with none, for the tests: what depends on that takes the place of the library's.
OTHER_LUAS := $(filter-out $(LUA),none $(shell pkg-config --exists lua5.4 2>/dev/null && echo lua5.4))
LUA_SRC = src/engine/version.c $(if $(filter none,$(1)),src/script/none.c,$(filter-out %/none.c,$(SCRIPT_SRC)))
OTHER_CFLAGS = $(filter-out $(PKG_CFLAGS),$(BASE_CFLAGS)) $(if $(filter-out none,$(1)),$(shell pkg-config --cflags $(1))) \
	$(call LUA_NAME,$(1)) $(CFLAGS) $(SAN)
OTHER_LIBS = $(PROGRAM_LIBS) $(filter-out $(if $(LUA_PKG),$(shell pkg-config --libs $(LUA_PKG) 2>/dev/null)),$(LIBS))
define OTHER_LUA
$(B)/san/$(1)/%.o: %.c $(B)/san/flags
	@mkdir -p $$(@D)
	$$(call SAY,CC $(1) $$<)
	$$(Q)$$(CC) $$(call OTHER_CFLAGS,$(1)) -c $$< -o $$@
$(B)/san/connlog-$(1): $(CLI_SRC:%.c=$(B)/san/%.o) $(patsubst %.c,$(B)/san/$(1)/%.o,$(call LUA_SRC,$(1))) $(B)/san/libconnlog.a
	$$(call SAY,LINK    $$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(SAN) -o $$@ $$^ $$(OTHER_LIBS) $(if $(filter-out none,$(1)),$(shell pkg-config --libs $(1)))
endef
$(foreach lua,$(OTHER_LUAS),$(eval $(call OTHER_LUA,$(lua))))

# The page of `report --html` and that of `live --web`: the files of src/cli/html as lists of bytes, the scripts as one in a scope of
# its own.
PAGE := $(patsubst %,$(B)/html/%.inc,page.html page.css page.js live.html live.css live.js)
PAGE_JS := $(patsubst %,src/cli/html/%.js,data filter charts table story page)
LIVE_JS := $(patsubst %,src/cli/html/%.js,data filter charts table story live rates page)
$(foreach v,obj san,$(B)/$v/src/cli/html_page.o): $(PAGE)
$(foreach v,obj san,$(B)/$v/src/cli/html_page.o): private PAGE_CFLAGS := -I$(B)/html
as_bytes = od -An -v -tx1 | sed 's/ \(..\)/0x\1,/g'
$(B)/html/%.inc: src/cli/html/%
	@mkdir -p $(@D)
	$(Q)cat $< | $(as_bytes) >$@
$(B)/html/live.css.inc: src/cli/html/page.css src/cli/html/live.css
	@mkdir -p $(@D)
	$(Q)cat $^ | $(as_bytes) >$@
$(B)/html/page.js.inc: $(PAGE_JS)
$(B)/html/live.js.inc: $(LIVE_JS)
$(B)/html/page.js.inc $(B)/html/live.js.inc:
	@mkdir -p $(@D)
	$(Q){ echo '(() => {"use strict";'; cat $^; echo '})();'; } | $(as_bytes) >$@

# ---- tests -----------------------------------------------------------------------------------------------------

$(B)/san/libsensor.a: $(SENSOR_SRC:%.c=$(B)/san/%.o)
	@rm -f $@
	$(call SAY,AR      $@)
	$(Q)$(AR) rcs $@ $^
$(B)/unit/%: $(B)/san/test/unit/%.o $(B)/san/libsensor.a $(B)/san/libconnlog.a
	@mkdir -p $(@D)
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(SAN) -o $@ $^ -lcmocka $(LIBS) $(PROGRAM_LIBS)

# Examples are built as their heads say, but with the sanitizers.
$(B)/examples/to_sqlite: NEEDS := -lsqlite3
$(B)/examples/%: $(B)/san/examples/%.o $(B)/san/libconnlog.a
	@mkdir -p $(@D)
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(SAN) -o $@ $^ $(NEEDS) $(LIBS)
examples: $(EXAMPLES)

unit: $(UNIT)
	@for t in $^; do $$t || exit 1; done

# The tests with several threads under ThreadSanitizer, built in a folder of their own.
THREADED := $(patsubst %,$(B)/tsan/unit/%,threads_test handlers_test follow_test log_test capture_feed_test)
threads:
	@$(AGAIN) B=$(B)/tsan SAN='-O1 -g -fsanitize=thread' $(THREADED)
	@for t in $(THREADED); do $$t || exit 1; done

# The unit tests under valgrind, which sees reads of memory that was never written, and what is lost.
valgrind:
	@scripts/setup bench
	@$(AGAIN) B=$(B)/valgrind SAN='-O1 -g' $(UNIT:$(B)/%=$(B)/valgrind/%)
	@for t in $(UNIT:$(B)/%=$(B)/valgrind/%); do \
		valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect $$t || exit 1; done

# What the suite runs of src/: lines and branches, and where the gaps are.  ONLY=TEXT runs only those tests.
ONLY :=
coverage:
	@scripts/setup test
	@$(AGAIN) B=$(B)/coverage UNGUARDED=1 LTO= SAN='-O0 -g --coverage -fprofile-update=atomic' $(UNIT:$(B)/%=$(B)/coverage/%) \
		$(B)/coverage/san/connlog
	@$(MAKE) B=$(B)/coverage captures
	@find $(B)/coverage -name '*.gcda' -delete
	@-JOBS=$(JOBS) SHARED='$(SHARED)' python3 test/run $(B)/coverage --only '$(ONLY)' >$(B)/coverage/tests.log; \
		tail -n 1 $(B)/coverage/tests.log
	@scripts/coverage $(B)/coverage

captures: $(B)/captures/.done
$(B)/captures/.done: $(wildcard test/gen/*.py)
	python3 test/gen/gen.py $(@D)
	@touch $@

# A browser and other people's Python packages are large, and only their own tests need them: CI installs both.
test:
	@scripts/setup test
	@$(if $(filter true,$(CI)),scripts/setup browser || echo 'no browser: its tests will be skipped' >&2)
	@$(if $(filter true,$(CI)),test/external/setup-python $(B) || \
		echo 'not all Python packages: tests that need the others will be skipped' >&2)
	@$(AGAIN) check
# What test/run needs: `make test-programs` builds it, then test/run build --only TEXT runs some.
test-programs: all lib $(B)/bench/attack $(B)/san/connlog-faults $(B)/connlog.conf $(B)/san/connlog $(OTHER_LUAS:%=$(B)/san/connlog-%) $(UNIT) $(EXAMPLES) $(B)/captures/.done
check: test-programs
	@CC='$(CC)' SHARED='$(SHARED)' JOBS='$(JOBS)' python3 test/run $(B)

# Every call of the system in turn, which takes minutes.
faults: $(B)/san/connlog-faults $(B)/san/connlog $(B)/captures/.done
	@FAULTS=all JOBS='$(JOBS)' python3 test/run $(B) --only faults

# A sensor is killed two hundred times, which takes minutes.
kills: $(B)/san/connlog $(B)/captures/.done
	@KILLS=200 JOBS='$(JOBS)' python3 test/run $(B) --only sensor_log

# Ten million SYNs, fragments, hellos and so on under a bound of memory, from a capture and on an interface, which takes minutes.
floods: all $(B)/san/connlog $(B)/bench/attack $(B)/bench/send
	@FLOODS=all JOBS='$(JOBS)' python3 test/run $(B) --only memory_test.py

# The tests with the program as it is installed, whose list of system calls is shorter than that with sanitizers.
installed: all $(B)/san/connlog $(B)/bench/attack $(B)/captures/.done
	@PROGRAM=installed JOBS='$(JOBS)' SHARED='$(SHARED)' python3 test/run $(B) --only _test.py

# The machine's clock is set forward and back while a sensor runs, for some seconds.
clock: $(B)/san/connlog
	@CLOCK=set python3 test/run $(B) --only sensor_clock

# Each of Zeek's captures is sent over a pair of interfaces, which takes minutes.
traces: $(B)/san/connlog
	@TRACES=all SHARED='$(SHARED)' JOBS='$(JOBS)' python3 test/run $(B) --only sensor_traces

golden: $(B)/san/connlog $(B)/captures/.done
	@python3 test/run $(B) --write-golden

demo:
	@scripts/setup >&2
	@$(AGAIN) -s all captures >&2
	@test/demo $(B)

conformance: all
	@test/conformance $(B)/connlog $(SHARED)/conformance

# Several workers and shares against one thread, over all captures.
same: all $(B)/bench/gen $(B)/captures/.done
	@test/same $(B)/connlog --shared '$(SHARED)' --build $(B) $(if $(EVERY),--every $(EVERY))

# Without ZEEK connlog is held against itself: docs/DIFFERENTIAL.md.
differential: all
	@python3 test/differential/run --connlog $(B)/connlog --zeek '$(ZEEK)' --seeds $(SEEDS) --first $(FIRST) \
		--out $(B)/differential --jobs $(JOBS)

# ---- fuzzing, measuring ----------------------------------------------------------------------------------------

# Without coverage: what every engine builds, or tells at its end, is the same for all inputs (automata of signatures, tables of
# protocols, names of counters); tracing its comparisons takes most of the time.  The compiler of patterns, which are constants, is checked by its unit
# test under ASan.
$(patsubst %,$(B)/fuzz/src/%.o,dpd/dfa dpd/joint dpd/registry engine/counters) $(B)/fuzz/fuzz/kept.o: private FUZZ = $(SAN) -O2
$(B)/fuzz/src/dpd/regex.o: private FUZZ = -O2 -g
$(B)/fuzzers/fuzz_http: $(B)/fuzz/src/ship/http.o
# These make an engine for each input, which gets what the one before leaves to it.
KEEPERS := $(addprefix $(B)/fuzzers/fuzz_,engine library script service)
$(KEEPERS): private FUZZ_KEEP = $(patsubst %,-Wl$(comma)--wrap=%,pages_alloc pages_release signatures_new signatures_free)
$(KEEPERS): $(B)/fuzz/fuzz/kept.o
$(B)/fuzzers/%: $(B)/fuzz/fuzz/%.o $(B)/fuzz/libconnlog.a
	@mkdir -p $(@D)
	$(call SAY,LINK    $@)
	$(Q)$(FUZZ_CC) $(CFLAGS) $(FUZZ) $(FUZZ_ENGINE) $(FUZZ_KEEP) $(LDFLAGS) -o $@ $^ $(LIBS)
fuzzers: $(FUZZERS)
fuzz:
	@scripts/setup fuzz
	@$(AGAIN) fuzzers captures
	@fuzz/run --seconds $(if $(HOURS),$$(( $(HOURS) * 3600 / $(words $(FUZZERS)) )),$(FUZZ_SECONDS)) --jobs $(JOBS) \
		--captures $(B)/captures --more '$(SHARED)/conformance/traces' --work $(B)/fuzz-work --keep fuzz/corpus $(if $(PACK),--pack) \
		$(FUZZERS)

$(B)/bench/gen: $(patsubst %,$(B)/obj/bench/%.o,gen packet payload)
$(B)/bench/attack: $(patsubst %,$(B)/obj/bench/%.o,attack packet)
$(B)/bench/reader: $(B)/obj/bench/reader.o
$(B)/bench/limit: $(B)/obj/bench/limit.o
$(B)/bench/cost: $(B)/obj/bench/cost.o
$(B)/bench/send: $(B)/obj/bench/send.o
$(B)/bench/where: $(B)/obj/bench/where.o $(B)/obj/libconnlog.a
$(BENCH):
	@mkdir -p $(@D)
	$(call SAY,LINK    $@)
	$(Q)$(CC) $(CFLAGS) $(LTO) $(LDFLAGS) -o $@ $^ $(LIBS)
bench:
	@scripts/setup bench
	@$(AGAIN) all $(BENCH)
	@bench/run --build $(B) --scale $(SCALE) --rounds $(ROUNDS)
	@bench/convert --build $(B) --scale $(SCALE)
	@bench/conditions --build $(B)
report: ROUNDS := 3
report: bench
	@bench/compare --build $(B)
	@bench/growth --build $(B)
	@bench/lake --build $(B)
	@bench/sinks --build $(B)
	@if [ "$$(id -u)" = 0 ]; then bench/live --build $(B); else echo 'bench/live needs root, and is left out'; fi
	@bench/report --build $(B)

# The program and the libraries by gcc's profile of the project's own captures, in build/pgo.  They must write what the program that was
# profiled wrote.
pgo:
	@$(CC) --version | grep -qi gcc || { echo 'make pgo needs gcc' >&2; exit 1; }
	@$(AGAIN) captures $(B)/bench/gen
	@$(AGAIN) B=$(B)/pgo PGO=generate all
	@scripts/pgo train $(B)
	@$(AGAIN) B=$(B)/pgo PGO=use all lib
	@scripts/pgo check $(B)
	@echo 'build/pgo/connlog is built by profile; make install B=build/pgo PGO=use installs it' | sed 's|build/pgo|$(B)/pgo|g'

# ---- installing, checking, cleaning ----------------------------------------------------------------------------

$(B)/connlog.conf: $(B)/connlog
	$(Q)$(B)/connlog check --example >$@

install: all lib $(B)/connlog.conf
	install -d $(DESTDIR)$(SYSCONFDIR)/connlog \
		$(DESTDIR)$(PREFIX)/{bin,include,lib/sysusers.d,share/man/man1} $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(DOCDIR)/grafana \
		$(DESTDIR)$(PREFIX)/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
	install -m 755 $(B)/connlog $(DESTDIR)$(PREFIX)/bin/connlog
	install -m 644 include/*.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(B)/libconnlog.a $(DESTDIR)$(LIBDIR)/libconnlog.a
	install -m 755 $(B)/$(SONAME) $(DESTDIR)$(LIBDIR)/libconnlog.so.$(VERSION)
	ln -sf libconnlog.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libconnlog.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@REQUIRES@|$(PKG)|' connlog.pc.in \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/connlog.pc
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 completions/connlog.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/connlog
	install -m 644 completions/_connlog $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_connlog
	install -m 644 completions/connlog.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/connlog.fish
	install -m 644 $(B)/connlog.conf $(DESTDIR)$(DOCDIR)/connlog.conf
	install -m 644 docs/alerts.yml $(DESTDIR)$(DOCDIR)/alerts.yml
	install -m 644 docs/grafana/connlog.json $(DESTDIR)$(DOCDIR)/grafana/connlog.json
	for f in $$(cd share && find connlog -type f); do install -D -m 644 share/$$f $(DESTDIR)$(PREFIX)/share/$$f; done
	[ -e $(DESTDIR)$(SYSCONFDIR)/connlog/connlog.conf ] || \
		install -m 644 $(B)/connlog.conf $(DESTDIR)$(SYSCONFDIR)/connlog/connlog.conf
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|' systemd/connlog.service.in \
		>$(DESTDIR)$(UNITDIR)/connlog.service
	install -m 644 systemd/connlog.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/connlog.conf

lint: lint-format lint-tidy lint-cppcheck lint-shell
lint-format lint-tidy lint-cppcheck lint-shell: lint-tools
lint-tools:
	@scripts/setup lint
lint-format:
	clang-format --dry-run -Werror $(C_FILES)
lint-tidy: $(PAGE)
	@printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P $(JOBS) -n 4 sh -c 'clang-tidy --quiet "$$@" -- \
		-std=c17 -D_GNU_SOURCE -Iinclude -Isrc -I$(B)/html $(PKG_CFLAGS:-I%=-isystem%) 2>/dev/null' clang-tidy
# ctuuninitvar takes an argument that the callee fills in for one that it reads.
lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=ctuuninitvar -D_GNU_SOURCE $(call LUA_NAME,$(LUA)) -Iinclude -Isrc src

# ---- packages: docs/PACKAGING.md ---------------------------------------------------------------------------------

deb:
	@scripts/setup deb
	@JOBS=$(JOBS) packaging/deb $(B)/deb
	lintian --fail-on error $(B)/deb/*.changes
deb-check:
	@scripts/setup deb
	@packaging/test $(B)/deb
rpm:
	@scripts/setup rpm
	rpmlint -r packaging/rpm/connlog.rpmlintrc packaging/rpm/connlog.spec
	@JOBS=$(JOBS) packaging/rpm/build $(B)/rpm
reproducible:
	@scripts/setup deb
	@JOBS=$(JOBS) packaging/reproducible $(B)/reproducible
cross:
	@scripts/setup cross
	@JOBS=$(JOBS) scripts/cross $(ARCH) $(B)/cross

# The public headers against the stored description of their interface: docs/LIBRARY.md, "Versions".
abi abi-check:
	@scripts/setup abi
	@scripts/abi $(if $(filter abi,$@),write,check)

# The picture of TOUR.md, and the reference of the public headers in build/docs/html; a warning is an error.
docs:
	@scripts/setup docs
	@dot -Tsvg docs/tour.dot -o docs/tour.svg
	@rm -rf $(B)/docs && mkdir -p $(B)/docs
	@{ cat docs/Doxyfile; echo 'OUTPUT_DIRECTORY = $(B)/docs'; echo 'PROJECT_NUMBER = $(VERSION)'; } | doxygen -
	@echo $(B)/docs/html/index.html

SHELL_SCRIPTS = $(shell grep -lIE '^\#!(/usr/bin/env |/bin/)(ba)?sh' -d skip .ci/* scripts/* test/* test/*/* bench/* fuzz/* packaging/* \
	packaging/*/* packaging/*/*/* examples/*/*)
lint-shell:
	shellcheck $(SHELL_SCRIPTS)
# Takes several times as long as compiling, and so is not a part of lint.
lint-analyzer: $(PAGE)
	@printf '%s\n' $(filter src/%.c,$(C_FILES)) | grep -v '^src/script/$(if $(LUA_PKG),none.c,[^n])' | xargs -P $(JOBS) -n 1 sh -c '$(CC) \
		$(filter-out -MMD -MP,$(BASE_CFLAGS)) -I$(B)/html -O2 -fanalyzer -Werror -c "$$0" -o /dev/null'

schemas:
	python3 scripts/schemas share/connlog

format:
	clang-format -i $(C_FILES)

clean:
	rm -rf $(B)

# Not those of what is built elsewhere and has its own.
-include $(shell find $(B) \( -name cross -o -name deb -o -name rpm -o -name reproducible -o -name external \) -prune -o \
	-type f -name '*.d' -print 2>/dev/null)
