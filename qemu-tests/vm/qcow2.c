/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Written here, so that no further program is needed: header, one refcount table, one block of
 * refcounts, and a level 1 table full of zeros, which means "as in the backing file".
 */
#include "qemu-tests/vm/qcow2.h"

#define CLUSTER_BITS	  16
#define CLUSTER		  (UINT64_C(1) << CLUSTER_BITS)
#define HEADER_BYTES	  104
#define MAX_BACKING_NAME  1023
#define BACKING_FORMAT	  UINT32_C(0xe2792aca)
#define NAME_OFFSET	  512
#define TABLE_OFFSET	  (1 * CLUSTER)
#define BLOCK_OFFSET	  (2 * CLUSTER)
#define LEVEL1_OFFSET	  (3 * CLUSTER)
#define REFCOUNT_ORDER	  4			  /* 16 bits */
#define BYTES_PER_LEVEL1  (CLUSTER * CLUSTER / 8) /* what one entry of level 1 stands for */
#define MAX_VIRTUAL_BYTES (UINT64_C(1) << 44)

static void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static void put_header(uint8_t *h, const char *backing, uint64_t bytes, uint64_t level1_entries)
{
	memcpy(h, "QFI\xfb", 4);
	put_be32(h + 4, 3); /* version */
	put_be64(h + 8, NAME_OFFSET);
	put_be32(h + 16, (uint32_t)strlen(backing));
	put_be32(h + 20, CLUSTER_BITS);
	put_be64(h + 24, bytes);
	put_be32(h + 36, (uint32_t)level1_entries);
	put_be64(h + 40, LEVEL1_OFFSET);
	put_be64(h + 48, TABLE_OFFSET);
	put_be32(h + 56, 1); /* clusters of the refcount table */
	put_be32(h + 96, REFCOUNT_ORDER);
	put_be32(h + 100, HEADER_BYTES);
	put_be32(h + HEADER_BYTES, BACKING_FORMAT);
	put_be32(h + HEADER_BYTES + 4, 3);
	memcpy(h + HEADER_BYTES + 8, "raw", 3); /* padded to 8; the end of extensions is zeros */
	memcpy(h + NAME_OFFSET, backing, strlen(backing));
}

int qcow2_overlay(const char *backing, uint64_t bytes, struct buf *out, struct err *e)
{
	uint64_t entries = div_round_up(bytes, BYTES_PER_LEVEL1);
	uint64_t clusters = 3 + div_round_up(entries * 8, CLUSTER);
	size_t start = out->len;

	if (strlen(backing) > MAX_BACKING_NAME)
		return err_set(e, -ENAMETOOLONG, "path of the image is too long: %.200s…", backing);
	if (bytes == 0 || bytes % 512)
		return err_set(e, -EINVAL, "a disk of %llu bytes: not whole sectors",
			       (unsigned long long)bytes);
	if (bytes > MAX_VIRTUAL_BYTES)
		return err_set(e, -EFBIG, "a disk of more than 16 TiB");
	buf_append_zero(out, (size_t)(clusters * CLUSTER));
	if (buf_failed(out))
		return err_oom(e);
	uint8_t *file = out->data + start;
	put_header(file, backing, bytes, entries);
	put_be64(file + TABLE_OFFSET, BLOCK_OFFSET);
	for (uint64_t i = 0; i < clusters; i++)
		file[BLOCK_OFFSET + 2 * i + 1] = 1;
	return 0;
}
