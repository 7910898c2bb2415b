/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a qcow2 file of any bytes, its disk read and all of it accounted for. */
#include "layouts/container.h"

#define READ_MAX (256 * KiB) /* of a disk, which a few bytes can make of any size */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, const struct container_finding *f, struct err *e unused_)
{
	size_t *n = ctx;

	*n += strlen(f->what);
	return *n < 4096 ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[4096];
	struct container *c = NULL;
	struct source file;
	size_t n = 0;
	struct err e;

	source_init_bytes(&file, data, size);
	if (!container_probe(&file) || container_open(&file, &c, &e) < 0)
		return 0;
	for (uint64_t at = 0; at < MIN(READ_MAX, c->disk.size_bytes); at += sizeof(out))
		(void)source_pread(&c->disk, at, out,
				   (size_t)MIN(sizeof(out), c->disk.size_bytes - at), &e);
	(void)container_check(c, count, &n, &e);
	container_free(c);
	return 0;
}
