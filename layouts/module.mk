# SPDX-License-Identifier: GPL-2.0-or-later
src += layouts/container.c layouts/gpt.c layouts/gpt_read.c layouts/layout.c layouts/node_files.c \
       layouts/place.c layouts/qcow2.c layouts/qcow2_check.c layouts/qcow2_read.c layouts/vhd.c
