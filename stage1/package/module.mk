# SPDX-License-Identifier: GPL-2.0-or-later
src += stage1/package/ar.c stage1/package/control.c stage1/package/deb.c \
       stage1/package/deb_version.c stage1/package/entries.c stage1/package/package.c \
       stage1/package/tar.c stage1/package/tar_pax.c stage1/package/tar_write.c \
       stage1/package/unpack.c stage1/package/unpack_xz.c
