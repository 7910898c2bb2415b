/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking, from images of each type, and from such as want to write elsewhere. */
#include <sys/stat.h>
#include <sys/xattr.h>

#include "builder/audit/extract.h"
#include "stage1/fs/test/support.h"

static char *dir, *image, *out;

static void setup(void)
{
	dir = test_dir();
	image = str_printf("%s/image", dir);
	out = str_printf("%s/out", dir);
}

static void teardown(void)
{
	free(image);
	free(out);
	test_dir_remove(TAKE_PTR(dir));
}

static struct tree_node *put(struct tree *t, const char *path, uint32_t mode, const char *text)
{
	struct tree_meta m = {
		.mode = mode, .uid = geteuid(), .gid = getegid(), .mtime = 1600000000
	};
	struct tree_node *n;
	struct err e = { 0 };

	ck_ok(tree_add_file(t, path, &m, blob_new(text, strlen(text)), &n, &e));
	return n;
}

static void put_dir(struct tree *t, const char *path, uint32_t mode)
{
	struct tree_meta m = {
		.mode = mode, .uid = geteuid(), .gid = getegid(), .mtime = 1500000000
	};
	struct err e = { 0 };

	ck_ok(tree_add_dir(t, path, &m, NULL, &e));
}

static void put_link(struct tree *t, const char *path, const char *target)
{
	struct tree_meta m = {
		.mode = 0777, .uid = geteuid(), .gid = getegid(), .mtime = 1400000000
	};
	struct err e = { 0 };

	ck_ok(tree_add_symlink(t, path, &m, target, NULL, &e));
}

/* All that any user can have. */
static struct tree *sample(void)
{
	struct tree *t = tree_new();
	uint8_t *sparse = calloc(1, 2 * MiB);
	struct tree_meta m = { .mode = 0600, .uid = geteuid(), .gid = getegid() }, fifo = m;
	struct err e = { 0 };

	fifo.mode = S_IFIFO | 0640;
	ck_assert_ptr_nonnull(sparse);
	memcpy(sparse + MiB + 5, "middle", 6);
	put_dir(t, "d", 0555);
	put_dir(t, "d/closed", 0);
	put(t, "d/closed/file", 0400, "inside");
	put(t, "d/empty", 0644, "");
	put_link(t, "d/up", "../../../../nowhere");
	ck_ok(tree_add_special(t, "d/fifo", &fifo, 0, 0, NULL, &e));
	ck_ok(tree_add_link(t, "another", put(t, "d/linked", 0640, "twice"), NULL, &e));
	ck_ok(tree_add_file(t, "sparse", &m, blob_new_take(sparse, 2 * MiB), NULL, &e));
	fs_test_file(t, "large", 3000001)->inode->uid = geteuid();
	return t;
}

static int extract_with(const struct fs_writer *w, const struct tree *t, struct extract_params p,
			struct extract_result *ret, struct err *ret_e)
{
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct fs_params fp = fs_test_params();
	struct err e = { 0 };

