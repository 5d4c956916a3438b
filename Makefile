# connlog - build.  `make` builds build/connlog; `make help` lists the targets.
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
CC ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif
B := build
PKG := libpcap zlib libzstd libcrypto
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wwrite-strings
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -Iinclude -Isrc $(WARN) $(CFLAGS) -fvisibility=hidden -fPIC -MMD -MP $(shell pkg-config --cflags $(PKG))
LIBS = $(shell pkg-config --libs $(PKG)) -lm
SAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

LIB_SRC := $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SRC := $(wildcard src/cli/*.c)
UNIT := $(patsubst test/unit/%.c,%,$(wildcard test/unit/*_test.c))

.PHONY: all clean unit
all: $(B)/connlog

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@
$(B)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SAN) -c $< -o $@

$(B)/libconnlog.a: $(LIB_SRC:%.c=$(B)/obj/%.o)
	@rm -f $@
	ar rcs $@ $^
$(B)/san/libconnlog.a: $(LIB_SRC:%.c=$(B)/san/%.o)
	@rm -f $@
	ar rcs $@ $^
$(B)/connlog: $(CLI_SRC:%.c=$(B)/obj/%.o) $(B)/libconnlog.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$(B)/san/connlog: $(CLI_SRC:%.c=$(B)/san/%.o) $(B)/san/libconnlog.a
	$(CC) $(CFLAGS) $(SAN) -o $@ $^ $(LIBS)
$(B)/unit/%: $(B)/san/test/unit/%.o $(B)/san/libconnlog.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SAN) -o $@ $^ -lcmocka $(LIBS)

unit: $(UNIT:%=$(B)/unit/%)
	@for t in $^; do $$t || exit 1; done

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
