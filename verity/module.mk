# SPDX-License-Identifier: GPL-2.0-or-later
src += verity/area.c verity/build.c verity/cryptsetup.c verity/second.c verity/geometry.c verity/hasher.c verity/sha256_avx2.c \
       verity/sha256_avx512.c verity/superblock.c verity/verify.c
