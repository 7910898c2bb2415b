# SPDX-License-Identifier: GPL-2.0-or-later
# One Makefile; each module adds its sources in <module>/module.mk. `make help` lists the targets.
#
# SAN=1 builds with AddressSanitizer and UBSan into build/san, FUZZ=1 (clang only) with libFuzzer's
# coverage too, into build/fuzz; CC=clang works as well as gcc. check-san, lint and fuzz share build/fuzz.

SHELL   := /bin/bash
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
silent   := $(findstring s,$(firstword -$(MAKEFLAGS)))
say      = $(if $(filter 1,$(V))$(silent),,@printf '  %-7s %s\n' '$(1)' '$(2)')
SAN     ?= 0
FUZZ    ?= 0
O       := build$(if $(filter 1,$(SAN)),/san)$(if $(filter 1,$(FUZZ)),/fuzz)
prefix  ?= /usr/local
VERSION := 0.1

packages := libarchive liblzma zlib fdisk blkid libcryptsetup libcrypto ext2fs com_err libsystemd \
            libsolv libsolvext libcurl libfyaml json-c liblz4 libzstd

PKG_CONFIG ?= pkg-config
CFLAGS   ?= -O2 -g
warnings := -Wall -Wextra -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
            -Wwrite-strings -Wvla $(if $(WERROR),-Werror)
hardening := -fstack-protector-strong -fPIE $(if $(filter 1,$(SAN) $(FUZZ)),,-D_FORTIFY_SOURCE=2)
comma    := ,
sanitizers := $(if $(filter 1,$(SAN) $(FUZZ)),-fsanitize=address$(comma)undefined \
              -fno-sanitize-recover=undefined -fno-omit-frame-pointer) \
              $(if $(filter 1,$(FUZZ)),-fsanitize=fuzzer-no-link)
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
fuzz_src  := $(sort $(wildcard */fuzz/fuzz_*.c */*/fuzz/fuzz_*.c))
fuzzers   := $(fuzz_src:%.c=$(O)/%)
test_sh   := $(sort $(wildcard */test/test-*.sh */*/test/test-*.sh */*/*/test/test-*.sh))

dep       := $(patsubst %.c,$(O)/%.d,$(src) $(test_src) $(fuzz_src) builder/cli/main.c \
             qemu-tests/tamper/main.c qemu-tests/tamper/verify_mutations.c)

.PHONY: FORCE all help deps image check check-unit check-san check-layers lint format bench tests \
        install clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/slipway                ## build the program: build/slipway

help:                            ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile qemu-tests/module.mk | expand -t 22

$(O)/slipway: $(O)/builder/cli/main.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs)

$(O)/libslipway.a: $(obj) $(O)/objects
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(obj)

quoted = $(subst ','\'',$(text))
# Their dates tell when the list of objects, or how they are compiled, has changed.
$(O)/objects: text := $(obj)
$(O)/flags: text := $(CC) $(cppflags) $(filter-out -Werror,$(cflags))
$(O)/objects $(O)/flags: FORCE
	$(Q)mkdir -p $(@D) && cmp -s $@ <<<'$(quoted)' || cat >$@ <<<'$(quoted)'

$(O)/%.o: %.c $(O)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(cppflags) $(cflags) -MMD -MP -c -o $@ $<

$(O)/%.o: %.S $(O)/flags
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(asmflags) -c -o $@ $<

$(tests): $(O)/%: $(O)/%.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs) $(test_libs)

$(fuzzers): $(O)/%: $(O)/%.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -fsanitize=fuzzer -o $@ $^ $(libs)

tests: $(tests) $(O)/slipway $(O)/qemu-tests/tamper-image $(O)/qemu-tests/verify-mutations ## build the tests without running them

-include $(dep)

# ---- what people run ------------------------------------------------------------------------

deps:                            ## install what building and testing need (asks for root)
	$(Q).ci/deps

image: deps                      ## everything: dependencies, build, lock, fetch; out/node_1.raw
	$(Q)$(MAKE) --no-print-directory $(parallel) all
	$(Q)test -e keys/db.key || $(O)/slipway keygen keys
	$(Q)test -e recipes/node/recipe.lock || $(O)/slipway lock recipes/node
	$(Q)$(O)/slipway fetch recipes/node
	$(Q)$(O)/slipway build recipes/node -o out

jobs := $(shell nproc)
parallel = $(if $(findstring --jobserver,$(MAKEFLAGS)),,-j$(jobs))
# Boots take longest: they start first.
boot_sh := $(filter qemu-tests/cases/test/test-boot%.sh,$(test_sh))

check: deps                      ## all tests: unit, differential, whole builds, boots in VMs
	$(Q)$(MAKE) --no-print-directory $(parallel) WERROR=1 tests
	$(Q)$(MAKE) --no-print-directory check-layers lint fuzz
	$(Q)test -e out/node_1.raw || $(MAKE) --no-print-directory image
	$(Q).ci/run-tests $(jobs) build/logs $(boot_sh) $(filter-out $(boot_sh),$(test_sh)) $(tests)

check-unit: tests                ## the unit tests only
	$(Q).ci/run-tests $(jobs) build/logs $(tests)

with_clang := CC=clang FUZZ=1 WERROR=1

check-san: deps                  ## the unit tests under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory $(parallel) $(with_clang) tests
	$(Q)$(MAKE) --no-print-directory $(with_clang) run-san

.PHONY: run-san
run-san:
	$(Q).ci/run-tests $(jobs) $(O)/logs $(tests)

fuzz:                            ## build the libFuzzer targets, which base/test/test-fuzz.sh runs
	$(Q)$(MAKE) --no-print-directory $(parallel) $(with_clang) fuzzers

.PHONY: fuzz fuzzers
fuzzers: $(fuzzers)

check-layers:                    ## no include may break the layers
	$(Q).ci/check-layers

c_files := $(shell git ls-files '*.c' '*.h' 2>/dev/null)

lint:                            ## formatting, and a clang build without a warning
	$(Q)clang-format --dry-run -Werror $(c_files)
	$(Q)$(MAKE) --no-print-directory $(parallel) $(with_clang) tests fuzzers

format:                          ## format all C files in place
	$(Q)clang-format -i $(c_files)

bench: $(O)/slipway              ## time, CPU and peak anonymous memory of a build's stages
	$(Q)$(O)/slipway build recipes/node -o out --timings

install: $(O)/slipway            ## install into DESTDIR and prefix
	install -D -m 755 $(O)/slipway $(DESTDIR)$(prefix)/bin/slipway
	install -D -m 644 Documentation/slipway.1 $(DESTDIR)$(prefix)/share/man/man1/slipway.1
	install -D -m 644 Documentation/recipe.5 $(DESTDIR)$(prefix)/share/man/man5/recipe.5
	install -D -m 644 Documentation/recipe.lock.5 $(DESTDIR)$(prefix)/share/man/man5/recipe.lock.5
	install -D -m 644 builder/cli/completion/slipway.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/slipway
	install -D -m 644 builder/cli/completion/_slipway $(DESTDIR)$(prefix)/share/zsh/site-functions/_slipway
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/slipway builder/recipe/schema/recipe.schema.json \
		builder/recipe/schema/layout.schema.json builder/publish/schema/index.schema.json \
		builder/audit/schema/policy.schema.json

clean:                           ## remove what was built (not the cache)
	rm -rf build
