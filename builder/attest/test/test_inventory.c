/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/attest/inventory.h"

#include "base/test/support.h"

static struct err e;

struct fixture {
	struct tree *t;
	struct tree_meta meta;
	struct inventory v;
};

static void put(struct fixture *f, const char *path, const char *text)
{
	ck_ok(tree_put_file(f->t, path, &f->meta, blob_new_str(text), NULL, &e));
}

static void fx_init(struct fixture *f)
{
	*f = (struct fixture){ .t = tree_new(), .v = INVENTORY_INIT };
	f->meta = (struct tree_meta){
		.mode = 0644, .origin = tree_add_origin(f->t, TREE_ORIGIN_PACKAGE, "p", "1")
	};
	put(f, "lib/a/x", "abc");
	put(f, "lib/a-b", "");
	put(f, "bin/env", "#!");
	ck_ok(tree_add_symlink(f->t, "bin/link", &f->meta, "abc", NULL, &e));
	ck_ok(tree_add_link(f->t, "bin/twin", tree_lookup(f->t, "bin/env"), NULL, &e));
	ck_ok(tree_add_dir(f->t, "empty", &f->meta, NULL, &e));
}

static void fx_done(struct fixture *f)
{
	inventory_done(&f->v);
	tree_free(f->t);
}

static void expect_hex(const uint8_t *digest, size_t len, const char *want)
{
	char hex[SHA256_HEX];

	hex_encode(digest, len, hex);
	ck_assert_str_eq(hex, want);
}

START_TEST(lists_and_hashes)
{
	static const char *const names[] = { "usr/bin/env", "usr/bin/link", "usr/bin/twin",
					     "usr/lib/a-b", "usr/lib/a/x" };
	struct fixture f;

	fx_init(&f);
	ck_ok(inventory_make(f.t, "usr/", NULL, &f.v, &e));
	ck_assert_uint_eq(f.v.n, ARRAY_SIZE(names));
	for (size_t i = 0; i < f.v.n; i++)
		ck_assert_str_eq(f.v.v[i].path, names[i]);
	/* FIPS 180's own example; a symlink counts as its target's characters. */
	for (size_t i = 1; i < 5; i += 3) {
		expect_hex(f.v.v[i].sha1, SHA1_BYTES, "a9993e364706816aba3e25717850c26c9cd0d89d");
		expect_hex(f.v.v[i].sha256, SHA256_BYTES,
			   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	}
	expect_hex(f.v.v[3].sha1, SHA1_BYTES, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	ck_assert_ptr_eq(inventory_find(&f.v, "usr/lib/a/x"), &f.v.v[4]);
	ck_assert_ptr_null(inventory_find(&f.v, "usr/lib/a"));
	struct tree_node *n;
	ck_ok(tree_add_file(f.t, "lib/a+", &f.meta, blob_new_str("new"), &n, &e));
	ck_ok(inventory_add(&f.v, "usr/", n, &e));
	ck_assert_ptr_eq(inventory_find(&f.v, "usr/lib/a+"), &f.v.v[3]);
	fx_done(&f);
}
END_TEST

START_TEST(refuses)
{
	const struct tree_meta pipe = { .mode = S_IFIFO | 0600 }, nobody = { .mode = 0644 };
	struct fixture f;

	fx_init(&f);
	ck_ok(tree_add_special(f.t, "pipe", &pipe, 0, 0, NULL, &e));
	ck_fails(inventory_make(f.t, "usr/", NULL, &f.v, &e), -EINVAL, "usr/pipe is a fifo");
	fx_done(&f);
	fx_init(&f);
	ck_ok(tree_add_file(f.t, "x", &nobody, blob_new_str(""), NULL, &e));
	ck_fails(inventory_make(f.t, "usr/", NULL, &f.v, &e), -EINVAL,
		 "usr/x: nothing tells where it comes from");
	fx_done(&f);
	fx_init(&f);
	put(&f, "latin\xe9", "");
	ck_fails(inventory_make(f.t, "usr/", NULL, &f.v, &e), -EINVAL, "not UTF-8");
	fx_done(&f);
}
END_TEST

/* The filesystem of what a tree is now, against what was listed. */
static int check(const struct fixture *f, const struct tree *written)
{
	const struct fs_params p = { .label = "x" };
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	_cleanup_buf_ struct buf image = BUF_INIT;
	struct source src;
	struct sink s;

	ck_ok(fs_writer_erofs.plan(written, &p, &plan, &e));
	sink_init_buf(&s, &image);
	ck_ok(fs_writer_erofs.write(plan, &s, &e));
	buf_append_zero(&image, plan->bytes - image.len);
	source_init_bytes(&src, image.data, image.len);
	ck_ok(fs_reader_open(&src, &reader, &e));
	return inventory_check(&f->v, "usr/", reader, &e);
}

START_TEST(reads_back)
{
	static const struct {
		const char *path, *text, *target; /* neither: removed */
		const char *message;
	} changes[] = {
		{ "bin/new", "", NULL, "usr/bin/new is in the image and in no SBOM" },
		{ "bin/env", NULL, NULL, "usr/bin/env is in an SBOM and not in the image" },
		{ "lib/a/x", "abcd", NULL, "usr/lib/a/x is another file" },
		{ "lib/a/x", NULL, "abc", "usr/lib/a/x is another file" },
		{ "bin/link", NULL, "abd", "usr/bin/link leads elsewhere" },
	};
	struct fixture f, other;

	fx_init(&f);
	ck_ok(inventory_make(f.t, "usr/", NULL, &f.v, &e));
	ck_ok(check(&f, f.t));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *path = changes[i].path;
		fx_init(&other);
		if (changes[i].text)
			put(&other, path, changes[i].text);
		else if (changes[i].target)
			ck_ok(tree_put_symlink(other.t, path, &other.meta, changes[i].target, NULL,
					       &e));
		else
			tree_remove(other.t, tree_lookup(other.t, path));
		ck_fails(check(&f, other.t), -EBADMSG, changes[i].message);
		fx_done(&other);
	}
	fx_done(&f);
}
END_TEST

TEST_MAIN("inventory", lists_and_hashes, refuses, reads_back)
