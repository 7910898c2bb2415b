# SPDX-License-Identifier: GPL-2.0-or-later
src += stage1/initrd/initrd.c stage1/initrd/files.c stage1/initrd/closure.c
src += stage1/initrd/cpio.c stage1/initrd/compress.c stage1/initrd/pack.c
src += stage1/initrd/cpio_read.c stage1/initrd/decompress.c
