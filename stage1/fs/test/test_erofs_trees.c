/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EROFS images of random trees: read back, the same for any number of threads, and what the kernel shows. */
#include <sys/mount.h>

#include "stage1/fs/test/erofs_support.h"

static char *dir, *image;

static void setup(void)
{
	dir = test_dir();
	image = str_printf("%s/image", dir);
}

static void teardown(void)
{
	free(image);
	test_dir_remove(TAKE_PTR(dir));
}

/* Each seed is one tree, in one way; EROFS_SEED makes that of one again. */
START_TEST(random_trees)
{
	const char *chosen = getenv("EROFS_SEED");
	uint64_t seed = 1, last = TEST_SANITIZED ? 2 * EROFS_TEST_N_WAYS : 40;

	setup();
	if (chosen) {
		ck_assert_int_eq(parse_u64(chosen, 10, &seed), 0);
		last = seed;
	}
	for (; seed <= last; seed++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random((unsigned int)seed, true);
		printf("erofs: EROFS_SEED=%llu\n", (unsigned long long)seed);
		fflush(stdout); /* said before it fails */
		for (unsigned int i = 0; i < seed % 7; i++) {
			_cleanup_free_ char *path = str_printf("text %u", i);
			erofs_test_text(t, path, seed % 13 * 7919 * (i + 1));
		}
		erofs_test_round_trip(t, seed % EROFS_TEST_N_WAYS, image);
	}
	teardown();
}
END_TEST

static void write_with(const struct tree *t, unsigned int threads, size_t way, const char *path)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct fs_params p = erofs_test_params(way);
	struct err e = { 0 };

	ck_ok(pool_new(threads, &pool, &e));
	p.pool = pool;
	ck_ok(fs_test_write(&fs_writer_erofs, t, &p, path, &e));
}

START_TEST(is_deterministic)
{
	setup();
	_cleanup_(tree_free) struct tree *t = fs_test_random(7, true);
	_cleanup_(tree_free) struct tree *same = fs_test_random(7, true);
	_cleanup_free_ char *other = str_printf("%s/other", dir);

	/* cut into two and, where there is time, three to be compressed side by side */
	for (size_t i = 0; i < (TEST_SANITIZED ? 1 : 2); i++) {
		_cleanup_free_ char *path = str_printf("large %zu", i);
		erofs_test_text(t, path, (9 + 8 * i) * MiB);
		erofs_test_text(same, path, (9 + 8 * i) * MiB);
	}
	for (size_t way = 0; way < EROFS_TEST_N_WAYS; way++) {
		write_with(t, 1, way, image);
		write_with(same, 4, way, other);
		free(FS_RUN("cmp", image, other));
	}
	teardown();
}
END_TEST

/* What the kernel shows: capabilities that are some, and user.* of files and directories only. */
static int make_showable(struct tree_node *n, void *ctx unused_, struct err *e unused_)
{
	static const uint8_t value[20] = { 0, 0, 0, 2, 1 };
	struct tree_inode *inode = n->inode;

	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		while (inode->n_xattrs) {
			free(inode->xattrs[--inode->n_xattrs].name);
			free(inode->xattrs[inode->n_xattrs].value);
		}
	return tree_get_xattr(n, "security.capability")
		       ? tree_set_xattr(n, "security.capability", value, sizeof(value))
		       : 0;
}

START_TEST(kernel_mounts_it)
{
	struct err e = { 0 };

	if (geteuid() != 0)
		test_skip("mounting needs root");
	setup();
	_cleanup_free_ char *mnt = str_printf("%s/mnt", dir);
	_cleanup_free_ char *cmd =
		str_printf("mount -t erofs -o ro,loop %s %s 2>/dev/null", image, mnt);
	ck_assert_int_eq(mkdir(mnt, 0755), 0);
	for (size_t way = 0; way < EROFS_TEST_N_WAYS; way++) {
		_cleanup_(tree_free) struct tree *t = fs_test_random(3 + (unsigned int)way, true);
		_cleanup_(tree_free) struct tree *back = NULL;
		struct fs_params p = erofs_test_params(way);
		ck_ok(tree_walk(tree_root(t), make_showable, NULL, &e));
		erofs_test_text(t, "text", 3000000);
		erofs_test_text(t, "tail", 70001);
		for (int i = 0; i < 3000; i++) {
			_cleanup_free_ char *path = str_printf("many/%d", i);
			fs_test_file(t, path, (size_t)i);
		}
		ck_ok(fs_test_write(&fs_writer_erofs, t, &p, image, &e));
		if (system(cmd) != 0) {
			bool none = way == 0;
			if (none)
				teardown();
			if (none)
				test_skip("no loop devices or no erofs here");
			printf("SKIP way %zu: this kernel does not read it\n", way);
			continue;
		}
		int r = fs_test_load(mnt, &back, &e);
		_cleanup_free_ char *one = str_printf("%s/many/2999", mnt);
		int found = access(one, R_OK); /* by name: a binary search */
		/* What the kernel shows is what was given: times, owners and attributes, too. */
		if (r == 0)
			fs_test_compare_image(back, image, true);
		ck_assert_int_eq(umount2(mnt, MNT_DETACH), 0);
		ck_ok(r);
		ck_assert_int_eq(found, 0);
		fs_test_compare_image(t, image, true);
	}
	teardown();
}
END_TEST

TEST_MAIN("erofs_trees", random_trees, is_deterministic, kernel_mounts_it)
