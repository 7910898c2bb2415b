/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include "base/buf.h"
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/initrd/cpio.h"

#define TIME 1700000000

static struct err e;

static void add_file(struct tree *t, const char *path, const char *text, uint32_t mode,
		     int64_t mtime, struct tree_node **ret)
{
	const struct tree_meta m = { .mode = mode, .uid = 3, .gid = 4, .mtime = mtime };

	ck_ok(tree_add_file(t, path, &m, blob_new_str(text), ret, &e));
}

static struct tree *sample(bool with_device)
{
	struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0755, .mtime = 5 };
	struct tree_node *n;

	add_file(t, "a/one", "hello\n", 0644, 7, &n);
	ck_ok(tree_add_link(t, "a/two", n, NULL, &e));
	ck_ok(tree_add_link(t, "z", n, NULL, &e));
	add_file(t, "empty", "", 0600, TIME + 1, NULL);
	add_file(t, "old", "x", 0755, -3, NULL);
	ck_ok(tree_add_dir(t, "dir", &m, NULL, &e));
	ck_ok(tree_add_symlink(t, "link", &m, "a/one", NULL, &e));
	m.mode = S_IFCHR | 0600;
	if (with_device)
		ck_ok(tree_add_special(t, "null", &m, 1, 3, NULL, &e));
	return t;
}

static struct buf pack(const struct tree *t)
{
	struct buf b = BUF_INIT;
	struct sink s;

	sink_init_buf(&s, &b);
	ck_ok(cpio_write(t, TIME, &s, &e));
	return b;
}

/* The fields of one entry, as the independent reader sees them. */
static void check_entry(struct archive *a, struct archive_entry *en, const char *name)
{
	char text[16];

	ck_assert_str_eq(archive_entry_pathname(en), name);
	if (str_eq(name, "z") || str_eq(name, "a/one") || str_eq(name, "a/two")) {
		ck_assert_uint_eq(archive_entry_nlink(en), 3);
		ck_assert_uint_eq(archive_entry_uid(en), 3);
		ck_assert_uint_eq(archive_entry_gid(en), 4);
		ck_assert_int_eq(archive_entry_mtime(en), 7);
		/* Content is with the last name. */
		ck_assert_int_eq(archive_entry_size(en), str_eq(name, "z") ? 6 : 0);
		if (str_eq(name, "z")) {
			ck_assert_int_eq(archive_read_data(a, text, sizeof(text)), 6);
			ck_assert_mem_eq(text, "hello\n", 6);
		}
	} else if (str_eq(name, "empty")) {
		ck_assert_int_eq(archive_entry_mtime(en), TIME);
		ck_assert_uint_eq(archive_entry_perm(en), 0600);
	} else if (str_eq(name, "old")) {
		ck_assert_int_eq(archive_entry_mtime(en), 0);
	} else if (str_eq(name, "link")) {
		ck_assert_str_eq(archive_entry_symlink(en), "a/one");
	} else if (str_eq(name, "null")) {
		ck_assert_uint_eq(archive_entry_filetype(en), AE_IFCHR);
		ck_assert_uint_eq(archive_entry_rdevmajor(en), 1);
		ck_assert_uint_eq(archive_entry_rdevminor(en), 3);
	} else {
		ck_assert_uint_eq(archive_entry_filetype(en), AE_IFDIR);
	}
}

START_TEST(libarchive_reads_it)
{
	static const char *const names[] = { ".",     "a",    "a/one", "a/two", "dir",
					     "empty", "link", "null",  "old",	"z" };
	_cleanup_(tree_free) struct tree *t = sample(true);
	struct buf b = pack(t);
	struct archive *a = archive_read_new();
	struct archive_entry *en;

	archive_read_support_format_cpio(a);
	ck_assert_int_eq(archive_read_open_memory(a, b.data, b.len), ARCHIVE_OK);
	ck_assert_uint_eq(b.len % 512, 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_int_eq(archive_read_next_header(a, &en), ARCHIVE_OK);
		check_entry(a, en, names[i]);
	}
	ck_assert_int_eq(archive_read_next_header(a, &en), ARCHIVE_EOF);
	archive_read_free(a);
	buf_done(&b);
}
END_TEST

