/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"
#include "stage1/tree/merge_internal.h"
#include "stage1/tree/tree_internal.h"
#include "stage1/tree/usr_merge.h"

#define MAX_PATH_BYTES 4095 /* what the kernel can be asked for */

static const char *shipper(const struct tree_node *n)
{
	return n->inode->origin->kind == TREE_ORIGIN_PACKAGE ? n->inode->origin->name : "the image";
}

/*
 * The directory that the symlink @link at @path leads to. A package's own symlink is not followed: who
 * puts files through it means another place than the one that is written down.
 */
static int follow(const struct merge *m, const struct package_entry *n, const char *path,
		  const struct tree_node *link, struct tree_node **ret, struct err *e)
{
	const char *why = NULL;

	if (link->inode->origin == m->origin)
		return err_set(
			e, -EINVAL,
			"%s lies below %s, which the package has as a symlink to %s: no file may "
			"go through it",
			n->path, path, link->inode->target);
	struct tree_node *dir = tree_resolve(m->t, path);
	if (!tree_resolves_inside(m->t, path))
		why = "leads out of the root";
	else if (!dir)
		why = "leads to nothing or in a circle";
	else if (!tree_is_dir(dir))
		why = "leads to no directory";
	if (why)
		return err_set(e, -EINVAL,
			       "%s lies below %s, which is a symlink to %s in %s that %s", n->path,
			       path, link->inode->target, shipper(link), why);
	*ret = dir;
	return 0;
}

static int below_file(const struct package_entry *n, const char *path, const struct tree_node *file,
		      struct err *e)
{
	return err_set(
		e, -EEXIST,
		"%s lies below %s, which is a file of %s: leave out one of them with remove:",
		n->path, path, shipper(file));
}

/* Puts the path of @dir into @at. */
static int restart(struct buf *at, const struct tree_node *dir, struct err *e)
{
	_cleanup_free_ char *path = tree_path(dir);

	if (!path)
		return err_oom(e);
	at->len = 0;
	buf_append_str(at, path);
	return 0;
}

/* Where the merged /usr takes a top-level name's place: what lies below it, and a directory itself. */
static bool is_merged(const struct buf *at, const struct package_entry *n, const char *name,
		      size_t len, bool last)
{
	return at->len == 0 && usr_merge_name(name) == len && (!last || S_ISDIR(n->mode));
}

int merge_place(const struct merge *m, const struct package_entry *n, char **ret,
		const char **ret_top, struct err *e)
{
	_cleanup_buf_ struct buf at = BUF_INIT;
	struct tree_node *dir = tree_root(m->t);
	const char *rest = n->path, *top = NULL;

	for (;;) {
		size_t len;
		const char *name = tree_next_name(&rest, &len);
		bool last = rest[strspn(rest, "/")] == '\0';
		if (at.len == 0 && usr_merge_name(name) == len)
			top = name;
		if (is_merged(&at, n, name, len, last)) {
			buf_append_str(&at, "usr");
			dir = tree_lookup(m->t, "usr");
		}
		buf_printf(&at, "%s%.*s", at.len ? "/" : "", (int)len, name);
		if (buf_failed(&at))
			return err_oom(e);
		if (at.len > MAX_PATH_BYTES)
			return err_set(e, -EINVAL,
				       "%.60s...: a path of more than %d bytes, through symlinks",
				       n->path, MAX_PATH_BYTES);
		if (last)
			break;
		dir = dir && tree_is_dir(dir) ? tree_child(dir, name, len) : NULL;
		if (!dir || tree_is_dir(dir))
			continue;
		int r = tree_is_symlink(dir) ? follow(m, n, buf_str(&at), dir, &dir, e)
					     : below_file(n, buf_str(&at), dir, e);
		if (r == 0)
			r = restart(&at, dir, e);
		if (r < 0)
			return r;
		top = NULL;
	}
	*ret = buf_take_str(&at);
	if (!*ret)
		return err_oom(e);
	*ret_top = top;
	return 0;
}
