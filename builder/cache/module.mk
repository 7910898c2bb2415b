# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/cache/cache.c builder/cache/clean.c builder/cache/unpacked.c builder/cache/writer.c
