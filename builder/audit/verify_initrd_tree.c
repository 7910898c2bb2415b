/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The archive of an initrd as a tree, if our writer makes these bytes of that tree. So no file is there
 * twice, and nothing is there that the kernel takes for something else than what was looked at: where two
 * entries have one inode, it writes what the later one brings over what the first one has.
 */
#include "builder/audit/verify_initrd.h"
#include "stage1/initrd/cpio.h"
#include "stage1/initrd/cpio_read.h"

struct reading {
	struct tree *t;
	struct tree_node **nodes; /* by the number of their inode, less one */
	size_t n, cap;
};

static int not_ours(const struct cpio_entry *x, const char *what, struct err *e)
{
	return err_set(e, -EBADMSG, "byte %zu of the archive: %s", x->at, what);
}

/* The first name of an inode. */
static int add_new(struct tree *t, const struct cpio_entry *x, struct tree_node **ret,
		   struct err *e)
{
	const struct tree_meta m = {
		.mode = x->mode & 07777, .uid = x->uid, .gid = x->gid, .mtime = x->mtime
	};
	struct tree_meta special = m;

	switch (x->mode & S_IFMT) {
	case S_IFDIR:
		return tree_add_dir(t, x->name, &m, ret, e);
	case S_IFREG:
		return tree_add_file(t, x->name, &m, blob_new(x->data, x->len), ret, e);
	case S_IFLNK: {
		_cleanup_free_ char *target = strndup((const char *)x->data, x->len);
		return target ? tree_add_symlink(t, x->name, &m, target, ret, e) : err_oom(e);
	}
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		special.mode |= x->mode & S_IFMT;
		return tree_add_special(t, x->name, &special, x->rdev_major, x->rdev_minor, ret, e);
	default:
		return not_ours(x, "its type is none", e);
	}
}

/* A further name, of which the last one brings the content. */
static int add_link(struct tree *t, const struct cpio_entry *x, struct tree_node *first,
		    struct tree_node **ret, struct err *e)
{
	if (tree_is_dir(first))
		return not_ours(x, "a directory that is there already", e);
	int r = tree_add_link(t, x->name, first, ret, e);
	if (r < 0 || !tree_is_file(first))
		return r;
	struct blob *blob = blob_new(x->data, x->len);
	if (!blob)
		return err_oom(e);
	blob_unref(first->inode->blob);
	first->inode->blob = blob;
	return 0;
}

static int remember(struct reading *rd, struct tree_node *n, struct err *e)
{
	if (rd->n == rd->cap) {
		size_t cap = rd->cap ? 2 * rd->cap : 1024;
		struct tree_node **v = reallocarray(rd->nodes, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		rd->nodes = v;
		rd->cap = cap;
	}
	rd->nodes[rd->n++] = n;
	return 0;
}

static void set_root(struct tree_node *root, const struct cpio_entry *x)
{
	root->inode->mode = S_IFDIR | (x->mode & 07777);
	root->inode->uid = x->uid;
	root->inode->gid = x->gid;
	root->inode->mtime = x->mtime;
}

static int add_entry(struct reading *rd, const struct cpio_entry *x, struct err *e)
{
	struct tree_node *n = tree_root(rd->t);
	size_t before = tree_count(rd->t);
	int r = 0;

	if (rd->n == 0 && (!str_eq(x->name, ".") || !S_ISDIR(x->mode)))
		return not_ours(x, "its first entry is not the root", e);
	if (x->ino == 0 || x->ino > rd->n + 1)
		return not_ours(x, "an inode that is out of order", e);
	if (rd->n == 0)
		set_root(n, x);
	else if (x->ino <= rd->n)
		r = add_link(rd->t, x, rd->nodes[x->ino - 1], &n, e);
	else
		r = add_new(rd->t, x, &n, e);
	/* Parents that are made on the way take memory; names that have to make room, time. */
	if (r == 0 && n->parent &&
	    (tree_count(rd->t) != before + 1 ||
	     n->parent->children[n->parent->n_children - 1] != n))
		return not_ours(x, "a name that is out of order", e);
	return r == 0 && x->ino > rd->n ? remember(rd, n, e) : r;
}

/* Compares what is written: a copy could be of a GiB. */
struct comparing_sink {
	struct sink base;
	const struct buf *archive;
	size_t end;	   /* of what was written */
	size_t differs_at; /* SIZE_MAX: nowhere */
};

static int compare_pwrite(struct sink *base, uint64_t off, const void *data, size_t len,
			  struct err *e unused_)
{
	struct comparing_sink *s = (struct comparing_sink *)base;
	const uint8_t *written = data;
	size_t at = 0, left = off < s->archive->len ? s->archive->len - (size_t)off : 0;

	while (at < MIN(len, left) && written[at] == s->archive->data[off + at])
		at++;
	if (at < len)
		s->differs_at = MIN(s->differs_at, (size_t)off + at);
	s->end = (size_t)off + len;
	return 0;
}

static int compare(const struct tree *t, const struct buf *archive, struct err *e)
{
	static const struct sink_ops ops = { .pwrite = compare_pwrite };
	struct comparing_sink s = { .base = { .ops = &ops, .limit_bytes = UINT64_MAX },
				    .archive = archive,
				    .differs_at = SIZE_MAX };

	int r = cpio_write(t, INT64_MAX, &s.base, e);
	if (r == 0 && (s.differs_at != SIZE_MAX || s.end != archive->len))
		return err_set(e, -EBADMSG, "byte %zu of the archive is not what builds write",
			       MIN(s.differs_at, s.end));
	return r;
}

int verify_initrd_tree(const struct buf *archive, struct tree **ret, struct err *e)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct reading rd = { .t = t };
	struct cpio_entry x;
	size_t at = 0;

	int r = t ? 1 : err_oom(e);
	while (r > 0) {
		r = cpio_read(archive->data, archive->len, &at, &x, e);
		if (r > 0)
			r = add_entry(&rd, &x, e) < 0 ? e->code : 1;
	}
	free(rd.nodes);
	if (r == 0)
		r = compare(t, archive, e);
	if (r == 0)
		*ret = TAKE_PTR(t);
	return r;
}
