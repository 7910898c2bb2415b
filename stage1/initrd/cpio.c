/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/cpio.h"

#include "base/buf.h"

#define ALIGN_BYTES 4
#define BLOCK_BYTES 512 /* to which other programs fill the archive up */
#define FLUSH_BYTES (256 * KiB)

struct writer {
	struct sink *out;
	uint64_t offset;    /* of what is pending */
	struct buf pending; /* small pieces, to be written together */
	int64_t time;
	uint64_t last_number;
	uint32_t *names_seen; /* by inode number */
};

static int flush(struct writer *w, struct err *e)
{
	if (buf_failed(&w->pending))
		return err_oom(e);
	if (w->pending.len == 0)
		return 0;
	int r = sink_pwrite(w->out, w->offset, w->pending.data, w->pending.len, e);
	w->offset += w->pending.len;
	w->pending.len = 0;
	return r;
}

static void pad(struct writer *w, uint64_t align)
{
	uint64_t at = w->offset + w->pending.len;

	buf_append_zero(&w->pending, align_up(at, align) - at);
}

/* 13 numbers: ino mode uid gid nlink mtime filesize dev(2) rdev(2) namesize check */
static void put_header(struct writer *w, const struct tree_inode *i, const char *name,
		       uint32_t file_bytes)
{
	uint32_t time = (uint32_t)MAX(0, MIN(MIN(i->mtime, w->time), (int64_t)UINT32_MAX));
	const uint32_t v[] = { (uint32_t)i->number,
			       i->mode,
			       i->uid,
			       i->gid,
			       S_ISDIR(i->mode) ? 2 : i->nlink,
			       time,
			       file_bytes,
			       0,
			       0,
			       i->rdev_major,
			       i->rdev_minor,
			       (uint32_t)strlen(name) + 1,
			       0 };

	buf_append_str(&w->pending, "070701");
	for (size_t k = 0; k < ARRAY_SIZE(v); k++)
		buf_printf(&w->pending, "%08X", v[k]);
	buf_append(&w->pending, name, strlen(name) + 1);
	pad(w, ALIGN_BYTES);
}

static int put_content(struct writer *w, const void *data, uint64_t len, struct err *e)
{
	int r = 0;

	if (w->pending.len + len < FLUSH_BYTES) {
		buf_append(&w->pending, data, len);
	} else {
		r = flush(w, e);
		if (r == 0)
			r = sink_pwrite(w->out, w->offset, data, len, e);
		w->offset += len;
	}
	pad(w, ALIGN_BYTES);
	return r;
}

static int write_node(struct tree_node *n, void *ctx, struct err *e)
{
	struct writer *w = ctx;
	struct tree_inode *i = n->inode;
	const void *data = NULL;
	uint64_t len = 0;

	_cleanup_free_ char *path = n->parent ? tree_path(n) : strdup(".");
	if (!path)
		return err_oom(e);
	if (!i->number)
		i->number = ++w->last_number;
	/* The last name of an inode carries its content. */
	if (tree_is_file(n) && ++w->names_seen[i->number] == i->nlink) {
		data = i->blob->data;
		len = i->blob->len;
	} else if (tree_is_symlink(n)) {
		data = i->target;
		len = strlen(i->target);
	}
	if (len > UINT32_MAX)
		return err_set(e, -EFBIG, "%s: too large for a cpio archive (4 GiB)", path);
	put_header(w, i, path, (uint32_t)len);
	return put_content(w, data, len, e);
}

static int forget_number(struct tree_node *n, void *ctx unused_, struct err *e unused_)
{
	n->inode->number = 0;
	return 0;
}

int cpio_write(const struct tree *t, int64_t time, struct sink *out, struct err *e)
{
	_cleanup_free_ uint32_t *seen = calloc(tree_count(t) + 1, sizeof(*seen));
	struct writer w = { .out = out, .pending = BUF_INIT, .time = time, .names_seen = seen };
	static const struct tree_inode trailer = { .nlink = 1 };

	if (!seen)
		return err_oom(e);
	int r = tree_walk(tree_root(t), forget_number, NULL, e);
	if (r == 0)
		r = tree_walk(tree_root(t), write_node, &w, e);
	if (r == 0) {
		put_header(&w, &trailer, "TRAILER!!!", 0);
		pad(&w, BLOCK_BYTES);
		r = flush(&w, e);
	}
	buf_done(&w.pending);
	return r;
}

struct counter {
	struct sink sink;
	uint64_t end;
};

static int count_pwrite(struct sink *s, uint64_t off, const void *data unused_, size_t len,
			struct err *e unused_)
{
	((struct counter *)s)->end = off + len;
	return 0;
}

int cpio_bytes(const struct tree *t, uint64_t *ret, struct err *e)
{
	static const struct sink_ops ops = { .pwrite = count_pwrite };
	struct counter c = { .sink = { .ops = &ops, .limit_bytes = UINT64_MAX } };

	int r = cpio_write(t, 0, &c.sink, e);
	if (r == 0)
		*ret = c.end;
	return r;
}
