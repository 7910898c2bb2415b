/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/overlay.h"

#include "base/outfile.h"
#include "qemu-tests/vm/qcow2.h"

struct overlay_block {
	uint64_t number;
	uint8_t *data; /* OVERLAY_BLOCK_BYTES; behind the end of the disk: zeros */
};

/* Bytes of a block that lie on the disk. */
static size_t block_bytes(const struct overlay *o, uint64_t number)
{
	uint64_t at = number * OVERLAY_BLOCK_BYTES;

	return at < o->src.size_bytes ? (size_t)MIN(OVERLAY_BLOCK_BYTES, o->src.size_bytes - at)
				      : 0;
}

/* What the base has not is zero. */
static int read_base(const struct overlay *o, uint64_t off, void *data, size_t len, struct err *e)
{
	size_t n = off < o->base->size_bytes ? (size_t)MIN(len, o->base->size_bytes - off) : 0;

	memset((uint8_t *)data + n, 0, len - n);
	return n ? source_pread(o->base, off, data, n, e) : 0;
}

/* The first block whose number is not below. */
static size_t find(const struct overlay *o, uint64_t number)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (o->blocks[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert(struct overlay *o, size_t at, uint64_t number, struct err *e)
{
	_cleanup_free_ uint8_t *data = calloc(1, OVERLAY_BLOCK_BYTES);

	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 64;
		struct overlay_block *v = reallocarray(o->blocks, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		o->blocks = v;
		o->cap = cap;
	}
	if (!data)
		return err_oom(e);
	int r = read_base(o, number * OVERLAY_BLOCK_BYTES, data, OVERLAY_BLOCK_BYTES, e);
	if (r < 0)
		return r;
	memmove(o->blocks + at + 1, o->blocks + at, (o->n - at) * sizeof(*o->blocks));
	o->blocks[at] = (struct overlay_block){ number, TAKE_PTR(data) };
	o->n++;
	return 0;
}

static int overlay_pwrite(struct sink *s, uint64_t off, const void *data, size_t len, struct err *e)
{
	struct overlay *o = (struct overlay *)((char *)s - offsetof(struct overlay, sink));
	const uint8_t *from = data;

	while (len) {
		uint64_t number = off / OVERLAY_BLOCK_BYTES;
		size_t in = off % OVERLAY_BLOCK_BYTES, n = MIN(len, OVERLAY_BLOCK_BYTES - in);
		size_t at = find(o, number);
		if (at == o->n || o->blocks[at].number != number) {
			int r = insert(o, at, number, e);
			if (r < 0)
				return r;
		}
		memcpy(o->blocks[at].data + in, from, n);
		from += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int overlay_pread(const struct source *s, uint64_t off, void *data, size_t len,
			 struct err *e)
{
	const struct overlay *o = (const struct overlay *)s;
	uint64_t end = off + len;
	int r = read_base(o, off, data, len, e);

	if (r < 0)
		return r;
	for (size_t i = find(o, off / OVERLAY_BLOCK_BYTES); i < o->n; i++) {
		uint64_t start = o->blocks[i].number * OVERLAY_BLOCK_BYTES;
		if (start >= end)
			break;
		uint64_t from = MAX(start, off), to = MIN(start + OVERLAY_BLOCK_BYTES, end);
		memcpy((uint8_t *)data + (from - off), o->blocks[i].data + (from - start),
		       (size_t)(to - from));
	}
	return 0;
}

static const struct source_ops src_ops = { .pread = overlay_pread };
static const struct sink_ops sink_ops = { .pwrite = overlay_pwrite };

void overlay_init(struct overlay *o, const struct source *base)
{
	*o = (struct overlay){
		.src = { .ops = &src_ops, .size_bytes = base->size_bytes, .fd = -1 },
		.sink = { .ops = &sink_ops, .limit_bytes = base->size_bytes, .fd = -1 },
		.base = base,
	};
}

void overlay_done(struct overlay *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->blocks[i].data);
	free(o->blocks);
	o->blocks = NULL;
	o->n = o->cap = 0;
}

void overlay_resize(struct overlay *o, uint64_t size_bytes)
{
	o->src.size_bytes = size_bytes;
	o->sink.limit_bytes = size_bytes;
}

/* A run that grows over the ends of blocks. */
struct run {
	uint64_t offset, len;
};

int overlay_differences(const struct overlay *o,
			int (*fn)(void *ctx, uint64_t offset, uint64_t len, struct err *e),
			void *ctx, struct err *e)
{
	uint8_t base[OVERLAY_BLOCK_BYTES];
	struct run run = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n; i++) {
		const struct overlay_block *b = &o->blocks[i];
		size_t len = block_bytes(o, b->number);
		uint64_t start = b->number * OVERLAY_BLOCK_BYTES;
		r = read_base(o, start, base, len, e);
		for (size_t j = 0; r == 0 && j < len; j++) {
			if (base[j] == b->data[j])
				continue;
			if (run.len && run.offset + run.len != start + j) {
				r = fn(ctx, run.offset, run.len, e);
				run.len = 0;
			}
			if (!run.len)
				run.offset = start + j;
			run.len++;
		}
	}
	return r == 0 && run.len ? fn(ctx, run.offset, run.len, e) : r;
}

/* Zeros become holes: images are mostly that. */
static int copy_base(const struct overlay *o, struct sink *s, struct err *e)
{
	_cleanup_free_ uint8_t *piece = malloc(MiB);
	int r = 0;

	if (!piece)
		return err_oom(e);
	uint64_t end = MIN(o->base->size_bytes, o->src.size_bytes);
	for (uint64_t at = 0; r == 0 && at < end; at += MiB) {
		size_t len = (size_t)MIN(MiB, end - at);
		r = source_pread(o->base, at, piece, len, e);
		if (r == 0 && !mem_is_zero(piece, len))
			r = sink_pwrite(s, at, piece, len, e);
	}
	return r;
}

int overlay_save_raw(const struct overlay *o, const char *path, struct err *e)
{
	_cleanup_outfile_ struct outfile out = OUTFILE_INIT;
	struct sink s;
	int r = outfile_open(&out, path, 0644, e);

	if (r < 0)
		return r;
	if (ftruncate(out.fd, (off_t)o->src.size_bytes) < 0)
		return err_sys(e, -errno, "%s", path);
	sink_init_fd(&s, out.fd);
	r = copy_base(o, &s, e);
	for (size_t i = 0; r == 0 && i < o->n; i++)
		r = sink_pwrite(&s, o->blocks[i].number * OVERLAY_BLOCK_BYTES, o->blocks[i].data,
				block_bytes(o, o->blocks[i].number), e);
	return r < 0 ? err_wrap(e, r, "%s", path) : outfile_commit(&out, e);
}

/* The clusters that altered blocks lie in, each once. */
static size_t list_clusters(const struct overlay *o, uint64_t *numbers)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		uint64_t c = o->blocks[i].number * OVERLAY_BLOCK_BYTES / QCOW2_CLUSTER_BYTES;
		if (block_bytes(o, o->blocks[i].number) && (n == 0 || numbers[n - 1] != c))
			numbers[n++] = c;
	}
	return n;
}

int overlay_save_qcow2(const struct overlay *o, const char *backing, uint64_t disk_bytes,
		       const char *path, struct err *e)
{
	_cleanup_outfile_ struct outfile out = OUTFILE_INIT;
	_cleanup_free_ uint64_t *numbers = calloc(o->n + 1, sizeof(*numbers));
	struct sink s;

	if (!numbers)
		return err_oom(e);
	int r = outfile_open(&out, path, 0644, e);
	if (r < 0)
		return r;
	sink_init_fd(&s, out.fd);
	const struct qcow2_clusters c = { &o->src, numbers, list_clusters(o, numbers) };
	r = qcow2_write(backing, MAX(disk_bytes, o->src.size_bytes), &c, &s, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : outfile_commit(&out, e);
}
