/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/cpio.h"
#include "stage1/initrd/initrd.h"

int initrd_pack(const struct tree *t, const struct initrd_pack_params *p, struct buf *out,
		struct err *e)
{
	struct compress_params c = { .type = p->type,
				     .level = p->level,
				     .n_threads = p->pool ? pool_n_threads(p->pool) : 1 };
	_cleanup_(compress_free) struct compress *z = NULL;
	struct buf result = BUF_INIT;
	struct sink s;

	sink_init_buf(&s, &result);
	int r = cpio_bytes(t, &c.size_bytes, e);
	if (r == 0)
		r = compress_new(&c, &s, &z, e);
	if (r == 0)
		r = cpio_write(t, p->time, compress_sink(z), e);
	if (r == 0)
		r = compress_finish(z, NULL, e);
	if (r == 0) {
		buf_append(out, result.data, result.len);
		r = buf_failed(out) ? err_oom(e) : 0;
	}
	buf_done(&result);
	return r;
}
