/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of several GiB that take no memory and no time. */
#include <sys/mman.h>

#include "stage1/fs/test/support.h"

#define MARK_EVERY_BYTES (300 * MiB)

struct mapping *fs_test_marked_zeros(uint64_t len)
{
	struct mapping *m = calloc(1, sizeof(*m));
	uint8_t *data = mmap(NULL, len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_nonnull(m);
	if (data == MAP_FAILED) {
		free(m);
		return NULL;
	}
	(void)madvise(data, len, MADV_HUGEPAGE);
	for (uint64_t at = 0; at < len; at += MARK_EVERY_BYTES)
		memcpy(data + at, "here", 4);
	memcpy(data + len - 3, "end", 3);
	*m = (struct mapping){ .refs = 1, .data = data, .len = len };
	return m;
}

void fs_test_compare_marks(const struct mapping *m, const char *image, const char *path)
{
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct err e = { 0 };
	char got[8] = "";
	uint64_t ino;
	size_t n;

	ck_ok(source_open(&src, image, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	ck_ok(fs_reader_lookup(r, path, &ino, &e));
	for (uint64_t at = 0, next = 1; next; at += MARK_EVERY_BYTES / 6) {
		next = at < m->len - sizeof(got);
		uint64_t from = next ? at : m->len - sizeof(got);
		ck_ok(r->ops->read(r, ino, from, got, sizeof(got), &n, &e));
		ck_assert_uint_eq(n, sizeof(got));
		ck_assert_mem_eq(got, (const uint8_t *)m->data + from, sizeof(got));
	}
}
