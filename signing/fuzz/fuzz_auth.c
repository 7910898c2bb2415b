/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: an .auth file of any bytes. Built by `make fuzz`. */
#include "signing/efi_auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size ? size : 1); /* exact: a byte too far is seen */
	const uint8_t *lists;
	struct err e;
	size_t len;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (efi_auth_content(copy, size, &lists, &len, &e) == 0 &&
	    (lists < copy || lists + len != copy + size))
		abort();
	return 0;
}
