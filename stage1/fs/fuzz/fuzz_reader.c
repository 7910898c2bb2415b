/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a filesystem image of any bytes, all of it read. Built by `make fuzz`. */
#include "stage1/fs/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int use(void *ctx, const char *path unused_, const struct fs_stat *st, struct err *e)
{
	struct fs_reader *r = ctx;
	uint8_t block[4096];
	size_t n;

	if (S_ISREG(st->mode) || S_ISLNK(st->mode))
		(void)r->ops->read(r, st->ino, 0, block, sizeof(block), &n, e);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct source s;
	struct err e;

	source_init_bytes(&s, data, size);
	if (fs_reader_open(&s, &r, &e) == 0)
		(void)!fs_reader_walk(r, use, r, &e);
	return 0;
}
