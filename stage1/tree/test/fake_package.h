/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Packages made in memory, and their merge. */
#include "base/test/support.h"
#include "stage1/tree/merge.h"

/* A package in memory: at most 8 entries, their paths and targets borrowed. */
struct fake {
	struct package pkg;
	struct package_entry entries[8];
};

static inline void fake_init(struct fake *f, const char *name, const char *version,
			     const char *replaces)
{
	*f = (struct fake){ 0 };
	f->pkg.name = (char *)(uintptr_t)name;
	f->pkg.version = (char *)(uintptr_t)version;
	f->pkg.control = str_printf("Package: %s\nReplaces: %s\n", name, replaces ? replaces : "");
	f->pkg.entries = f->entries;
}

static inline void fake_done(struct fake *f)
{
	for (size_t i = 0; i < f->pkg.n_entries; i++)
		blob_unref(f->entries[i].blob);
	free(f->pkg.control);
}
#define FAKE(var, ...)                                       \
	__attribute__((cleanup(fake_done))) struct fake var; \
	fake_init(&var, __VA_ARGS__)

static inline struct package_entry *put(struct fake *f, uint32_t mode, const char *path,
					const char *what)
{
	struct package_entry *n = &f->entries[f->pkg.n_entries++];

	ck_assert_uint_le(f->pkg.n_entries, ARRAY_SIZE(f->entries));
	*n = (struct package_entry){ .path = (char *)(uintptr_t)path, .mode = mode, .mtime = 5 };
	if (S_ISREG(mode))
		n->blob = blob_new_str(what);
	else
		n->target = (char *)(uintptr_t)what;
	return n;
}

static inline void put_link(struct fake *f, const char *path, size_t to)
{
	struct package_entry *n = &f->entries[f->pkg.n_entries++];

	*n = (struct package_entry){ .path = (char *)(uintptr_t)path,
				     .mode = S_IFREG | 0644,
				     .is_hard_link = true,
				     .target = f->entries[to].path,
				     .link_to = to };
}

static inline int merge2(struct tree *t, struct fake *a, struct fake *b,
			 struct tree_merge_wins *wins, struct err *e)
{
	struct package *const packages[] = { &a->pkg, &b->pkg };
	const struct tree_merge_params p = {
		.packages = packages, .n_packages = b ? 2 : 1, .wins = wins, .n_wins = wins ? 1 : 0
	};

	return tree_merge_packages(t, &p, e);
}

static inline int merge1(struct tree *t, struct fake *a, struct tree_exclude *x, struct err *e)
{
	struct package *const packages[] = { &a->pkg };
	const struct tree_merge_params p = { .packages = packages, .n_packages = 1, .exclude = x };

	return tree_merge_packages(t, &p, e);
}

#define FILE_MODE (S_IFREG | 0644)
#define DIR_MODE  (S_IFDIR | 0755)
#define LINK_MODE (S_IFLNK | 0777)
