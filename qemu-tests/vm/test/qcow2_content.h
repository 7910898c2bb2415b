/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a qcow2 snapshot reads as, for tests: by its specification and not by the writer's code.
 * Spec: docs/interop/qcow2.rst of QEMU
 */
#include "base/buf.h"
#include "base/test/support.h"
#include "qemu-tests/vm/qcow2.h"

#define QC_OFFSET 0x00fffffffffffe00 /* of an entry of a table */

/* Where a table or cluster is; its refcount is one. */
static inline const uint8_t *qc_at(const uint8_t *file, uint64_t len, uint64_t entry)
{
	uint64_t at = entry & QC_OFFSET, n = at / QCOW2_CLUSTER_BYTES;
	const uint8_t *table = file + get_be64(file + 48), *block = file + get_be64(table);

	ck_assert_uint_eq(at % QCOW2_CLUSTER_BYTES, 0);
	ck_assert_uint_le(at + QCOW2_CLUSTER_BYTES, len);
	ck_assert_msg(entry >> 63, "entry of %#llx is not marked as the only one",
		      (unsigned long long)at);
	ck_assert_uint_eq(block[2 * n] << 8 | block[2 * n + 1], 1);
	return file + at;
}

/* The first @base_len bytes of the virtual disk; Return: its size */
static inline uint64_t qcow2_content(const uint8_t *file, uint64_t len, const uint8_t *base,
				     size_t base_len, struct buf *ret)
{
	const uint8_t *level1 = file + get_be64(file + 40);
	uint64_t size = get_be64(file + 24), per_table = QCOW2_CLUSTER_BYTES / 8;

	ck_assert_mem_eq(file, "QFI\xfb\0\0\0\x03", 8);
	buf_append(ret, base, base_len);
	for (uint64_t i = 0; i * QCOW2_CLUSTER_BYTES < base_len; i++) {
		uint64_t entry1 = get_be64(level1 + 8 * (i / per_table));
		if (!entry1)
			continue;
		uint64_t entry2 = get_be64(qc_at(file, len, entry1) + 8 * (i % per_table));
		if (!entry2)
			continue;
		uint64_t at = i * QCOW2_CLUSTER_BYTES;
		memcpy(ret->data + at, qc_at(file, len, entry2),
		       (size_t)MIN(QCOW2_CLUSTER_BYTES, base_len - at));
	}
	return size;
}
