# SPDX-License-Identifier: GPL-2.0-or-later
src += $(addprefix stage1/finish/kmod/,closure.c depends.c finish_modules.c index_file.c \
       index_load.c index_read.c module_elf.c module_list.c module_names.c module_unpack.c outputs.c)
