# SPDX-License-Identifier: GPL-2.0-or-later
src += base/blob.c base/buf.c base/deb822.c base/digest.c base/err.c base/mismatch.c base/near.c base/os_release.c base/outfile.c base/path.c base/pool.c base/run.c \
       base/sink.c base/source.c base/span.c base/strv.c base/utc.c base/utf8.c base/util.c
