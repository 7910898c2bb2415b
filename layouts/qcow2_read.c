/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: the content of the disk. */
#include <zlib.h>
#include <zstd.h>

#include "layouts/qcow2.h"

#define DEFLATE_WINDOW_BITS 12

DEFINE_CLEANUP(ZSTD_DCtx *, ZSTD_freeDCtx)

static int inflate_cluster(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len,
			   size_t *ret_used, struct err *e)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)in,
		       .avail_in = (uInt)in_len,
		       .next_out = out,
		       .avail_out = (uInt)out_len };

	if (inflateInit2(&z, -DEFLATE_WINDOW_BITS) != Z_OK)
		return err_oom(e);
	int r = inflate(&z, Z_FINISH);
	*ret_used = in_len - z.avail_in;
	inflateEnd(&z);
	if (r != Z_STREAM_END || z.avail_out)
		return err_set(e, -EBADMSG, "deflated bytes that make no cluster");
	return 0;
}

static int unzstd_cluster(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len,
			  size_t *ret_used, struct err *e)
{
	_cleanup_(ZSTD_freeDCtx) ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_outBuffer to = { out, out_len, 0 };
	ZSTD_inBuffer from = { in, in_len, 0 };
	size_t left = 1;

	if (!z)
		return err_oom(e);
	/* A cluster may be several frames. */
	while (to.pos < out_len || left) {
		size_t before = from.pos + to.pos;
		left = ZSTD_decompressStream(z, &to, &from);
		if (ZSTD_isError(left))
			return err_set(e, -EBADMSG, "zstd: %s", ZSTD_getErrorName(left));
		if (from.pos + to.pos == before)
			return err_set(e, -EBADMSG, "zstd: bytes that make no cluster");
	}
	*ret_used = from.pos;
	return 0;
}

int qcow2_unpack(const struct qcow2 *q, const struct qcow2_place *p, uint8_t *data,
		 size_t *ret_used, struct err *e)
{
	/* The last sector may be told to go beyond the end of the file. */
	size_t len = (size_t)MIN(p->len, q->c.file->size_bytes - p->at);
	_cleanup_free_ uint8_t *in = malloc(len);

	if (!in)
		return err_oom(e);
	int r = source_pread(q->c.file, p->at, in, len, e);
	if (r < 0)
		return r;
	size_t out_len = (size_t)q->cluster_bytes;
	r = q->zstd ? unzstd_cluster(in, len, data, out_len, ret_used, e)
		    : inflate_cluster(in, len, data, out_len, ret_used, e);
	return r < 0 ? err_wrap(e, r, "compressed cluster at %llu", (unsigned long long)p->at) : 0;
}

struct piece {
	uint64_t cluster; /* of the disk */
	size_t skip, len; /* in it */
	uint8_t *to;
};

/* With the slot's lock held. */
static int fill_slot(const struct qcow2 *q, struct qcow2_slot *slot, uint64_t cluster,
		     const struct qcow2_place *p, struct err *e)
{
	size_t used;

	if (slot->data && slot->cluster == cluster)
		return 0;
	if (!slot->data)
		slot->data = malloc((size_t)q->cluster_bytes);
	if (!slot->data)
		return err_oom(e);
	slot->cluster = UINT64_MAX;
	int r = qcow2_unpack(q, p, slot->data, &used, e);
	if (r == 0)
		slot->cluster = cluster;
	return r;
}

static int read_packed(const struct qcow2 *q, const struct piece *x, const struct qcow2_place *p,
		       struct err *e)
{
	struct qcow2_slot *slot = &q->slots[x->cluster % QCOW2_SLOTS];

	pthread_mutex_lock(&slot->lock);
	int r = fill_slot(q, slot, x->cluster, p, e);
	if (r == 0)
		memcpy(x->to, slot->data + x->skip, x->len);
	pthread_mutex_unlock(&slot->lock);
	return r;
}

static int read_data(const struct qcow2 *q, const struct piece *x, uint64_t at, struct err *e)
{
	if (at > q->c.file->size_bytes || x->len > q->c.file->size_bytes - at)
		return err_set(e, -EBADMSG, "it lies behind the end of the file");
	return source_pread(q->c.file, at, x->to, x->len, e);
}

static int read_piece(const struct qcow2 *q, const struct piece *x, struct err *e)
{
	uint64_t per_table = q->cluster_bytes / 8, table = 0;
	struct qcow2_place p = { QCOW2_IS_ZERO, 0, 0 };
	uint8_t entry[8];

	int r = qcow2_table(q, x->cluster / per_table, &table, e);
	if (r == 0 && table) {
		r = source_pread(q->c.file, table + 8 * (x->cluster % per_table), entry,
				 sizeof(entry), e);
		if (r == 0)
			r = qcow2_place(q, get_be64(entry), &p, e);
	}
	if (r < 0)
		return r;
	if (p.kind == QCOW2_IS_PACKED)
		return read_packed(q, x, &p, e);
	if (p.kind == QCOW2_IS_DATA)
		return read_data(q, x, p.at + x->skip, e);
	memset(x->to, 0, x->len);
	return 0;
}

int qcow2_pread(const struct source *disk, uint64_t off, void *data, size_t len, struct err *e)
{
	const struct qcow2 *q =
		(const struct qcow2 *)((const char *)disk - offsetof(struct qcow2, c.disk));
	uint8_t *to = data;

	while (len) {
		size_t skip = (size_t)(off % q->cluster_bytes);
		size_t n = (size_t)MIN(len, q->cluster_bytes - skip);
		int r = read_piece(q, &(struct piece){ off / q->cluster_bytes, skip, n, to }, e);
		if (r < 0)
			return err_wrap(e, r, "qcow2: byte %llu of the disk",
					(unsigned long long)off);
		to += n;
		off += n;
		len -= n;
	}
	return 0;
}
