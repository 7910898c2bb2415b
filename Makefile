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

packages := libarchive liblzma fdisk blkid libcryptsetup libcrypto ext2fs com_err libsystemd \
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
include $(sort $(wildcard */module.mk */*/module.mk))
obj       := $(src:%.c=$(O)/%.o) $(asm:%.S=$(O)/%.o)
test_src  := $(sort $(wildcard */test/test_*.c */*/test/test_*.c))
tests     := $(test_src:%.c=$(O)/%)
test_sh   := $(sort $(wildcard */test/test-*.sh */*/test/test-*.sh))

.PHONY: all help deps image check check-unit check-san check-layers lint format bench tests \
        install clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/slipway                ## build the program: build/slipway

help:                            ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

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
	$(Q)mkdir -p $(@D) && $(CC) -c -o $@ $<

$(tests): $(O)/%: $(O)/%.o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs) $(test_libs)

tests: $(tests) $(O)/slipway     ## build the tests without running them

-include $(shell find $(O) -name '*.d' 2>/dev/null)
