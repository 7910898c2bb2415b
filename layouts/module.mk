# SPDX-License-Identifier: GPL-2.0-or-later
src += layouts/gpt.c layouts/gpt_read.c layouts/layout.c layouts/node_files.c layouts/place.c
