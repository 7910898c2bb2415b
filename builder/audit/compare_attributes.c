/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tree says of a file besides its content. */
#include "builder/audit/compare_tree.h"

#define STAT_CHARS 64

/* Each one that is not in both with the same value; the other's, if it has one, is beside it. */
static int compare_xattrs(struct compare *c, const struct pair *p, struct err *e)
{
	_cleanup_strv_ struct strv a = STRV_INIT, b = STRV_INIT;
	size_t i = 0, k = 0;

	int r = listing_xattrs(p->t->l[0], p->x[0], &a, e);
	if (r == 0)
		r = listing_xattrs(p->t->l[1], p->x[1], &b, e);
	while (r == 0 && (i < a.n || k < b.n)) {
		const char *va = i < a.n ? a.v[i] : NULL, *vb = k < b.n ? b.v[k] : NULL;
		int order = !va ? 1 : !vb ? -1 : strcmp(va, vb);
		size_t name = va ? strcspn(va, "=") + 1 : 0;
		if (va && vb && strncmp(va, vb, name) == 0) {
			i++, k++;
			if (order == 0)
				continue;
		} else {
			i += order < 0;
			k += order > 0;
			va = order < 0 ? va : NULL;
			vb = order > 0 ? vb : NULL;
		}
		r = compare_tree_add(c, p->t, p->x[0]->path,
				     &(struct finding){ DIFF_XATTR, "extended attribute", va, vb },
				     e);
	}
	return r;
}

static void mode_text(const struct fs_stat *st, char *out)
{
	snprintf(out, STAT_CHARS, "%04o", st->mode & 07777);
}

static void owner_text(const struct fs_stat *st, char *out)
{
	snprintf(out, STAT_CHARS, "%u:%u", st->uid, st->gid);
}

static void time_text(const struct fs_stat *st, char *out)
{
	field_time(st->mtime, out);
}

static void links_text(const struct fs_stat *st, char *out)
{
	snprintf(out, STAT_CHARS, "%u", st->nlink);
}

static void device_text(const struct fs_stat *st, char *out)
{
	snprintf(out, STAT_CHARS, "%u:%u", st->rdev_major, st->rdev_minor);
}

static bool same_mode(const struct fs_stat *a, const struct fs_stat *b)
{
	return a->mode == b->mode;
}

static bool same_owner(const struct fs_stat *a, const struct fs_stat *b)
{
	return a->uid == b->uid && a->gid == b->gid;
}

static bool same_time(const struct fs_stat *a, const struct fs_stat *b)
{
	return a->mtime == b->mtime;
}

/* A directory's follow from what is in it. */
static bool same_links(const struct fs_stat *a, const struct fs_stat *b)
{
	return S_ISDIR(a->mode) || a->nlink == b->nlink;
}

static bool same_device(const struct fs_stat *a, const struct fs_stat *b)
{
	return a->rdev_major == b->rdev_major && a->rdev_minor == b->rdev_minor;
}

static const struct {
	const char *name;
	enum diff_kind kind;
	bool unix_; /* made up by a filesystem that does not have it */
	bool (*same)(const struct fs_stat *a, const struct fs_stat *b);
	void (*text)(const struct fs_stat *st, char *out);
} stats[] = {
	{ "mode", DIFF_MODE, true, same_mode, mode_text },
	{ "owner", DIFF_OWNER, true, same_owner, owner_text },
	{ "mtime", DIFF_TIME, false, same_time, time_text },
	{ "hard links", DIFF_LINKS, true, same_links, links_text },
	{ "device number", DIFF_CONTENT, true, same_device, device_text },
};

static int compare_stat(struct compare *c, const struct pair *p, struct err *e)
{
	const struct fs_stat *a = &p->x[0]->st, *b = &p->x[1]->st;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(stats); i++) {
		char text_a[STAT_CHARS], text_b[STAT_CHARS];
		if ((stats[i].unix_ && !p->t->unix_) || stats[i].same(a, b))
			continue;
		stats[i].text(a, text_a);
		stats[i].text(b, text_b);
		r = compare_tree_add(
			c, p->t, p->x[0]->path,
			&(struct finding){ stats[i].kind, stats[i].name, text_a, text_b }, e);
	}
	return r;
}

int compare_attributes(struct compare *c, const struct pair *p, struct err *e)
{
	int r = compare_stat(c, p, e);

	return r < 0 ? r : compare_xattrs(c, p, e);
}
