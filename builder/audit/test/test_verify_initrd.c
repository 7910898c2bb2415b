/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives of an initrd that the kernel unpacks, and that no build makes. */
#include "base/test/support.h"
#include "builder/audit/verify_initrd.h"

static struct err e;

struct entry {
	const char *name;
	uint32_t ino, mode, nlink;
	const char *content;
};

#define ROOT                             \
	{                                \
		".", 1, 040755, 2, NULL, \
	}
#define END                          \
	{                            \
		NULL, 0, 0, 0, NULL, \
	}

static void pad(struct buf *b, size_t align)
{
	buf_append_zero(b, align_up(b->len, align) - b->len);
}

static void put(struct buf *b, const struct entry *x)
{
	size_t len = x->content ? strlen(x->content) : 0;
	const uint32_t v[] = { x->ino,
			       x->mode,
			       0,
			       0,
			       x->nlink,
			       0,
			       (uint32_t)len,
			       0,
			       0,
			       0,
			       0,
			       (uint32_t)strlen(x->name) + 1,
			       0 };

	buf_append_str(b, "070701");
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		buf_printf(b, "%08X", v[i]);
	buf_append(b, x->name, strlen(x->name) + 1);
	pad(b, 4);
	buf_append(b, x->content, len);
	pad(b, 4);
}

/* Ends with the first that has no name. */
static void make(struct buf *b, const struct entry *v)
{
	static const struct entry trailer = { "TRAILER!!!", 0, 0, 1, NULL };

	for (; v->name; v++)
		put(b, v);
	put(b, &trailer);
	pad(b, 512);
}

static const struct entry good[] = { ROOT,
				     { "a", 2, 0100644, 2, NULL },
				     { "b", 2, 0100644, 2, "text" },
				     { "c", 3, 0120777, 1, "a" },
				     { "d", 4, 040755, 2, NULL },
				     { "d/e", 5, 0100600, 1, "more" },
				     { "f", 6, 010600, 1, NULL },
				     END };

START_TEST(takes_what_builds_write)
{
	_cleanup_(tree_free) struct tree *t = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	make(&b, good);
	ck_ok(verify_initrd_tree(&b, &t, &e));
	ck_assert_uint_eq(tree_count(t), 7);
	const struct tree_inode *i = tree_lookup(t, "a")->inode;
	ck_assert_uint_eq(i->blob->len, 4);
	ck_assert(memcmp(i->blob->data, "text", 4) == 0);
	ck_assert_str_eq(tree_lookup(t, "c")->inode->target, "a");
}
END_TEST

static const struct {
	struct entry v[6];
	const char *message;
} others[] = {
	/* What the first name has would be seen, and what the second one has is what both are. */
	{ { ROOT, { "a", 2, 0100755, 2, "good" }, { "b", 2, 0100755, 2, "evil" }, END },
	  "byte 173 of the archive is not" },
	{ { ROOT, { "a", 2, 0100755, 2, NULL }, { "b", 2, 0100644, 2, "text" }, END },
	  "byte 244 of the archive is not" },
	{ { ROOT, { "a", 2, 0100644, 1, "x" }, { "a", 3, 0100644, 1, "y" }, END },
	  "a exists already" },
	{ { ROOT, { "b", 2, 0100644, 1, NULL }, { "a", 3, 0100644, 1, NULL }, END },
	  "byte 224 of the archive: a name that " },
	{ { ROOT, { "d/a", 2, 0100644, 1, NULL }, END },
	  "byte 112 of the archive: a name that is out of order" },
	{ { ROOT, { "a", 3, 0100644, 1, NULL }, END }, "byte 112 of the archive: an inode" },
	{ { ROOT, { "a", 0, 0100644, 1, NULL }, END }, "byte 112 of the archive: an inode" },
	{ { ROOT, { "d", 2, 040755, 2, NULL }, { "e", 2, 040755, 2, NULL }, END },
	  "byte 224 of the archive: a directory" },
	{ { ROOT, { "a", 2, 0644, 1, NULL }, END }, "its type is none" },
	{ { ROOT, { "a", 2, 0100644, 3, NULL }, END }, "byte 157 of the archive is not" },
	{ { ROOT, { "/a", 2, 0100644, 1, NULL }, END }, "byte 213 of the archive is not" },
	{ { ROOT, { "a/../b", 2, 0100644, 1, NULL }, END }, "a/../b" },
	{ { ROOT, { "c", 2, 0120755, 1, "a" }, END }, "byte 132 of the archive is not" },
	{ { { "a", 1, 0100644, 1, NULL }, END }, "its first entry is not the root" },
};

START_TEST(refuses_all_else)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct tree *t = NULL;
		make(&b, others[i].v);
		int r = verify_initrd_tree(&b, &t, &e);
		ck_assert_msg(r < 0 && strstr(e.msg, others[i].message), "%zu: %d %s", i, r, e.msg);
	}
}
END_TEST

/* The same to the kernel. */
START_TEST(refuses_other_forms)
{
	static const struct {
		const char *find, *replace;
	} forms[] = { { "81A4", "81a4" }, { "070701", "070702" }, { "text", "test" } };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_(tree_free) struct tree *t = NULL;
		make(&b, good);
		size_t len = strlen(forms[i].find);
		char *at = memmem(b.data, b.len, forms[i].find, len);
		ck_assert_ptr_nonnull(at);
		memcpy(at, forms[i].replace, len);
		/* Another content is another archive. */
		ck_assert_int_eq(verify_initrd_tree(&b, &t, &e), i < 2 ? -EBADMSG : 0);
	}
}
END_TEST

START_TEST(refuses_what_follows)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct tree *t = NULL;

	make(&b, good);
	b.data[b.len - 1] = 1;
	ck_fails(verify_initrd_tree(&b, &t, &e), -EBADMSG, "of the archive is not");
	b.data[b.len - 1] = 0;
	buf_append_zero(&b, 512);
	ck_fails(verify_initrd_tree(&b, &t, &e), -EBADMSG, "of the archive is not");
	b.len -= 512 + 400;
	ck_fails(verify_initrd_tree(&b, &t, &e), -EBADMSG, "");
}
END_TEST

TEST_MAIN("verify_initrd", takes_what_builds_write, refuses_all_else, refuses_other_forms,
	  refuses_what_follows)
