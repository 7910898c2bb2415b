/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a lock of any bytes. One that is taken must be what lock_format() writes of it.
 * Built by `make fuzz`.
 */
#include "builder/repo/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(lock_free) struct lock *l = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct err e;

	if (lock_parse((const char *)data, size, "fuzz.lock", &l, &e) < 0)
		return 0;
	lock_format(l, &text);
	if (text.len != size || memcmp(text.data, data, size) != 0)
		abort();
	return 0;
}
