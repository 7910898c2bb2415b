/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"
#include "stage1/package/tar.h"
#include "stage1/package/unpack.h"

#define ARCHIVE "usr/share/licenses/copyright.tar.zst"

/* Adds an entry to the fixture's newest package; a directory has neither text nor target. */
static void entry(struct fixture *f, const char *path, const char *text, const char *target)
{
	struct package *k = &f->packages[f->p.n_packages - 1];

	k->entries = reallocarray(k->entries, k->n_entries + 1, sizeof(*k->entries));
	k->entries[k->n_entries++] = (struct package_entry){
		.path = strdup(path),
		.mode = text	 ? S_IFREG | 0644
			: target ? S_IFLNK | 0777
				 : S_IFDIR | 0755,
		.target = target ? strdup(target) : NULL,
		.blob = text ? blob_new_str(text) : NULL,
	};
}

static void done(struct fixture *f)
{
	for (size_t i = 0; i < f->p.n_packages; i++) {
		struct package *k = f->list[i];
		for (size_t j = 0; j < k->n_entries; j++) {
			free(k->entries[j].path);
			free(k->entries[j].target);
			blob_unref(k->entries[j].blob);
		}
		free(k->entries);
	}
	fx_done(f);
}

/* Four packages: a file, a directory that is a link, a file that is a link, a hard link. */
static void packages(struct fixture *f)
{
	fx_init(f);
	fx_package(f, "a", NULL);
	entry(f, "usr/share/doc/a", NULL, NULL);
	entry(f, "usr/share/doc/a/copyright", "text of a\n", NULL);
	entry(f, "usr/bin/copyright", "no licence\n", NULL);
	fx_package(f, "b", NULL);
	entry(f, "usr/share/doc/b", NULL, "d");
	fx_package(f, "c", NULL);
	entry(f, "usr/share/doc/c/copyright", NULL, "../d/copyright");
	fx_package(f, "d", NULL);
	entry(f, "usr/share/doc/d/LICENCE", "text of d\n", NULL);
	entry(f, "usr/share/doc/d/copyright", NULL, NULL);
	struct package_entry *link = &f->packages[3].entries[1];
	link->mode = S_IFREG | 0644;
	link->is_hard_link = true;
	link->link_to = 0;
}

/* The archive's entries as "path: content". */
static void list(const struct fixture *f, struct buf *out)
{
	const struct blob *b = tree_file_blob(f->tree, ARCHIVE);
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct source zst;
	struct err e;
	int r;

	ck_assert_ptr_nonnull(b);
	source_init_bytes(&zst, b->data, b->len);
	ck_ok(unpack_to_buf(&zst, UNPACK_ZSTD, MiB, &text, &e));
	struct tar t = { .data = text.data, .len = text.len };
	for (;;) {
		_cleanup_tar_entry_ struct tar_entry n = { 0 };
		r = tar_next(&t, &n, &e);
		ck_assert_int_ge(r, 0);
		if (r == 0)
			break;
		ck_assert_int_eq(n.mtime, FX_TIME);
		buf_printf(out, "%s: %.*s", n.path, (int)n.size_bytes,
			   (const char *)t.data + n.offset);
	}
}

START_TEST(what_the_recipe_removed)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct fixture f;
	struct err e;

	packages(&f);
	ck_ok(finish_copyrights(&f.p, &e));
	list(&f, &out);
	ck_assert_str_eq(buf_str(&out), "usr/share/doc/a/copyright: text of a\n"
					"usr/share/doc/b/copyright: text of d\n"
					"usr/share/doc/c/copyright: text of d\n"
					"usr/share/doc/d/copyright: text of d\n");
	done(&f);
}
END_TEST

/* A link is no use when what it leads to was removed. */
START_TEST(what_is_in_its_place_stays_there)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct fixture f;
	struct err e;

	packages(&f);
	fx_file(&f, "usr/share/doc/a/copyright", "text of a\n");
	fx_link(&f, "usr/share/doc/b", "d");
	fx_link(&f, "usr/share/doc/c/copyright", "../a/copyright");
	ck_ok(finish_copyrights(&f.p, &e));
	list(&f, &out);
	ck_assert_str_eq(buf_str(&out), "usr/share/doc/b/copyright: text of d\n"
					"usr/share/doc/d/copyright: text of d\n");
	fx_file(&f, "usr/share/doc/d/copyright", "text of d\n");
	tree_remove(f.tree, tree_lookup(f.tree, ARCHIVE));
	ck_ok(finish_copyrights(&f.p, &e));
	fx_expect_none(&f, ARCHIVE);
	done(&f);
}
END_TEST

START_TEST(none_is_told)
{
	_cleanup_strv_ struct strv notices = STRV_INIT;
	struct fixture f;
	struct err e;

	packages(&f);
	fx_package(&f, "e", NULL);
	f.packages[4].version = (char *)"1.2";
	entry(&f, "usr/share/doc/e", NULL, "not-in-the-image");
	f.p.notices = &notices;
	ck_ok(finish_copyrights(&f.p, &e));
	ck_assert_uint_eq(notices.n, 1);
	ck_assert_msg(str_has_prefix(notices.v[0], "package e 1.2 has no copyright file"), "%s",
		      notices.v[0]);
	f.p.notices = NULL;
	ck_ok(finish_copyrights(&f.p, &e));
	done(&f);
}
END_TEST

/* Packages that do not agree what a path is: the merge has settled that, and it is no matter here. */
START_TEST(directory_and_link)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct fixture f;
	struct err e;

	packages(&f);
	fx_package(&f, "e", NULL);
	entry(&f, "usr/share/doc/b", NULL, NULL);
	entry(&f, "usr/share/doc/b/README", "e\n", NULL);
	entry(&f, "usr/share/doc/a/copyright", "another\n", NULL);
	entry(&f, "usr/share/doc/e/copyright", "text of e\n", NULL);
	ck_ok(finish_copyrights(&f.p, &e));
	list(&f, &out);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "doc/a/copyright: text of a\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "doc/b/copyright: text of d\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "doc/e/copyright: text of e\n"));
	done(&f);
}
END_TEST

TEST_MAIN("copyrights", what_the_recipe_removed, what_is_in_its_place_stays_there, none_is_told,
	  directory_and_link)
