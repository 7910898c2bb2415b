/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/inventory.h"

#include "base/utf8.h"

void inventory_done(struct inventory *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].path);
	free(v->v);
	*v = (struct inventory)INVENTORY_INIT;
}

struct listing {
	struct inventory *v;
	const char *prefix;
};

static int check_node(const struct tree_node *n, const char *path, struct err *e)
{
	uint32_t c;

	if (!tree_is_file(n) && !tree_is_symlink(n))
		return err_set(e, -EINVAL, "%s is a %s, which an SBOM cannot list: leave it out",
			       path, fs_type_name(n->inode->mode));
	if (n->inode->origin->kind == TREE_ORIGIN_NONE)
		return err_set(e, -EINVAL, "%s: nothing tells where it comes from", path);
	for (const char *at = path; *at;) {
		size_t len = utf8_next(at, &c);
		if (!len)
			return err_set(e, -EINVAL,
				       "%s: its name is not UTF-8, and an SBOM can hold no other: "
				       "rename or remove it",
				       path);
		at += len;
	}
	return 0;
}

static int add(struct listing *l, const struct tree_node *n, char *path, struct err *e)
{
	struct inventory *v = l->v;

	if (v->n == v->cap) {
		size_t cap = v->cap ? 2 * v->cap : 1024;
		struct inventory_file *p = reallocarray(v->v, cap, sizeof(*p));
		if (!p) {
			free(path);
			return err_oom(e);
		}
		v->v = p;
		v->cap = cap;
	}
	v->v[v->n++] = (struct inventory_file){ .path = path, .node = n };
	return 0;
}

static int list(struct listing *l, const struct tree_node *n, struct err *e)
{
	_cleanup_free_ char *below = tree_path(n);
	_cleanup_free_ char *path = below ? str_printf("%s%s", l->prefix, below) : NULL;
	if (!path)
		return err_oom(e);
	int r = check_node(n, path, e);
	return r < 0 ? r : add(l, n, TAKE_PTR(path), e);
}

static int list_node(struct tree_node *n, void *ctx, struct err *e)
{
	return tree_is_dir(n) ? 0 : list(ctx, n, e);
}

static uint64_t size_of(const struct inventory_file *f)
{
	return tree_is_file(f->node) ? f->node->inode->blob->len : strlen(f->node->inode->target);
}

/* Largest first: no long one is left to the end. */
static int larger_first(const void *a, const void *b)
{
	const struct inventory_file *x = *(struct inventory_file *const *)a;
	const struct inventory_file *y = *(struct inventory_file *const *)b;
	uint64_t sx = size_of(x), sy = size_of(y);

	return sx != sy ? (sx > sy ? -1 : 1) : x < y ? -1 : 1;
}

static void hash(struct inventory_file *f)
{
	const struct tree_inode *n = f->node->inode;

	if (tree_is_symlink(f->node)) {
		sha1_bytes(n->target, strlen(n->target), f->sha1);
		sha256_bytes(n->target, strlen(n->target), f->sha256);
	} else {
		sha1_bytes(n->blob->len ? n->blob->data : (const uint8_t *)"", n->blob->len,
			   f->sha1);
		blob_digest(n->blob, f->sha256);
	}
}

static int hash_one(void *ctx, size_t i, struct err *e unused_)
{
	hash(((struct inventory_file **)ctx)[i]);
	return 0;
}

static int hash_all(const struct inventory *v, struct pool *pool, struct err *e)
{
	_cleanup_free_ struct inventory_file **order = calloc(v->n + 1, sizeof(*order));

	if (!order)
		return err_oom(e);
	for (size_t i = 0; i < v->n; i++)
		order[i] = &v->v[i];
	qsort(order, v->n, sizeof(*order), larger_first);
	return pool_run(pool, v->n, hash_one, order, e);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct inventory_file *)a)->path,
		      ((const struct inventory_file *)b)->path);
}

static void sort(struct inventory *v)
{
	if (v->n)
		qsort(v->v, v->n, sizeof(*v->v), by_path);
}

int inventory_make(const struct tree *t, const char *prefix, struct pool *pool, struct inventory *v,
		   struct err *e)
{
	struct listing l = { v, prefix };

	int r = tree_walk(tree_root(t), list_node, &l, e);
	if (r < 0)
		return r;
	sort(v);
	return hash_all(v, pool, e);
}

int inventory_add(struct inventory *v, const char *prefix, const struct tree_node *n, struct err *e)
{
	struct listing l = { v, prefix };

	int r = list(&l, n, e);
	if (r < 0)
		return r;
	hash(&v->v[v->n - 1]);
	sort(v);
	return 0;
}

const struct inventory_file *inventory_find(const struct inventory *v, const char *path)
{
	const struct inventory_file key = { .path = (char *)(uintptr_t)path };

	return v->n ? bsearch(&key, v->v, v->n, sizeof(*v->v), by_path) : NULL;
}

struct checking {
	const struct inventory *v;
	const char *prefix;
	struct fs_reader *reader;
	bool *seen; /* for each that is listed */
};

static int check_target(const struct checking *c, const struct inventory_file *f,
			const struct fs_stat *st, struct err *e)
{
	const char *want = f->node->inode->target;
	_cleanup_free_ char *have = malloc(strlen(want) + 1);
	size_t len;

	if (!have)
		return err_oom(e);
	int r = c->reader->ops->read(c->reader, st->ino, 0, have, strlen(want), &len, e);
	if (r == 0 && (len != strlen(want) || memcmp(have, want, len) != 0))
		r = err_set(e, -EBADMSG, "%s leads elsewhere than its SBOM says", f->path);
	return r;
}

static int check_entry(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct checking *c = ctx;

	if (S_ISDIR(st->mode))
		return 0;
	_cleanup_free_ char *full = str_printf("%s%s", c->prefix, path);
	if (!full)
		return err_oom(e);
	const struct inventory_file *f = inventory_find(c->v, full);
	if (!f)
		return err_set(e, -EBADMSG, "%s is in the image and in no SBOM", full);
	if ((f->node->inode->mode & S_IFMT) != (st->mode & S_IFMT) || size_of(f) != st->size_bytes)
		return err_set(e, -EBADMSG, "%s is another file than its SBOM says", full);
	c->seen[f - c->v->v] = true;
	return S_ISLNK(st->mode) ? check_target(c, f, st, e) : 0;
}

int inventory_check(const struct inventory *v, const char *prefix, struct fs_reader *reader,
		    struct err *e)
{
	_cleanup_free_ bool *seen = calloc(v->n + 1, sizeof(*seen));
	struct checking c = { v, prefix, reader, seen };

	if (!seen)
		return err_oom(e);
	int r = fs_reader_walk(reader, check_entry, &c, e);
	for (size_t i = 0; r == 0 && i < v->n; i++)
		if (!seen[i])
			r = err_set(e, -EBADMSG, "%s is in an SBOM and not in the image",
				    v->v[i].path);
	return r;
}
