/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/pack.h"

#include <lzma.h>

#include "base/sink.h"

#define PRESET	    6
#define BLOCK_BYTES (16 * MiB) /* of the same size with any number of threads */
#define STEP_BYTES  MiB	       /* between looks at cancellation */
#define OUT_BYTES   (256 * KiB)
#define WAIT_MSEC   200

struct pack {
	const struct source *in;
	const struct publish_pack_params *p;
	struct sink sink;
	struct sha256 *sha256;
	uint64_t in_bytes, out_bytes;
	uint8_t step[STEP_BYTES], out[OUT_BYTES];
};

static void pack_free(struct pack *p)
{
	sha256_free(p->sha256);
	free(p);
}
DEFINE_CLEANUP(struct pack *, pack_free)

/* What comes out, in order. A sink's unwritten bytes are zeros. */
static int emit(struct pack *p, const uint8_t *data, size_t len, struct err *e)
{
	sha256_update(p->sha256, data, len);
	int r = mem_is_zero(data, len) ? 0 : sink_pwrite(&p->sink, p->out_bytes, data, len, e);
	p->out_bytes += len;
	return r;
}

/* The next step of the input; *ret_len is 0 at its end. */
static int next(struct pack *p, size_t *ret_len, struct err *e)
{
	int r = pool_check(p->p->pool, e);

	*ret_len = (size_t)MIN(STEP_BYTES, p->in->size_bytes - p->in_bytes);
	if (r == 0 && *ret_len)
		r = source_pread(p->in, p->in_bytes, p->step, *ret_len, e);
	p->in_bytes += *ret_len;
	progress_update(p->p->progress, p->p->what, p->in_bytes, p->in->size_bytes);
	return r;
}

static int write_plain(struct pack *p, struct err *e)
{
	size_t len;

	for (;;) {
		int r = next(p, &len, e);
		if (r < 0 || !len)
			return r;
		r = emit(p, p->step, len, e);
		if (r < 0)
			return r;
	}
}

static int xz_failed(lzma_ret code, struct err *e)
{
	return code == LZMA_MEM_ERROR ? err_oom(e)
				      : err_set(e, -EINVAL, "xz: liblzma says %d", (int)code);
}

/* Until all of the step is in, and at the input's end until all is out. */
static int xz_step(struct pack *p, lzma_stream *z, size_t len, struct err *e)
{
	lzma_ret code = LZMA_OK;

	z->next_in = p->step;
	z->avail_in = len;
	while (len ? z->avail_in > 0 : code != LZMA_STREAM_END) {
		z->next_out = p->out;
		z->avail_out = sizeof(p->out);
		code = lzma_code(z, len ? LZMA_RUN : LZMA_FINISH);
		if (code != LZMA_OK && code != LZMA_STREAM_END)
			return xz_failed(code, e);
		int r = emit(p, p->out, sizeof(p->out) - z->avail_out, e);
		if (r == 0)
			r = pool_check(p->p->pool, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_xz(struct pack *p, lzma_stream *z, struct err *e)
{
	const lzma_mt mt = {
		.threads = p->p->pool ? pool_n_threads(p->p->pool) : 1,
		.block_size = BLOCK_BYTES,
		.timeout = WAIT_MSEC,
		.preset = PRESET,
		.check = LZMA_CHECK_CRC64,
	};
	lzma_ret code = lzma_stream_encoder_mt(z, &mt);
	size_t len;

	if (code != LZMA_OK)
		return xz_failed(code, e);
	do {
		int r = next(p, &len, e);
		if (r == 0)
			r = xz_step(p, z, len, e);
		if (r < 0)
			return r;
	} while (len);
	return 0;
}

int publish_pack(const struct source *in, int fd, const struct publish_pack_params *params,
		 struct publish_packed *ret, struct err *e)
{
	_cleanup_(pack_free) struct pack *p = calloc(1, sizeof(*p));
	lzma_stream z = LZMA_STREAM_INIT;
	int r;

	if (!p || !(p->sha256 = sha256_new()))
		return err_oom(e);
	p->in = in;
	p->p = params;
	sink_init_fd(&p->sink, fd);
	if (params->compression == PUBLISH_XZ)
		r = write_xz(p, &z, e);
	else
		r = write_plain(p, e);
	lzma_end(&z);
	if (r == 0 && ftruncate(fd, (off_t)p->out_bytes) < 0)
		r = err_sys(e, -errno, "set the size of a file");
	if (r < 0)
		return r;
	ret->bytes = p->out_bytes;
	sha256_final(p->sha256, ret->sha256);
	return 0;
}