START_TEST(header_is_as_specified)
{
	static const char want[] = "070701"	      /* magic */
				   "00000001"	      /* ino */
				   "000041ED"	      /* mode */
				   "0000000000000000" /* uid, gid */
				   "00000002"	      /* nlink */
				   "00000000"	      /* mtime */
				   "00000000"	      /* size */
				   "0000000000000000" /* device */
				   "0000000000000000" /* rdev */
				   "00000002"	      /* name's length */
				   "00000000"	      /* check */
				   ".";
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct buf b = pack(t);

	ck_assert_mem_eq(b.data, want, sizeof(want));
	ck_assert_mem_eq(b.data + 112,
			 "070701"
			 "00000000",
			 14); /* the trailer, aligned */
	ck_assert_ptr_nonnull(memmem(b.data, b.len, "TRAILER!!!", 11));
	buf_done(&b);
}
END_TEST

START_TEST(measures_what_it_writes)
{
	_cleanup_(tree_free) struct tree *t = sample(true);
	_cleanup_free_ char *large = calloc(1, 1000001);
	struct tree_meta m = { .mode = 0644 };
	uint64_t bytes = 0;

	/* Large content goes past the small pieces. */
	ck_ok(tree_add_file(t, "large", &m, blob_new(large, 1000001), NULL, &e));
	struct buf b = pack(t), again = pack(t);
	ck_ok(cpio_bytes(t, &bytes, &e));
	ck_assert_uint_eq(bytes, b.len);
	ck_assert_uint_eq(again.len, b.len);
	ck_assert_mem_eq(again.data, b.data, b.len);
	buf_done(&b);
	buf_done(&again);
}
END_TEST

static char *output(const char *const *argv, const char *dir, const struct buf *in)
{
	struct buf out = BUF_INIT;
	int status = 0;
	const struct run_params p = { .argv = argv,
				      .dir = dir,
				      .input = in ? in->data : NULL,
				      .input_len = in ? in->len : 0,
				      .out = &out };

	if (run_program(&p, &status, &e) < 0 || status != 0) {
		buf_done(&out);
		return NULL;
	}
	char *text = buf_take_str(&out);
	return text ? text : strdup("");
}

START_TEST(cpio_unpacks_it)
{
	static const char *const version[] = { "cpio", "--version", NULL };
	static const char *const unpack[] = { "cpio", "-id", "--quiet", "--no-preserve-owner",
					      NULL };
	static const char *const look[] = { "stat", "-c",    "%n %a %h %s %F", "a/one", "a/two",
					    "dir",  "empty", "link",	       "old",	"z",
					    NULL };
	_cleanup_free_ char *there = output(version, NULL, NULL);
	_cleanup_(tree_free) struct tree *t = sample(false);

	if (!there)
		test_skip("no cpio");
	struct buf b = pack(t);
	char *dir = test_dir();
	_cleanup_free_ char *done = output(unpack, dir, &b);
	ck_assert_ptr_nonnull(done);
	_cleanup_free_ char *seen = output(look, dir, NULL);
	ck_assert_ptr_nonnull(seen);
	ck_assert_ptr_nonnull(strstr(seen, "a/one 644 3 6 regular file\n"
					   "a/two 644 3 6 regular file\n"));
	ck_assert_ptr_nonnull(strstr(seen, "empty 600 1 0 regular empty file\n"));
	ck_assert_ptr_nonnull(strstr(seen, "old 755 1 1 regular file\nz 644 3 6 regular file\n"));
	test_dir_remove(dir);
	buf_done(&b);
}
END_TEST

START_TEST(refuses_a_file_of_4_gib)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0644 };
	struct blob *b = blob_new("x", 1);
	struct sink s;
	struct buf out = BUF_INIT;

	b->len = UINT64_C(1) << 32; /* nothing reads it before it is refused */
	ck_ok(tree_add_file(t, "huge", &m, b, NULL, &e));
	sink_init_buf(&s, &out);
	ck_fails(cpio_write(t, TIME, &s, &e), -EFBIG, "huge");
	b->len = 1;
	buf_done(&out);
}
END_TEST

TEST_MAIN("cpio", libarchive_reads_it, header_is_as_specified, measures_what_it_writes,
	  cpio_unpacks_it, refuses_a_file_of_4_gib)
