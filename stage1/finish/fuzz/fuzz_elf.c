/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a program, library or kernel module of any bytes: what it asks the dynamic linker for,
 * what it may load, and a module's symbols and names. Built by `make fuzz`.
 */
#include "stage1/elf/elf.h"
#include "stage1/finish/kmod/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_module(const uint8_t *data, size_t size)
{
	char normal[MODULE_NAME_BYTES];
	struct module m = { 0 };
	struct err e;

	if (module_elf_read(data, size, &m, &e) == 0) {
		names_for_each (&m.exports, s)
			(void)!module_name_normalize(s, strlen(s), normal);
		names_for_each (&m.aliases, s)
			(void)!alias_normalize(s, normal);
	}
	buf_done(&m.exports);
	buf_done(&m.imports);
	buf_done(&m.aliases);
	buf_done(&m.softdeps);
	buf_done(&m.weakdeps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(elf_free) struct elf *elf = NULL;
	_cleanup_free_ uint8_t *copy = malloc(size ? size : 1); /* exact: a byte too far is seen */
	struct err e;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (elf_read(copy, size, &elf, &e) == 0)
		(void)!elf_read_dlopen(elf, copy, size, &e);
	use_module(copy, size);
	return 0;
}
