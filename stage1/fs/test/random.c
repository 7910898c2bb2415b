/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees by chance, from a seed. */
#include "stage1/fs/test/support.h"

struct chance {
	uint64_t x;
};

static uint32_t next(struct chance *c, uint32_t below)
{
	c->x = c->x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((c->x >> 33) % below);
}

static struct blob *content(size_t len, uint64_t seed)
{
	struct chance c = { seed };
	uint8_t *data = malloc(len + 4);

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i += 4)
		put_le32(data + i, next(&c, UINT32_MAX));
	return blob_new_take(data, len);
}

struct tree_node *fs_test_file(struct tree *t, const char *path, size_t len)
{
	struct tree_meta m = { .mode = 0644, .mtime = 1600000000 };
	struct tree_node *n;
	struct err e = { 0 };

	ck_ok(tree_add_file(t, path, &m, content(len, len + strlen(path)), &n, &e));
	return n;
}

static size_t random_len(struct chance *c)
{
	static const size_t edges[] = { 0, 1, 511, 512, 513, 4095, 4096, 4097, 8192 };

	switch (next(c, 4)) {
	case 0:
		return edges[next(c, ARRAY_SIZE(edges))];
	case 1:
		return next(c, 300000);
	default:
		return next(c, 10000);
	}
}

static char *random_path(struct chance *c, const struct strv *dirs, unsigned int i)
{
	static const char *const words[] = { "a",
					     "lib",
					     "UPPER.TXT",
					     "with space",
					     "x.y.z",
					     "\xc3\xbcx",
					     "long-name-that-goes-on" };
	const char *dir = dirs->v[next(c, (uint32_t)dirs->n)];
	const char *word = words[next(c, ARRAY_SIZE(words))];
	size_t pad = next(c, 10) == 0 ? next(c, 200) : 0;
	char filler[201];

	memset(filler, 'p', sizeof(filler));
	filler[pad] = 0;
	return str_printf("%s%s%s-%u%s", dir, *dir ? "/" : "", word, i, filler);
}

static void random_xattrs(struct chance *c, struct tree_node *n)
{
	static const char *const names[] = { "user.a", "user.longer.name", "security.capability",
					     "trusted.x" };
	uint8_t value[600];

	for (uint32_t i = next(c, 5); i > 0; i--) {
		size_t len = next(c, 3) ? next(c, 24) : next(c, sizeof(value));
		memset(value, (int)next(c, 256), sizeof(value));
		ck_assert_int_eq(tree_set_xattr(n, names[next(c, ARRAY_SIZE(names))], value, len),
				 0);
	}
}

static struct tree_node *random_special(struct chance *c, struct tree *t, const char *path,
					struct tree_meta *m, struct tree_node *last)
{
	static const uint32_t types[] = { S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK };
	char target[4096];
	struct tree_node *n = NULL;
	struct err e = { 0 };
	uint32_t kind = next(c, 3);

	if (kind == 0) {
		size_t len = 1 + (next(c, 4) ? next(c, 100) : next(c, 4094));
		memset(target, 't', len);
		target[len] = 0;
		m->mode = 0777;
		ck_ok(tree_add_symlink(t, path, m, target, &n, &e));
	} else if (kind == 1 && last) {
		ck_ok(tree_add_link(t, path, last, NULL, &e));
	} else {
		uint32_t type = types[next(c, ARRAY_SIZE(types))];
		bool device = type == S_IFCHR || type == S_IFBLK;
		m->mode |= type;
		ck_ok(tree_add_special(t, path, m, device ? next(c, 4096) : 0,
				       device ? next(c, 1 << 20) : 0, &n, &e));
	}
	return n;
}

struct tree *fs_test_random(unsigned int seed, bool posix)
{
	struct chance c = { seed };
	struct tree *t = tree_new();
	_cleanup_strv_ struct strv dirs = STRV_INIT;
	struct tree_node *n, *last = NULL;
	struct err e = { 0 };

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(strv_add(&dirs, ""), 0);
	for (unsigned int i = 0, end = next(&c, 400); i < end; i++) {
		struct tree_meta m = { .mode = next(&c, 010000),
				       .uid = next(&c, 100000),
				       .gid = next(&c, 100000),
				       .mtime = 1000000000 + next(&c, 1000000000) };
		_cleanup_free_ char *path = random_path(&c, &dirs, i);
		uint32_t kind = next(&c, 10);
		if (kind < 3) {
			ck_ok(tree_add_dir(t, path, &m, &n, &e));
			ck_assert_int_eq(strv_add(&dirs, path), 0);
		} else if (kind < 5 && posix) {
			n = random_special(&c, t, path, &m, last);
		} else {
			ck_ok(tree_add_file(t, path, &m, content(random_len(&c), i), &n, &e));
			last = n;
		}
		if (posix && n)
			random_xattrs(&c, n);
	}
	return t;
}
