/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "builder/stages/kernel.h"

#define VERSION "6.1.0-9"
#define DIR	"lib/modules/" VERSION

#define PLAIN	 "# CONFIG_EXT4_FS is not set\nCONFIG_EROFS_FS=y\n"
#define PACKED	 PLAIN "CONFIG_EROFS_FS_ZIP=y\n"
#define WITH_ATT PLAIN "CONFIG_EROFS_FS_XATTR=y\n"

static const struct recipe_filesystem ext4 = { "ext4", FS_PLAIN, 0, 0 },
				      plain = { "erofs", FS_PLAIN, 0, 0 },
				      lz4 = { "erofs", FS_LZ4, 0, 4096 },
				      zstd = { "erofs", FS_ZSTD, 9, 65536 };

/* A build that has come as far as the check: /usr with one file, and the initrd. */
struct fixture {
	struct recipe recipe;
	struct build b;
};

static void put_from(struct tree *t, const struct tree_origin *origin, const char *path,
		     const char *text)
{
	const struct tree_meta m = { .mode = 0644, .origin = origin };
	struct err e = { 0 };

	ck_ok(tree_put_file(t, path, &m, blob_new_str(text), NULL, &e));
}

static void put(struct tree *t, const char *path, const char *text)
{
	put_from(t, tree_add_origin(t, TREE_ORIGIN_PACKAGE, "linux-image", "6.1-1"), path, text);
}

/* What modprobe goes by, as the finisher leaves it. */
static void put_modules(struct tree *t, bool has_erofs)
{
	const struct tree_origin *o =
		tree_add_origin(t, TREE_ORIGIN_FINISHER, "module-index", NULL);

	put(t, "usr/" DIR "/modules.order", has_erofs ? "kernel/erofs.ko\n" : "");
	put(t, "usr/" DIR "/modules.builtin", "kernel/ext4.ko\n");
	put_from(t, o, "usr/" DIR "/modules.dep", has_erofs ? "kernel/erofs.ko:\n" : "");
	put_from(t, o, "usr/" DIR "/modules.softdep", "");
	put_from(t, o, "usr/" DIR "/modules.alias", "");
	if (has_erofs)
		put(t, "usr/" DIR "/kernel/erofs.ko", "a module");
}

static void init(struct fixture *f, const struct recipe_filesystem *fs, const char *config,
		 const char *xattr)
{
	*f = (struct fixture){ .recipe = { .path = (char *)(uintptr_t) "r.yaml",
					   .filesystem = *fs } };
	build_init(&f->b, &(struct build_params){ .recipe = &f->recipe });
	f->b.kernel_version = strdup(VERSION);
	f->b.tree = tree_new();
	f->b.initrd = tree_new();
	put(f->b.tree, "bin/ping", "a program");
	if (config)
		put(f->b.tree, DIR "/config", config);
	if (xattr)
		ck_assert_int_eq(tree_set_xattr(tree_lookup(f->b.tree, "bin/ping"), xattr, "x", 1),
				 0);
}

