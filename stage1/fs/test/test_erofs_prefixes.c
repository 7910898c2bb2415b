/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long prefixes of attributes' names, which our writer does not make: its image of a file that holds the
 * prefixes and of one whose attribute is then changed to begin with one of them.
 */
#include <sys/xattr.h>

#include "stage1/fs/erofs_format.h"
#include "stage1/fs/test/support.h"

#define SHORT_NAME "key of an attribute"
#define REST	   "long.and.the.same."

struct made {
	uint8_t *data;
	size_t len;
	struct source src;
	struct erofs_super *super;
	struct erofs_xattr_entry *entry;
	uint8_t *prefixes; /* two: one of no use, of a length that is no multiple of 4, and REST */
	uint64_t prefixes_nid;
};

static void find_prefixes(struct made *m)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct err e = { 0 };

	ck_ok(fs_reader_open(&m->src, &r, &e));
	ck_ok(fs_reader_lookup(r, "/prefixes", &m->prefixes_nid, &e));
}

static void make(struct made *m)
{
	static const uint8_t records[] = "\x04\x00\x04"
					 "abc\0\0\x13\x00\x01" REST;
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_meta meta = { .mode = 0644 };
	struct fs_params p = fs_test_params();
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };
	struct sink s;

	struct tree_node *n = fs_test_file(t, "file", 10);
	ck_assert_int_eq(tree_set_xattr(n, "user." SHORT_NAME, "value", 5), 0);
	ck_ok(tree_add_file(t, "prefixes", &meta, blob_new(records, sizeof(records) - 1), NULL,
			    &e));
	ck_ok(fs_writer_erofs.plan(t, &p, &plan, &e));
	sink_init_buf(&s, &b);
	ck_ok(fs_writer_erofs.write(plan, &s, &e));
	buf_append_zero(&b, plan->bytes - b.len);
	m->len = b.len;
	m->data = malloc(b.len); /* of the exact size: a byte too far is seen */
	ck_assert_ptr_nonnull(m->data);
	memcpy(m->data, b.data, b.len);
	source_init_bytes(&m->src, m->data, m->len);
	find_prefixes(m);
	uint8_t *name = memmem(m->data, m->len, SHORT_NAME, strlen(SHORT_NAME));
	m->prefixes = memmem(m->data, m->len, records, sizeof(records) - 1);
	ck_assert(name && m->prefixes);
	m->entry = (struct erofs_xattr_entry *)(name - sizeof(*m->entry));
	m->super = (struct erofs_super *)(m->data + EROFS_SUPER_OFFSET);
	m->super->feature_compat &= ~(uint32_t)EROFS_COMPAT_CHECKSUM;
	m->super->feature_incompat |= EROFS_INCOMPAT_XATTR_PREFIXES;
	m->super->n_xattr_prefixes = 2;
	m->super->packed_nid = m->prefixes_nid;
	m->entry->name_index = EROFS_XATTR_LONG_PREFIX | 1;
}

static int check_name(void *ctx, const char *name, const void *value, size_t len,
		      struct err *e unused_)
{
	ck_assert_str_eq(name, ctx);
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(value, "value", 5);
	return 1;
}

static int read_name(const struct made *m, char *want, struct err *ret_e)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct err e = { 0 };
	uint64_t ino;

	int n = fs_reader_open(&m->src, &r, ret_e);
	if (n < 0)
		return n;
	ck_ok(fs_reader_lookup(r, "/file", &ino, &e));
	return r->ops->xattrs(r, ino, check_name, want, ret_e);
}

/* In the packed inode, as mkfs.erofs has them. */
START_TEST(in_the_packed_inode)
{
	char want[] = "user." REST SHORT_NAME, other[] = "trusted.abc" SHORT_NAME;
	struct err e = { 0 };
	struct made m;

	make(&m);
	ck_assert_int_eq(read_name(&m, want, &e), 1);
	m.super->feature_incompat |= EROFS_INCOMPAT_FRAGMENTS; /* of no file of this image */
	ck_assert_int_eq(read_name(&m, want, &e), 1);
	m.entry->name_index = EROFS_XATTR_LONG_PREFIX;
	ck_assert_int_eq(read_name(&m, other, &e), 1);
	free(m.data);
}
END_TEST

START_TEST(in_the_image_itself)
{
	char want[] = "user." REST SHORT_NAME;
	struct err e = { 0 };
	struct made m;

	make(&m);
	/* before the superblock, where nothing is */
	uint8_t *at = m.data + EROFS_SUPER_OFFSET - 64;
	memcpy(at, m.prefixes, 32);
	m.super->packed_nid = 0;
	m.super->xattr_prefix_start = (EROFS_SUPER_OFFSET - 64) / 4;
	ck_assert_int_eq(read_name(&m, want, &e), 1);
	free(m.data);
}
END_TEST

START_TEST(damaged)
{
	struct err e = { 0 };
	struct made m;

	make(&m);
	m.entry->name_index = EROFS_XATTR_LONG_PREFIX | 2;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "bad extended attributes");
	m.entry->name_index = EROFS_XATTR_LONG_PREFIX | 1;
	m.prefixes[10] = 5; /* no namespace */
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "bad extended attributes");
	m.prefixes[10] = EROFS_XATTR_USER;
	m.super->n_xattr_prefixes = 3;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "ends within");
	m.super->n_xattr_prefixes = 2;
	m.prefixes[8]++;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "ends within");
	m.prefixes[8] = 0;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "of 0 bytes");
	m.prefixes[9] = 1;
	m.prefixes[8] = 1;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "of 257 bytes");
	m.prefixes[9] = 0;
	m.prefixes[8] = 0x13;
	m.prefixes[12] = 0;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "a zero byte");
	m.super->packed_nid = UINT32_MAX;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "is not in the image");
	m.super->packed_nid = 0;
	m.super->xattr_prefix_start = UINT32_MAX;
	ck_fails(read_name(&m, NULL, &e), -EINVAL, "are not in the image");
	free(m.data);
}
END_TEST

/* erofs-utils from 1.7 on. */
START_TEST(of_mkfs_erofs)
{
	char *dir = test_dir();
	_cleanup_free_ char *files = str_printf("%s/files", dir), *image = str_printf("%s/i", dir);
	_cleanup_free_ char *file = str_printf("%s/files/file", dir);
	_cleanup_free_ char *help = NULL;
	_cleanup_(tree_free) struct tree *t = NULL;
	struct err e = { 0 };

	if (fs_test_program("mkfs.erofs"))
		help = FS_RUN("sh", "-c", "mkfs.erofs --help 2>&1; :");
	if (!help || !strstr(help, "xattr-prefix")) {
		test_dir_remove(dir);
		test_skip("no mkfs.erofs that knows --xattr-prefix");
	}
	ck_assert_int_eq(mkdir(files, 0755), 0);
	free(FS_RUN("sh", "-c", "echo x >$0", file));
	ck_assert_int_eq(setxattr(file, "user." REST "a", "1", 1, 0), 0);
	ck_assert_int_eq(setxattr(file, "user." REST "b", "2", 1, 0), 0);
	ck_assert_int_eq(setxattr(file, "user.other", "3", 1, 0), 0);
	free(FS_RUN("mkfs.erofs", "-d0", "--xattr-prefix=user." REST, image, files));
	ck_ok(fs_test_load(files, &t, &e));
	fs_test_compare_image(t, image, true);
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("erofs_prefixes", in_the_packed_inode, in_the_image_itself, damaged, of_mkfs_erofs)
