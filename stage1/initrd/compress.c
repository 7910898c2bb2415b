/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/compress.h"

#include <zstd.h>

/* Content is split into pieces of this size, whatever the number of threads: small enough to keep
 * four of them busy with an initrd, large enough not to cost ratio. */
#define JOB_BYTES     (4 * MiB)
#define OUT_BYTES     (256 * KiB)
#define DEFAULT_LEVEL 6

struct compress {
	struct sink sink; /* first: what compress_sink() gives */
	enum compress_type type;
	struct sink *out;
	uint64_t size_bytes, in_bytes, out_bytes;
	ZSTD_CCtx *zstd;
	uint8_t buffer[OUT_BYTES];
};

static int zstd_failed(struct err *e, size_t code)
{
	return err_set(e, -EINVAL, "zstd: %s", ZSTD_getErrorName(code));
}

/* Feeds bytes to the encoder and what comes out to the sink. */
static int zstd_step(struct compress *c, const void *data, size_t len, ZSTD_EndDirective how,
		     struct err *e)
{
	ZSTD_inBuffer in = { data, len, 0 };

	for (;;) {
		ZSTD_outBuffer out = { c->buffer, sizeof(c->buffer), 0 };
		size_t left = ZSTD_compressStream2(c->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return zstd_failed(e, left);
		if (out.pos) {
			int r = sink_pwrite(c->out, c->out_bytes, c->buffer, out.pos, e);
			if (r < 0)
				return r;
			c->out_bytes += out.pos;
		}
		if (how == ZSTD_e_end ? left == 0 : in.pos == in.size)
			return 0;
	}
}

static int compress_pwrite(struct sink *s, uint64_t off, const void *data, size_t len,
			   struct err *e)
{
	struct compress *c = (struct compress *)s;

	if (off != c->in_bytes)
		return err_set(e, -ESPIPE, "compression takes its input in order");
	c->in_bytes += len;
	if (c->type == COMPRESS_ZSTD)
		return zstd_step(c, data, len, ZSTD_e_continue, e);
	c->out_bytes += len;
	return sink_pwrite(c->out, off, data, len, e);
}

static int zstd_start(struct compress *c, const struct compress_params *p, struct err *e)
{
	const struct {
		ZSTD_cParameter name;
		int value;
	} set[] = {
		{ ZSTD_c_compressionLevel, p->level ? p->level : DEFAULT_LEVEL },
		{ ZSTD_c_checksumFlag, 1 },
		{ ZSTD_c_contentSizeFlag, 1 },
		/* With no workers at all other bytes come out. */
		{ ZSTD_c_nbWorkers, (int)MIN(MAX(p->n_threads, 1), 64) },
		{ ZSTD_c_jobSize, (int)JOB_BYTES },
	};

	ZSTD_bounds b = ZSTD_cParam_getBounds(ZSTD_c_nbWorkers);
	if (ZSTD_isError(b.error) || b.upperBound < 1)
		return err_set(e, -ENOTSUP, "zstd: this library was built without threads");
	b = ZSTD_cParam_getBounds(ZSTD_c_compressionLevel);
	if (p->level < 0 || p->level > b.upperBound)
		return err_set(e, -EINVAL, "zstd: level %d is not in 1..%d", p->level,
			       b.upperBound);
	c->zstd = ZSTD_createCCtx();
	if (!c->zstd)
		return err_oom(e);
	for (size_t i = 0; i < ARRAY_SIZE(set); i++) {
		size_t r = ZSTD_CCtx_setParameter(c->zstd, set[i].name, set[i].value);
		if (ZSTD_isError(r))
			return zstd_failed(e, r);
	}
	size_t r = ZSTD_CCtx_setPledgedSrcSize(c->zstd, p->size_bytes);
	return ZSTD_isError(r) ? zstd_failed(e, r) : 0;
}

int compress_new(const struct compress_params *p, struct sink *out, struct compress **ret,
		 struct err *e)
{
	static const struct sink_ops ops = { .pwrite = compress_pwrite };
	_cleanup_(compress_free) struct compress *c = calloc(1, sizeof(*c));

	if (!c)
		return err_oom(e);
	c->sink.ops = &ops;
	c->sink.limit_bytes = p->size_bytes;
	c->type = p->type;
	c->out = out;
	c->size_bytes = p->size_bytes;
	int r = p->type == COMPRESS_ZSTD ? zstd_start(c, p, e) : 0;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

struct sink *compress_sink(struct compress *c)
{
	return &c->sink;
}

int compress_finish(struct compress *c, uint64_t *ret_bytes, struct err *e)
{
	if (c->in_bytes != c->size_bytes)
		return err_set(e, -EINVAL, "compression got %llu bytes instead of %llu",
			       (unsigned long long)c->in_bytes, (unsigned long long)c->size_bytes);
	int r = c->type == COMPRESS_ZSTD ? zstd_step(c, NULL, 0, ZSTD_e_end, e) : 0;
	if (r == 0 && ret_bytes)
		*ret_bytes = c->out_bytes;
	return r;
}

void compress_free(struct compress *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->zstd);
	free(c);
}