	if (t)
		ck_ok(fs_test_write(w, t, &fp, image, &e));
	ck_ok(source_open(&src, image, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	p.reader = r;
	p.ino = r->root_ino;
	p.dir = out;
	return extract_files(&p, ret, ret_e);
}

static int extract(const struct tree *t, bool force, struct extract_result *ret, struct err *e)
{
	return extract_with(&fs_writer_erofs, t, (struct extract_params){ .force = force }, ret, e);
}

static void compare_with_disk(bool posix)
{
	_cleanup_(tree_free) struct tree *back = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	struct err e = { 0 };

	ck_ok(fs_test_load(out, &back, &e));
	ck_ok(source_open(&src, image, &e));
	ck_ok(fs_reader_open(&src, &r, &e));
	fs_test_compare(back, r, posix);
}

START_TEST(everything_of_each_type)
{
	static const struct fs_writer *const writers[] = { &fs_writer_erofs, &fs_writer_ext4 };
	struct extract_result result;
	struct err e = { 0 };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		setup();
		_cleanup_(tree_free) struct tree *t = sample();
		ck_ok(extract_with(writers[i], t, (struct extract_params){ .name = NULL }, &result,
				   &e));
		ck_assert_uint_eq(result.n_files, tree_count(t) - 1);
		ck_assert_uint_eq(result.n_devices + result.n_xattrs + result.n_privileges, 0);
		_cleanup_free_ char *closed = str_printf("%s/d/closed", out);
		_cleanup_free_ char *sparse = str_printf("%s/sparse", out);
		ck_assert_int_eq(lstat(closed, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0);
		ck_assert_int_eq(lstat(sparse, &st), 0);
		ck_assert_int_lt(st.st_blocks * 512, MiB);
		ck_assert_int_eq(chmod(closed, 0700), 0);
		compare_with_disk(false);
		ck_assert_int_eq(chmod(closed, 0), 0);
		_cleanup_free_ char *a = str_printf("%s/another", out);
		ck_assert_int_eq(lstat(a, &st), 0);
		ck_assert_uint_eq(st.st_nlink, 2);
		ck_assert_uint_eq(st.st_mode & 07777, 0640);
		ck_assert_int_eq(st.st_mtime, 1600000000);
		_cleanup_free_ char *d = str_printf("%s/d", out);
		ck_assert_int_eq(lstat(d, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0555);
		ck_assert_int_eq(st.st_mtime, 1500000000);
		_cleanup_free_ char *up = str_printf("%s/d/up", out);
		ck_assert_int_eq(lstat(up, &st), 0);
		ck_assert_int_eq(st.st_mtime, 1400000000);
		ck_assert_int_eq(chmod(d, 0755), 0);
		ck_assert_int_eq(chmod(closed, 0755), 0);
		teardown();
	}
}
END_TEST

START_TEST(one_file_of_vfat)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct extract_result result;
	struct err e = { 0 };

	setup();
	put(t, "EFI/Linux/a.efi", 0644, "a file");
	ck_ok(extract_with(&fs_writer_vfat, t, (struct extract_params){ .name = "boot" }, &result,
			   &e));
	_cleanup_free_ char *path = str_printf("%s/boot/EFI/Linux/a.efi", out);
	_cleanup_free_ char *text = FS_RUN("cat", path);
	ck_assert_str_eq(text, "a file");
	teardown();
}
END_TEST

START_TEST(privileges_only_when_asked)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	static const uint8_t caps[20] = { 0, 0, 0, 2, 1 };
	struct tree_meta m = { .mode = S_IFCHR | 0600, .uid = geteuid(), .gid = getegid() };
	struct extract_result result;
	struct err e = { 0 };
	struct stat st;

	setup();
	put(t, "su", 04755, "x");
	struct tree_node *n = put(t, "ping", 0755, "x");
	ck_assert_int_eq(tree_set_xattr(n, "security.capability", caps, sizeof(caps)), 0);
	ck_ok(tree_add_special(t, "null", &m, 1, 3, NULL, &e));
	ck_ok(extract(t, false, &result, &e));
	ck_assert_uint_eq(result.n_privileges, 2);
	ck_assert_uint_eq(result.n_devices, 1);
	_cleanup_free_ char *su = str_printf("%s/su", out);
	ck_assert_int_eq(lstat(su, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_ok(extract_with(&fs_writer_erofs, t,
			   (struct extract_params){ .force = true, .privileges = true }, &result,
			   &e));
	ck_assert_uint_eq(result.n_privileges, 0);
	ck_assert_int_eq(lstat(su, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 04755);
	if (geteuid() == 0 && result.n_devices == 0) /* in a container there are none */
		compare_with_disk(false);
	else
		ck_assert_uint_eq(result.n_devices, 1);
	teardown();
}
END_TEST

/* The kernel keeps no user.* of a symlink. */
START_TEST(attributes_of_a_symlink)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct extract_result result;
	struct tree_meta m = { .mode = 0777, .uid = geteuid(), .gid = getegid() };
	struct tree_node *n;
	struct err e = { 0 };
	char value[8];

	setup();
	ck_ok(tree_add_symlink(t, "link", &m, "nowhere", &n, &e));
	ck_assert_int_eq(tree_set_xattr(n, "user.none", "x", 1), 0);
	ck_assert_int_eq(tree_set_xattr(n, "trusted.root", "kept", 4), 0);
	ck_ok(extract(t, false, &result, &e));
	_cleanup_free_ char *link = str_printf("%s/link", out);
	bool kept = lgetxattr(link, "trusted.root", value, sizeof(value)) == 4;
	ck_assert_uint_eq(result.n_xattrs, kept ? 1 : 2);
	ck_assert(kept || geteuid());
	teardown();
}
END_TEST

/* What lies in the directory leads to a victim outside of it. */
START_TEST(nothing_outside_is_touched)
{
	struct extract_result result;
	struct err e = { 0 };
	struct stat st;

	setup();
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_free_ char *victim = str_printf("%s/victim", dir);
	_cleanup_free_ char *inside = str_printf("%s/victim/file", dir);
	_cleanup_free_ char *link_dir = str_printf("%s/d", out);
	_cleanup_free_ char *link_file = str_printf("%s/file", out);
	put(t, "d/file", 0644, "new");
	put(t, "file", 0644, "new");
	ck_assert_int_eq(mkdir(victim, 0700), 0);
	ck_assert_int_eq(mkdir(out, 0700), 0);
	free(FS_RUN("sh", "-c", "echo old >$0", inside));
	ck_assert_int_eq(symlink(victim, link_dir), 0);
	ck_fails(extract(t, false, &result, &e), -EEXIST, "/d: is there already");
	ck_ok(extract(t, true, &result, &e));
	ck_assert_int_eq(lstat(link_dir, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_int_eq(unlink(link_file), 0);
	free(FS_RUN("rm", "-r", link_dir));
	ck_assert_int_eq(symlink(inside, link_file), 0);
	ck_fails(extract(t, false, &result, &e), -EEXIST, "/file: is there already");
	ck_ok(extract(t, true, &result, &e));
	ck_assert_int_eq(lstat(link_file, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	_cleanup_free_ char *old = FS_RUN("cat", inside);
	ck_assert_str_eq(old, "old\n");
	/* a directory is never replaced by a file */
	free(FS_RUN("sh", "-c", "rm $0 && mkdir $0", link_file));
	ck_fails(extract(t, true, &result, &e), -EISDIR, "/file");
	teardown();
}
END_TEST

#define EROFS_COMPAT (1024 + 8) /* bit 0: there is a checksum */

/* Changes a name in the image, once, as one can who makes images. */
static void rename_in_image(const char *from, const char *to)
{
	_cleanup_close_ int fd = open(image, O_RDWR | O_CLOEXEC);
	_cleanup_source_ struct source src = SOURCE_INIT;
	struct err e = { 0 };

	ck_ok(source_open(&src, image, &e));
	_cleanup_free_ uint8_t *data = malloc((size_t)src.size_bytes);
	ck_ok(source_pread(&src, 0, data, (size_t)src.size_bytes, &e));
	uint8_t *p = memmem(data, (size_t)src.size_bytes, from, strlen(from));
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(pwrite(fd, to, strlen(to), p - data), (ssize_t)strlen(to));
	data[EROFS_COMPAT] &= 0xfe;
	ck_assert_int_eq(pwrite(fd, &data[EROFS_COMPAT], 1, EROFS_COMPAT), 1);
}

START_TEST(names_that_lead_out)
{
	static const char *const names[] = { "../../evil", "/tmp/evilx", "evil/../xx" };
	struct extract_result result;
	struct fs_params p = fs_test_params();
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(tree_free) struct tree *t = tree_new();
		setup();
		put(t, "NAME-OF-10", 0644, "x");
		ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
		rename_in_image("NAME-OF-10", names[i]);
		ck_fails(extract(NULL, true, &result, &e), -EINVAL, "name");
		teardown();
	}
}
END_TEST

/* A symlink of the image, and below the same name a directory: only one of them can be. */
START_TEST(symlink_in_the_image_is_not_followed)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct fs_params p = fs_test_params();
	struct extract_result result;
	struct err e = { 0 };

	setup();
	_cleanup_free_ char *target = str_printf("%s/victim", dir);
	ck_assert_int_eq(mkdir(target, 0700), 0);
	put_link(t, "a-name", target);
	put(t, "b-name/file", 0644, "x");
	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
	rename_in_image("b-name", "a-name");
	ck_fails(extract(NULL, true, &result, &e), -EINVAL, "twice");
	ck_assert_int_eq(rmdir(target), 0);
	teardown();
}
END_TEST

TEST_MAIN("extract", everything_of_each_type, one_file_of_vfat, privileges_only_when_asked,
	  attributes_of_a_symlink, nothing_outside_is_touched, names_that_lead_out,
	  symlink_in_the_image_is_not_followed)
