/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a data archive of any bytes, not compressed, with the checksums of its headers made
 * right, so that what is behind them is reached. Built by `make fuzz`.
 */
#include <sys/mman.h>

#include "stage1/package/deb_internal.h"

#define BLOCK_BYTES	512
#define CHECKSUM_OFFSET 148
#define CHECKSUM_BYTES	8
#define MAGIC_OFFSET	257

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_sums(uint8_t *p, size_t size)
{
	for (; size >= BLOCK_BYTES; p += BLOCK_BYTES, size -= BLOCK_BYTES) {
		unsigned int sum = CHECKSUM_BYTES * ' ';
		char text[CHECKSUM_BYTES];

		if (memcmp(p + MAGIC_OFFSET, "ustar", 5) != 0)
			continue;
		for (size_t i = 0; i < BLOCK_BYTES; i++)
			if (i < CHECKSUM_OFFSET || i >= CHECKSUM_OFFSET + CHECKSUM_BYTES)
				sum += p[i];
		snprintf(text, sizeof(text), "%06o", sum);
		memcpy(p + CHECKSUM_OFFSET, text, sizeof(text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(mapping_unref) struct mapping *map = NULL;
	_cleanup_free_ uint8_t *copy = malloc(size + 1);
	_cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
	struct package pkg = { 0 };
	struct err e;

	memcpy(copy, data, size);
	make_sums(copy, size);
	if (write(fd, copy, size) != (ssize_t)size || mapping_new(fd, &map, &e) < 0)
		return 0;
	if (package_read_entries(&pkg, map, &e) == 0)
		package_entries_free(&pkg);
	return 0;
}
