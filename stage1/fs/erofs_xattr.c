/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes: those that several inodes have are stored once, in an area of their own, and
 * named by their place there; the others lie behind their inode.
 */
#include "stage1/fs/erofs.h"
#include "stage1/fs/nodes.h"

#define SHARED_MAX 255 /* of an inode */

static const struct {
	const char *prefix;
	uint8_t index;
} namespaces[] = {
	{ "system.posix_acl_access", EROFS_XATTR_ACL_ACCESS },
	{ "system.posix_acl_default", EROFS_XATTR_ACL_DEFAULT },
	{ "user.", EROFS_XATTR_USER },
	{ "trusted.", EROFS_XATTR_TRUSTED },
	{ "security.", EROFS_XATTR_SECURITY },
};

/* Return: the index, *ret is the rest of the name; 0: unknown */
static uint8_t split_name(const char *name, const char **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		bool acl = namespaces[i].index == EROFS_XATTR_ACL_ACCESS ||
			   namespaces[i].index == EROFS_XATTR_ACL_DEFAULT;
		if (!str_has_prefix(name, namespaces[i].prefix))
			continue;
		*ret = name + strlen(namespaces[i].prefix);
		return !**ret == acl ? namespaces[i].index : 0;
	}
	return 0;
}

static uint32_t entry_bytes(const struct tree_xattr *x)
{
	const char *rest = x->name;

	(void)split_name(x->name, &rest);
	return (uint32_t)align_up(sizeof(struct erofs_xattr_entry) + strlen(rest) + x->len, 4);
}

static int compare(const struct tree_xattr *a, const struct tree_xattr *b)
{
	int d = strcmp(a->name, b->name);

	if (d)
		return d;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len ? memcmp(a->value, b->value, a->len) : 0;
}

static int compare_shared(const void *a, const void *b)
{
	return compare(((const struct erofs_shared_xattr *)a)->x,
		       ((const struct erofs_shared_xattr *)b)->x);
}

static const struct erofs_shared_xattr *find_shared(const struct erofs_xattrs *s,
						    const struct tree_xattr *x)
{
	struct erofs_shared_xattr key = { .x = x };

	return s->n ? bsearch(&key, s->v, s->n, sizeof(*s->v), compare_shared) : NULL;
}

static int check(const struct tree_xattr *x, struct err *e)
{
	const char *rest;

	if (!split_name(x->name, &rest) || strlen(rest) > UINT8_MAX)
		return err_set(e, -EINVAL, "erofs cannot hold the attribute %s", x->name);
	if (x->len > UINT16_MAX)
		return err_set(e, -EINVAL, "attribute %s: longer than %d bytes", x->name,
			       UINT16_MAX);
	return 0;
}

/* All attributes of all inodes, sorted. */
static int collect(struct erofs_plan *plan, struct err *e)
{
	struct erofs_xattrs *s = &plan->xattrs;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_items; i++)
		n += plan->items[i].node->inode->n_xattrs;
	s->v = calloc(MAX(n, (size_t)1), sizeof(*s->v));
	if (!s->v)
		return err_oom(e);
	for (size_t i = 0; i < plan->n_items; i++) {
		const struct tree_inode *inode = plan->items[i].node->inode;
		for (size_t k = 0; k < inode->n_xattrs; k++)
			s->v[s->n++].x = &inode->xattrs[k];
	}
	qsort(s->v, s->n, sizeof(*s->v), compare_shared);
	return 0;
}

/* Keeps one of each that is there more than once, and gives it its place. */
static void keep_shared(struct erofs_xattrs *s)
{
	size_t n = 0;

	for (size_t i = 0, end; i < s->n; i = end) {
		for (end = i + 1; end < s->n && compare(s->v[i].x, s->v[end].x) == 0; end++)
			;
		if (end - i == 1)
			continue;
		s->v[n++] = (struct erofs_shared_xattr){ s->v[i].x, (uint32_t)(s->bytes / 4) };
		s->bytes += entry_bytes(s->v[i].x);
	}
	s->n = n;
}

static int size_xattrs(const struct erofs_plan *plan, struct erofs_item *it, struct err *e)
{
	const struct tree_inode *inode = it->node->inode;
	uint64_t bytes = sizeof(struct erofs_xattr_head);
	size_t n_shared = 0;

	for (size_t i = 0; i < inode->n_xattrs; i++) {
		const struct tree_xattr *x = &inode->xattrs[i];
		int r = check(x, e);
		if (r < 0)
			return r;
		bool shared = n_shared < SHARED_MAX && find_shared(&plan->xattrs, x);
		n_shared += shared;
		bytes += shared ? 4 : entry_bytes(x);
	}
	if (bytes > 4 * UINT16_MAX)
		return err_set(e, -EINVAL, "its attributes are larger than %d bytes",
			       4 * UINT16_MAX);
	it->xattr_bytes = inode->n_xattrs ? (uint32_t)bytes : 0;
	return 0;
}

int erofs_xattrs_init(struct erofs_plan *plan, struct err *e)
{
	int r = collect(plan, e);

	if (r < 0)
		return r;
	keep_shared(&plan->xattrs);
	for (size_t i = 0; i < plan->n_items; i++) {
		struct erofs_item *it = &plan->items[i];
		r = size_xattrs(plan, it, e);
		if (r < 0)
			return fs_fail_at(it->node, e);
	}
	return 0;
}

void erofs_xattrs_done(struct erofs_xattrs *x)
{
	free(x->v);
}

static void encode_one(const struct tree_xattr *x, uint8_t *out)
{
	struct erofs_xattr_entry *entry = (struct erofs_xattr_entry *)out;
	const char *rest;

	entry->name_index = split_name(x->name, &rest);
	entry->name_len = (uint8_t)strlen(rest);
	entry->value_len = (uint16_t)x->len;
	memcpy(out + sizeof(*entry), rest, entry->name_len);
	if (x->len)
		memcpy(out + sizeof(*entry) + entry->name_len, x->value, x->len);
}

void erofs_xattr_encode(const struct erofs_plan *plan, const struct erofs_item *it, uint8_t *out)
{
	const struct tree_inode *inode = it->node->inode;
	struct erofs_xattr_head *head = (struct erofs_xattr_head *)out;
	uint8_t *at = out + sizeof(*head);

	for (size_t i = 0; i < inode->n_xattrs && head->n_shared < SHARED_MAX; i++) {
		const struct erofs_shared_xattr *s = find_shared(&plan->xattrs, &inode->xattrs[i]);
		if (!s)
			continue;
		put_le32(at, s->at);
		at += 4;
		head->n_shared++;
	}
	for (size_t i = 0, n_shared = 0; i < inode->n_xattrs; i++) {
		const struct tree_xattr *x = &inode->xattrs[i];
		if (n_shared < SHARED_MAX && find_shared(&plan->xattrs, x)) {
			n_shared++;
			continue;
		}
		encode_one(x, at);
		at += entry_bytes(x);
	}
}

void erofs_xattr_encode_shared(const struct erofs_xattrs *x, uint8_t *out)
{
	for (size_t i = 0; i < x->n; i++)
		encode_one(x->v[i].x, out + (size_t)x->v[i].at * 4);
}
