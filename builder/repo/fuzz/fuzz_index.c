/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a Packages file of any bytes. Built by `make fuzz`. */
#include "builder/repo/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(index_free) struct index *x = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct err e;

	buf_append(&text, data, size);
	(void)!index_parse(&text, "amd64", &x, &e);
	return 0;
}
