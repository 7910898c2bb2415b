/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a disk and a footer of any bytes, but for what every mutation would be refused by. */
#include "layouts/container.h"

#define FOOTER_BYTES 512
#define CURRENT_SIZE 48
#define CHECKSUM     64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, const struct container_finding *f, struct err *e unused_)
{
	*(size_t *)ctx += strlen(f->what);
	return 0;
}

static void complete(uint8_t *footer, uint64_t disk_bytes)
{
	uint32_t sum = 0;

	memcpy(footer, "conectix", 8);
	put_be64(footer + CURRENT_SIZE, disk_bytes);
	put_be32(footer + CHECKSUM, 0);
	for (size_t i = 0; i < FOOTER_BYTES; i++)
		sum += footer[i];
	put_be32(footer + CHECKSUM, ~sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *bytes = malloc(size + 1);
	struct container *c = NULL;
	struct source file;
	size_t n = 0;
	struct err e;

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size > FOOTER_BYTES)
		complete(bytes + size - FOOTER_BYTES, size - FOOTER_BYTES);
	source_init_bytes(&file, bytes, size);
	if (container_probe(&file) && container_open(&file, &c, &e) == 0) {
		(void)container_check(c, count, &n, &e);
		container_free(c);
	}
	return 0;
}
