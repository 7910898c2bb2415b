# SPDX-License-Identifier: GPL-2.0-or-later
# One Makefile; each module adds its sources in <module>/module.mk. `make help` lists the targets.
#
# SAN=1 builds with AddressSanitizer and UBSan into build/san; CC=clang works as well as gcc.

SHELL   := /bin/bash
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')
SAN     ?= 0
O       := build$(if $(filter 1,$(SAN)),/san)
prefix  ?= /usr/local
VERSION := 0.1

packages := libarchive liblzma zlib fdisk blkid libcryptsetup libcrypto ext2fs com_err libsystemd \
            libsolv libsolvext libcurl libfyaml json-c liblz4 libzstd

PKG_CONFIG ?= pkg-config
CFLAGS   ?= -O2 -g
warnings := -Wall -Wextra -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
            -Wwrite-strings -Wvla $(if $(WERROR),-Werror)
hardening := -fstack-protector-strong -fPIE $(if $(filter 1,$(SAN)),,-D_FORTIFY_SOURCE=2)
comma    := ,
sanitizers := $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined \
              -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
cppflags := -I. -I$(O) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DSLIPWAY_VERSION='"$(VERSION)"' \
            $(shell $(PKG_CONFIG) --cflags $(packages) 2>/dev/null)
cflags   := -std=gnu17 -pthread $(warnings) $(hardening) $(sanitizers) $(CFLAGS)
ldflags  := -pie -Wl,-z,relro,-z,now $(sanitizers) $(LDFLAGS)
libs     := $(shell $(PKG_CONFIG) --libs $(packages) 2>/dev/null) -lpthread
test_libs := $(shell $(PKG_CONFIG) --libs check 2>/dev/null)

# src: all but main(); each module.mk adds to it.
src :=
asm :=
all:
include $(sort $(wildcard */module.mk */*/module.mk */*/*/module.mk))
obj       := $(src:%.c=$(O)/%.o) $(asm:%.S=$(O)/%.o)
test_src  := $(sort $(wildcard */test/test_*.c */*/test/test_*.c */*/*/test/test_*.c))
tests     := $(test_src:%.c=$(O)/%)
test_sh   := $(sort $(wildcard */test/test-*.sh */*/test/test-*.sh */*/*/test/test-*.sh))

.PHONY: all help deps image check check-unit check-san check-layers lint format bench tests \
        install clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/slipway                ## build the program: build/slipway

help:                            ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile qemu-tests/module.mk | expand -t 22

$(O)/slipway: $(O)/builder/cli/main.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs)

$(O)/libslipway.a: $(obj)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(cppflags) $(cflags) -MMD -MP -c -o $@ $<

$(O)/%.o: %.S
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(asmflags) -c -o $@ $<

$(tests): $(O)/%: $(O)/%.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs) $(test_libs)

tests: $(tests) $(O)/slipway $(O)/qemu-tests/run ## build the tests without running them

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# ---- what people run ------------------------------------------------------------------------

deps:                            ## install what building and testing need (asks for root)
	$(Q).ci/deps

image: deps                      ## everything: dependencies, build, lock, fetch; out/node_1.raw
	$(Q)$(MAKE) --no-print-directory -j$(jobs) all
	$(Q)test -e keys/db.key || $(O)/slipway keygen keys
	$(Q)test -e recipes/node/recipe.lock || $(O)/slipway lock recipes/node
	$(Q)$(O)/slipway fetch recipes/node
	$(Q)$(O)/slipway build recipes/node -o out

jobs := $(shell nproc)
# The boot takes longest: it starts first.
boot_sh := qemu-tests/cases/test/test-boot.sh

check: deps                      ## all tests: unit, differential, sanitizers, whole builds, a boot
	$(Q)$(MAKE) --no-print-directory -j$(jobs) WERROR=1 tests
	$(Q)$(MAKE) --no-print-directory check-layers lint
	$(Q)test -e out/node_1.raw || $(MAKE) --no-print-directory image
	$(Q).ci/run-tests $(jobs) build/logs $(boot_sh) $(filter-out $(boot_sh),$(test_sh)) $(tests)

check-unit: tests                ## the unit tests only
	$(Q).ci/run-tests $(jobs) build/logs $(tests)

check-san:                       ## the unit tests under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory -j$(jobs) SAN=1 WERROR=1 tests
	$(Q)$(MAKE) --no-print-directory SAN=1 run-san

.PHONY: run-san
run-san:
	$(Q).ci/run-tests $(jobs) build/san/logs $(tests)

check-layers:                    ## no include may break the layers
	$(Q).ci/check-layers

c_files := $(shell git ls-files '*.c' '*.h' 2>/dev/null)

lint:                            ## formatting, and a clang build without a warning
	$(Q)clang-format --dry-run -Werror $(c_files)
	$(Q)$(MAKE) --no-print-directory -j$(jobs) CC=clang O=build/clang WERROR=1 tests

format:                          ## format all C files in place
	$(Q)clang-format -i $(c_files)

bench: $(O)/slipway              ## time, CPU and peak anonymous memory of a build's stages
	$(Q)$(O)/slipway build recipes/node -o out --timings

install: $(O)/slipway            ## install into DESTDIR and prefix
	install -D -m 755 $(O)/slipway $(DESTDIR)$(prefix)/bin/slipway
	install -D -m 644 Documentation/slipway.1 $(DESTDIR)$(prefix)/share/man/man1/slipway.1
	install -D -m 644 Documentation/recipe.5 $(DESTDIR)$(prefix)/share/man/man5/recipe.5

clean:                           ## remove what was built (not the cache)
	rm -rf build
