/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sink.h"

static int buf_pwrite(struct sink *s, uint64_t off, const void *data, size_t len, struct err *e)
{
	struct buf *b = s->buf;

	if (off == b->len) {
		buf_append(b, data, len);
		return buf_failed(b) ? err_oom(e) : 0;
	}
	if (off + len > b->len)
		buf_append_zero(b, (size_t)(off + len) - b->len);
	if (buf_failed(b))
		return err_oom(e);
	memcpy(b->data + off, data, len);
	return 0;
}

static const struct sink_ops buf_ops = { .pwrite = buf_pwrite };

void sink_init_buf(struct sink *s, struct buf *b)
{
	*s = (struct sink){ .ops = &buf_ops, .limit_bytes = SIZE_MAX / 2, .buf = b, .fd = -1 };
}

static int fd_pwrite(struct sink *s, uint64_t off, const void *data, size_t len, struct err *e)
{
	const uint8_t *p = data;

	while (len) {
		ssize_t n = pwrite(s->fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(e, n < 0 ? -errno : -EIO, "write %zu bytes at offset %llu",
				       len, (unsigned long long)off);
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static const struct sink_ops fd_ops = { .pwrite = fd_pwrite };

void sink_init_fd(struct sink *s, int fd)
{
	*s = (struct sink){ .ops = &fd_ops, .limit_bytes = INT64_MAX, .fd = fd };
}

static int window_pwrite(struct sink *s, uint64_t off, const void *data, size_t len, struct err *e)
{
	return sink_pwrite(s->parent, s->offset + off, data, len, e);
}

static const struct sink_ops window_ops = { .pwrite = window_pwrite };

void sink_init_window(struct sink *s, struct sink *parent, uint64_t off, uint64_t len)
{
	*s = (struct sink){
		.ops = &window_ops, .limit_bytes = len, .parent = parent, .offset = off, .fd = -1
	};
}

int sink_pwrite(struct sink *s, uint64_t off, const void *data, size_t len, struct err *e)
{
	if (off > s->limit_bytes || len > s->limit_bytes - off)
		return err_set(e, -ENOSPC, "%zu bytes at offset %llu do not fit into %llu", len,
			       (unsigned long long)off, (unsigned long long)s->limit_bytes);
	return len ? s->ops->pwrite(s, off, data, len, e) : 0;
}
