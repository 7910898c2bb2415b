/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a FAT of any bytes, all of it read. Built by `make fuzz`. The least FAT32 has 33 MiB,
 * most of it zeros: the input is the start of each part, put to where its boot sector says.
 */
#include "stage1/fs/fuzz/fat_parts.h"
#include "stage1/fs/fuzz/use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parts {
	struct source src;
	struct fat_part v[FAT_N_PARTS];
	const uint8_t *input;
	size_t len;
};

/* What no part has is zero; a later part lies over an earlier one. */
static int parts_pread(const struct source *s, uint64_t off, void *data, size_t len,
		       struct err *e unused_)
{
	const struct parts *p = (const struct parts *)s;

	memset(data, 0, len);
	for (size_t i = 0; i < FAT_N_PARTS; i++) {
		uint64_t from = MAX(off, p->v[i].at), to = MIN(off + len, p->v[i].at + p->v[i].len);
		if (from < to)
			memcpy((uint8_t *)data + (from - off),
			       p->input + p->v[i].input_at + (from - p->v[i].at),
			       (size_t)(to - from));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct source_ops ops = { .pread = parts_pread };

	if (size < 512)
		return 0;
	_cleanup_free_ uint8_t *input = malloc(size); /* exact: a byte too far is seen */
	if (!input)
		return 0;
	memcpy(input, data, size);
	struct parts p = { .src = { .ops = &ops, .fd = -1 }, .input = input, .len = size };
	p.src.size_bytes = fat_parts(input, size, p.v);
	return use_all(&p.src);
}
