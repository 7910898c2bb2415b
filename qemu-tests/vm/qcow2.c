/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Written here, so that no further program is needed: header, one refcount table, one block of
 * refcounts, and a level 1 table full of zeros, which means "as in the backing file".
 */
#include "qemu-tests/vm/qcow2.h"

#define CLUSTER_BITS	  16
#define CLUSTER		  QCOW2_CLUSTER_BYTES
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
#define REFCOUNTS	  (CLUSTER / 2) /* in one block of them */
#define PER_LEVEL2	  (CLUSTER / 8)
#define COPIED		  (UINT64_C(1) << 63) /* its refcount is 1 */

static void put_header(uint8_t *h, const char *backing, const char *format, uint64_t bytes,
		       uint64_t level1_entries)
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
	put_be32(h + HEADER_BYTES + 4, (uint32_t)strlen(format));
	/* Padded to 8; the end of extensions is zeros. */
	memcpy(h + HEADER_BYTES + 8, format, strlen(format));
	memcpy(h + NAME_OFFSET, backing, strlen(backing));
}

int qcow2_overlay(const char *backing, const char *format, uint64_t bytes, struct buf *out,
		  struct err *e)
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
	put_header(file, backing, format, bytes, entries);
	put_be64(file + TABLE_OFFSET, BLOCK_OFFSET);
	for (uint64_t i = 0; i < clusters; i++)
		file[BLOCK_OFFSET + 2 * i + 1] = 1;
	return 0;
}

/* Tables of level 2 come first, then the clusters, all in the order of the disk. */
static int put_tables(const struct qcow2_clusters *c, struct buf *file, struct err *e)
{
	size_t start = file->len, n_tables = 0;

	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || c->numbers[i] / PER_LEVEL2 != c->numbers[i - 1] / PER_LEVEL2)
			n_tables++;
	if (start / CLUSTER + n_tables + c->n > REFCOUNTS)
		return err_set(e, -EFBIG, "a snapshot of more than %llu clusters",
			       (unsigned long long)REFCOUNTS);
	buf_append_zero(file, n_tables * CLUSTER);
	if (buf_failed(file))
		return err_oom(e);
	uint64_t table = start - CLUSTER, data = file->len;
	for (size_t i = 0; i < c->n; i++, data += CLUSTER) {
		uint8_t *level1 = file->data + LEVEL1_OFFSET + 8 * (c->numbers[i] / PER_LEVEL2);
		if (!get_be64(level1)) {
			table += CLUSTER;
			put_be64(level1, table | COPIED);
		}
		put_be64(file->data + table + 8 * (c->numbers[i] % PER_LEVEL2), data | COPIED);
	}
	for (uint64_t i = start / CLUSTER; i < data / CLUSTER; i++)
		file->data[BLOCK_OFFSET + 2 * i + 1] = 1;
	return 0;
}

int qcow2_write(const char *backing, uint64_t bytes, const struct qcow2_clusters *c,
		struct sink *out, struct err *e)
{
	_cleanup_free_ uint8_t *cluster = malloc(CLUSTER);
	_cleanup_buf_ struct buf file = BUF_INIT;

	if (!cluster)
		return err_oom(e);
	for (size_t i = 0; i < c->n; i++)
		if (c->numbers[i] >= div_round_up(bytes, CLUSTER))
			return err_set(e, -EINVAL, "cluster %llu is behind the end of the disk",
				       (unsigned long long)c->numbers[i]);
	int r = qcow2_overlay(backing, "raw", bytes, &file, e);
	if (r == 0)
		r = put_tables(c, &file, e);
	if (r == 0)
		r = sink_pwrite(out, 0, file.data, file.len, e);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		uint64_t at = c->numbers[i] * CLUSTER, size = c->content->size_bytes;
		size_t len = at < size ? (size_t)MIN(CLUSTER, size - at) : 0;
		memset(cluster, 0, CLUSTER);
		r = source_pread(c->content, MIN(at, size), cluster, len, e);
		if (r == 0)
			r = sink_pwrite(out, file.len + i * CLUSTER, cluster, CLUSTER, e);
	}
	return r;
}
