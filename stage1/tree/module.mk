# SPDX-License-Identifier: GPL-2.0-or-later
src += stage1/tree/blame.c stage1/tree/exclude.c stage1/tree/merge.c stage1/tree/merge_conflict.c \
       stage1/tree/merge_place.c stage1/tree/overlay.c stage1/tree/tree.c \
       stage1/tree/tree_edit.c stage1/tree/tree_path.c stage1/tree/usr_merge.c
src += stage1/tree/reroot.c