/* Each: what a recipe asks for, the kernel's configuration, an attribute of a file. */
static const struct {
	const struct recipe_filesystem *fs;
	const char *config, *xattr, *message; /* NULL: all is well */
} cases[] = {
	{ &ext4, "CONFIG_EXT4_FS=y\n", NULL, NULL },
	{ &ext4, "CONFIG_EXT4_FS=y", NULL, NULL },
	{ &ext4, "CONFIG_EXT4_FS=y\n", "user.x", NULL },
	{ &ext4, "CONFIG_EXT4_FS=y\nCONFIG_EXT4_FS_SECURITY=y\n", "security.capability", NULL },
	{ &ext4, "CONFIG_EXT4_FS=y\n", "security.capability",
	  "lacks CONFIG_EXT4_FS_SECURITY, without which it does not read files' capabilities in "
	  "ext4: write filesystem: {type: erofs}" },
	{ &ext4, PLAIN, NULL,
	  "r.yaml: filesystem: kernel " VERSION " (of linux-image 6.1-1) lacks CONFIG_EXT4_FS, "
	  "without which it does not read ext4: write filesystem: {type: erofs}, or take another "
	  "kernel" },
	{ &plain, PLAIN, NULL, NULL },
	{ &plain, "", NULL, "lacks CONFIG_EROFS_FS, without" },
	{ &plain, "CONFIG_EROFS_FS=n\n", NULL, "lacks CONFIG_EROFS_FS, without" },
	{ &plain, "CONFIG_EROFS_FS=0\n", NULL, "lacks CONFIG_EROFS_FS, without" },
	{ &plain, "CONFIG_EROFS_FS=nay\n", NULL, "lacks CONFIG_EROFS_FS, without" },
	{ &plain, "CONFIG_EROFS_FSX=y\nCONFIG_EROFT_FS=y\nXCONFIG_EROFS_FS=y\n", NULL,
	  "lacks CONFIG_EROFS_FS, " },
	{ &plain, "# CONFIG_EROFS_FS is not set\n", NULL,
	  "does not read erofs: write filesystem: {type: ext4}" },
	{ &plain, PLAIN, "user.x", "lacks CONFIG_EROFS_FS_XATTR, " },
	{ &plain, WITH_ATT, "user.x", NULL },
	{ &plain, WITH_ATT, "security.capability", "lacks CONFIG_EROFS_FS_SECURITY, " },
	{ &plain, WITH_ATT "CONFIG_EROFS_FS_SECURITY=y\n", "security.capability", NULL },
	{ &plain, WITH_ATT, "system.posix_acl_access", "lacks CONFIG_EROFS_FS_POSIX_ACL, " },
	{ &plain, WITH_ATT "CONFIG_EROFS_FS_POSIX_ACL=y\n", "system.posix_acl_access", NULL },
	{ &lz4, PACKED, NULL, NULL },
	{ &lz4, PLAIN, NULL,
	  "lacks CONFIG_EROFS_FS_ZIP, without which it does not read compressed erofs: write "
	  "filesystem: {type: erofs, compression: none}" },
	{ &zstd, PACKED, NULL,
	  "lacks CONFIG_EROFS_FS_ZIP_ZSTD, without which it does not read zstd in erofs, which "
	  "takes Linux 6.10 or later: write filesystem: {type: erofs, compression: lz4hc}" },
	{ &zstd, PACKED "CONFIG_EROFS_FS_ZIP_ZSTD=y\n", NULL, NULL },
};

START_TEST(kernels_that_can_and_cannot)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		init(&f, cases[i].fs, cases[i].config, cases[i].xattr);
		struct err e = { 0 };
		int r = kernel_check(&f.b, &e);
		ck_assert_msg(r == (cases[i].message ? -EINVAL : 0), "case %zu: %d %s", i, r,
			      e.msg);
		if (cases[i].message)
			ck_assert_msg(strstr(e.msg, cases[i].message), "case %zu: %s", i, e.msg);
		build_done(&f.b);
	}
}
END_TEST

START_TEST(modules_are_in_the_initrd)
{
	static const char config[] = "CONFIG_EROFS_FS=m\nCONFIG_EXT4_FS=m\n";
	struct err e = { 0 };
	struct fixture f;

	for (int has_erofs = 0; has_erofs < 2; has_erofs++) {
		init(&f, &plain, config, NULL);
		put_modules(f.b.initrd, has_erofs);
		if (has_erofs)
			ck_ok(kernel_check(&f.b, &e));
		else
			ck_fails(kernel_check(&f.b, &e), -EINVAL,
				 "r.yaml: initrd: kernel " VERSION
				 " has erofs as a module (CONFIG_EROFS_FS=m), which is not in "
				 "the initrd: add erofs to modules");
		build_done(&f.b);
	}
	/* No modules at all. */
	init(&f, &ext4, config, NULL);
	ck_fails(kernel_check(&f.b, &e), -EINVAL, "add ext4 to modules");
	build_done(&f.b);
}
END_TEST

START_TEST(a_kernel_without_configuration)
{
	struct err e = { 0 };
	struct fixture f;

	init(&f, &lz4, NULL, NULL);
	ck_fails(kernel_check(&f.b, &e), -ENOENT,
		 "r.yaml: filesystem: kernel " VERSION " has no configuration to say whether it "
		 "reads erofs: put it into the overlay as usr/" DIR "/config");
	build_done(&f.b);
}
END_TEST

TEST_MAIN("kernel", kernels_that_can_and_cannot, modules_are_in_the_initrd,
	  a_kernel_without_configuration)
