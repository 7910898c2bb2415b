# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/repo/archive.c builder/repo/archive_index.c builder/repo/archive_read.c \
       builder/repo/archive_store.c builder/repo/archive_text.c builder/repo/apt_sources.c builder/repo/download.c \
       builder/repo/fetch.c builder/repo/index.c builder/repo/index_cache.c builder/repo/index_load.c builder/repo/lock.c \
       builder/repo/lock_make.c builder/repo/lock_parse.c builder/repo/mirror.c \
       builder/repo/release.c builder/repo/release_verify.c builder/repo/solve.c \
       builder/repo/solve_pool.c builder/repo/solve_problem.c \
       builder/repo/transfer.c
