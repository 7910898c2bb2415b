/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: an archive of any bytes, compressed or not. Built by `make fuzz`. */
#include "stage1/initrd/cpio_read.h"
#include "stage1/initrd/decompress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const uint8_t *data, size_t size)
{
	struct cpio_entry x;
	size_t at = 0;
	struct err e;

	while (at < size) {
		int r = cpio_read(data, size, &at, &x, &e);
		if (r < 0)
			break;
		if (r > 0 && (x.data < data || x.len > size - (size_t)(x.data - data)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e;

	read_all(data, size);
	if (zstd_decompress(data, size, 4 * MiB, &b, &e) == 0)
		read_all(b.data, b.len);
	return 0;
}
