/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: any bytes, compared with themselves but for some that are changed, so that every
 * comparer and every reader below it sees both. Built by `make fuzz`.
 *
 * The first 8 bytes say which bytes are changed, and how.
 */
#include "builder/audit/diff.h"

#define HEAD_BYTES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void change(uint8_t *b, size_t len, const uint8_t *head)
{
	uint64_t x = get_le64(head) | 1;

	for (int i = 0; len && i < 1 + head[7] % 4; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		b[(x >> 16) % len] ^= (uint8_t)(1 + head[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct diff_params p = { .limit = 10, .unpack_max_bytes = MiB };
	struct diff_report d = { 0 };
	struct source a, b;
	struct err e;

	if (size < HEAD_BYTES)
		return 0;
	size_t len = size - HEAD_BYTES;
	_cleanup_free_ uint8_t *copy = malloc(len + 1);
	if (!copy)
		return 0;
	memcpy(copy, data + HEAD_BYTES, len);
	change(copy, len, data);
	source_init_bytes(&a, data + HEAD_BYTES, len);
	source_init_bytes(&b, copy, len);
	if (diff_sources(&a, &b, &p, &d, &e) == 0 &&
	    (diff_report_total(&d) == 0) != (memcmp(data + HEAD_BYTES, copy, len) == 0))
		abort(); /* a difference was passed over, or made up */
	diff_report_done(&d);
	return 0;
}
