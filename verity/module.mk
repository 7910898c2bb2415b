# SPDX-License-Identifier: GPL-2.0-or-later
src += verity/area.c verity/build.c verity/cryptsetup.c verity/fsverity.c verity/geometry.c verity/hasher.c verity/second.c verity/sha256_avx2.c \
       verity/sha256_avx512.c verity/superblock.c verity/verify.c

# What builder/audit/test/measure-verify.sh measures with.
verity_tool := $(O)/verity/test/verify_tree
tests: $(verity_tool)
-include $(verity_tool).d
$(verity_tool): $(verity_tool).o $(O)/libslipway.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(libs)
