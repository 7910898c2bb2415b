# SPDX-License-Identifier: GPL-2.0-or-later
src += stage1/elf/elf.c stage1/elf/dlopen.c
