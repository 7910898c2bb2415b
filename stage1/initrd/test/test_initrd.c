/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>

#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/initrd/initrd.h"

#define LIBDIR "usr/lib/x86_64-linux-gnu"
#define NOTE(name, json)                                                                       \
	"__attribute__((used, section(\".note.dlopen\"), aligned(4)))\n"                       \
	"static const struct { unsigned n, d, t; char v[4]; char j[sizeof(" json ")]; } " name \
	" = { 4, sizeof(" json "), 0x407c0c0a, \"FDO\", " json " };\n"

static struct err e;

/* A system in memory, and the machine's compiler to make its ELF files. */
struct system {
	struct tree *t;
	char *dir;
	bool has_compiler;
};

static void put_blob(struct system *s, const char *package, const char *path, uint32_t mode,
		     struct blob *b)
{
	struct tree_meta m = { .mode = mode, .mtime = 1 };

	m.origin = tree_add_origin(s->t, TREE_ORIGIN_PACKAGE, package, "1");
	ck_ok(tree_put_file(s->t, path, &m, b, NULL, &e));
}

static void put(struct system *s, const char *package, const char *path, const char *text)
{
	put_blob(s, package, path, 0644, blob_new_str(text));
}

static void put_link(struct system *s, const char *package, const char *path, const char *target)
{
	struct tree_meta m = { .mode = 0777, .mtime = 1 };

	m.origin = tree_add_origin(s->t, TREE_ORIGIN_PACKAGE, package, "1");
	ck_ok(tree_put_symlink(s->t, path, &m, target, NULL, &e));
}

/* Compiles an ELF file with these flags and puts it into the system. */
static void put_elf(struct system *s, const char *package, const char *path, uint32_t mode,
		    const char *code, const char *const *flags)
{
	const char *base = strrchr(path, '/') + 1;
	_cleanup_free_ char *src = str_printf("%s/x.c", s->dir);
	_cleanup_free_ char *out = str_printf("%s/%s", s->dir, base);
	const char *argv[32] = { "cc", "-m64", "-nostdlib", "-fPIC", "-L.", "-Wl,--no-as-needed",
				 "-o", out,    src };
	struct buf diag = BUF_INIT;
	struct blob *b;
	int status = 0;
	size_t n = 9;

	if (!s->has_compiler)
		return;
	while (*flags)
		argv[n++] = *flags++;
	ck_ok(outfile_write(src, 0644, code, strlen(code), &e));
	int r = run_program(&(struct run_params){ .argv = argv, .dir = s->dir, .diag = &diag },
			    &status, &e);
	buf_done(&diag);
	if (r < 0 || status != 0) {
		s->has_compiler = false;
		return;
	}
	ck_ok(blob_new_file(AT_FDCWD, out, &b, &e));
	put_blob(s, package, path, mode, b);
}

static void put_library(struct system *s, const char *package, const char *path, const char *code,
			const char *a, const char *b)
{
	_cleanup_free_ char *soname = str_printf("-Wl,-soname,%s", strrchr(path, '/') + 1);
	const char *const flags[] = { "-shared", soname, a ? a : "-g0", b ? b : "-g0", NULL };

	put_elf(s, package, path, 0644, code, flags);
}

#define MODULE(name)                                               \
	"__attribute__((section(\".modinfo\"))) const char i[] = " \
	"\"name=" name "\\0alias=test-" name "\\0license=GPL\";"
#define PROGRAM	    "-pie", "-Wl,-dynamic-linker,/lib64/ld-test.so.2", "-Wl,-e,f"
#define CODE	    "void f(void) {}\n"
#define RECOMMENDED NOTE("a", "\"[{\\\"soname\\\":[\\\"libno.so.1\\\",\\\"libopt.so.1\\\"]}]\"")
#define SUGGESTED \
	NOTE("b", "\"[{\\\"priority\\\":\\\"suggested\\\",\\\"soname\\\":[\\\"libsug.so.1\\\"]}]\"")

static void put_programs(struct system *s)
{
	static const char *const init[] = { PROGRAM,
					    "-l:liba.so.1",
					    "-l:libpriv.so",
					    "-l:libcore.so",
					    "-Wl,--enable-new-dtags",
					    "-Wl,-rpath,$ORIGIN/../../$LIB/priv",
					    "-Wl,-rpath-link,.",
					    NULL };
	static const char *const mount[] = { PROGRAM, "-l:libb.so.1", NULL };
	static const char *const shell[] = { PROGRAM, NULL };

	put_library(s, "libc6", LIBDIR "/libc.so.6",
		    "const char v[] = \"GNU C Library (T) stable release version 2.41.\\n\";", NULL,
		    NULL);
	put_library(s, "libb", LIBDIR "/libb.so.1", CODE, NULL, NULL);
	put_library(s, "liba", LIBDIR "/liba.so.1", "void g(void) {}", "-l:libb.so.1",
		    "-l:libc.so.6");
	put_library(s, "libopt", LIBDIR "/libopt.so.1", CODE, NULL, NULL);
	put_library(s, "libsug", LIBDIR "/libsug.so.1", CODE, NULL, NULL);
	put_library(s, "libgcc", LIBDIR "/libgcc_s.so.1", CODE, NULL, NULL);
	/* As systemd's: one private library names the other and has no path to it. */
	put_library(s, "libpriv", LIBDIR "/priv/libcore.so", CODE, NULL, NULL);
	put_library(s, "libpriv", LIBDIR "/priv/libpriv.so", CODE, "-l:libcore.so", NULL);
	put_elf(s, "systemd", "usr/lib/systemd/systemd", 0755, CODE RECOMMENDED SUGGESTED, init);
	put_elf(s, "mount", "usr/bin/mount", 04755, CODE, mount);
	put_elf(s, "dash", "usr/bin/dash", 0755, CODE, shell);
	put_blob(s, "libc6", LIBDIR "/ld-test.so.2", 0755, blob_new_str("loader"));
}

static struct system new_system(void)
{
	struct system s = { .t = tree_new(), .dir = test_dir(), .has_compiler = true };
	static const char *const module[] = { "-c", NULL };
	static const char *const merged[] = { "bin", "lib", "lib64", "sbin" };
	struct tree_meta m = { .mode = 0755 };

	for (size_t i = 0; i < ARRAY_SIZE(merged); i++) {
		_cleanup_free_ char *target = str_printf("usr/%s", merged[i]);
		put_link(&s, "base-files", merged[i], target);
		ck_ok(tree_add_dir(s.t, target, &m, NULL, &e));
	}
	put_programs(&s);
	put_link(&s, "libc6", "usr/lib64/ld-test.so.2", "../lib/x86_64-linux-gnu/ld-test.so.2");
	put_link(&s, "dash", "usr/bin/sh", "dash");
	put_link(&s, "systemd", "usr/sbin/tool", "/etc/alternatives/tool");
	put_link(&s, "tool", "etc/alternatives/tool", "/usr/bin/tool.real");
	put(&s, "tool", "usr/bin/tool.real", "#!/bin/sh\n");
	put(&s, "tool", "usr/bin/other", "#!/bin/sh\n");
	put(&s, "systemd", "usr/share/doc/systemd/NEWS", "news");
	put(&s, "systemd", "etc/systemd/system.conf", "[Manager]\n");
	put(&s, "base-files", "etc/ld.so.conf", "include ld.so.conf.d/*.conf\n");
	put(&s, "libc6", "etc/ld.so.conf.d/x.conf", "/usr/lib/x86_64-linux-gnu\n");
	put(&s, "base-passwd", "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
	put(&s, "base-passwd", "etc/group", "root:x:0:\n");
	put(&s, "base-passwd", "etc/shadow", "root:*:::::::\n");
	put(&s, "base-files", "usr/lib/os-release", "ID=test\n");
	put_elf(&s, "linux", "usr/lib/modules/6.1/kernel/a.ko", 0644, MODULE("a"), module);
	put_elf(&s, "linux", "usr/lib/modules/6.1/kernel/b.ko", 0644, MODULE("b"), module);
	put(&s, "linux", "usr/lib/modules/6.1/modules.builtin", "kernel/c.ko\n");
	put(&s, "linux", "usr/lib/modules/6.1/modules.order", "kernel/a.ko\nkernel/b.ko\n");
	return s;
}

static void system_done(struct system *s)
{
	tree_free(s->t);
	test_dir_remove(s->dir);
}

static struct strv words(const char *text)
{
	struct strv l = STRV_INIT;

	ck_assert_int_eq(strv_split(&l, text, " "), 0);
	return l;
}

static int build(struct system *s, struct initrd_params p, const char *packages, const char *remove,
		 struct tree **ret)
{
	_cleanup_strv_ struct strv names = words(packages), patterns = words(remove);

	p.system = s->t;
	p.arch = "x86-64";
	p.packages = &names;
	p.remove = &patterns;
	p.time = 77;
	return initrd_build_tree(&p, ret, &e);
}

static const struct initrd_params defaults;

/* Every file and symlink, with what is interesting about it. */
static int list_node(struct tree_node *n, void *ctx, struct err *err unused_)
{
	_cleanup_free_ char *path = tree_path(n);

	if (!tree_is_dir(n) || n->n_children == 0)
		buf_printf(ctx, "%s%s%s\n", path, n->inode->target ? " -> " : "",
			   n->inode->target ? n->inode->target : "");
	return 0;
}

START_TEST(holds_the_packages_and_what_they_need)
{
	static const char want[] =
		"bin -> usr/bin\ndev\netc/alternatives/tool -> /usr/bin/tool.real\netc/group\n"
		"etc/initrd-release\netc/ld.so.cache\netc/ld.so.conf\netc/ld.so.conf.d/x.conf\n"
		"etc/machine-id\netc/nsswitch.conf\netc/os-release -> initrd-release\n"
		"etc/passwd\netc/systemd/system.conf\ninit -> usr/lib/systemd/systemd\n"
		"lib -> usr/lib\nlib64 -> usr/lib64\nproc\nroot\nrun\nsbin -> usr/sbin\nsys\n"
		"sysroot\ntmp\nusr/bin/mount\nusr/bin/tool.real\n"
		"usr/lib/systemd/systemd\n" LIBDIR "/ld-test.so.2\n" LIBDIR "/liba.so.1\n" LIBDIR
		"/libb.so.1\n" LIBDIR "/libc.so.6\n" LIBDIR "/libgcc_s.so.1\n" LIBDIR
		"/libopt.so.1\n" LIBDIR "/priv/libcore.so\n" LIBDIR "/priv/libpriv.so\n"
		"usr/lib64/ld-test.so.2 -> ../lib/x86_64-linux-gnu/ld-test.so.2\n"
		"usr/sbin/tool -> /etc/alternatives/tool\nvar/tmp\n";
	struct system s = new_system();
	_cleanup_(tree_free) struct tree *t = NULL;
	struct buf out = BUF_INIT;

	if (!s.has_compiler) {
		system_done(&s);
		test_skip("no compiler for 64-bit x86");
	}
	ck_ok(build(&s, defaults, "systemd mount", "/usr/share", &t));
	ck_ok(tree_walk(tree_root(t), list_node, &out, &e));
	ck_assert_str_eq(buf_str(&out), want);
	buf_done(&out);
	/* Contents are shared, nothing is setuid, and systemd knows where it is. */
	ck_assert_ptr_eq(tree_file_blob(t, "usr/bin/mount"), tree_file_blob(s.t, "usr/bin/mount"));
	ck_assert_uint_eq(tree_lookup(t, "usr/bin/mount")->inode->mode, S_IFREG | 0755);
	ck_assert_uint_eq(tree_lookup(t, "tmp")->inode->mode, S_IFDIR | 01777);
	ck_assert_uint_eq(tree_file_blob(t, "etc/machine-id")->len, 0);
	ck_assert_mem_eq(tree_file_blob(t, "etc/initrd-release")->data, "ID=test\n", 8);
	struct blob *cache = tree_file_blob(t, "etc/ld.so.cache");
	ck_assert_ptr_nonnull(memmem(cache->data, cache->len, "libopt.so.1", 11));
	ck_assert_ptr_null(memmem(cache->data, cache->len, "libsug.so.1", 11));
	system_done(&s);
}
END_TEST

START_TEST(says_what_is_missing)
{
	struct system s = new_system();
	struct tree *t = NULL;

	if (!s.has_compiler) {
		system_done(&s);
		test_skip("no compiler for 64-bit x86");
	}
	ck_fails(build(&s, defaults, "systemd nosuch", "", &t), -ENOENT, "initrd package nosuch");
	ck_fails(build(&s, defaults, "mount", "", &t), -ENOENT, "name systemd among its packages");
	ck_fails(build(&s, defaults, "systemd mount", "/usr/lib/**/libb.so.*", &t), -EINVAL,
		 "needs /usr/lib/x86_64-linux-gnu/libb.so.1, which the initrd's");
	tree_remove(s.t, tree_lookup(s.t, LIBDIR "/libb.so.1"));
	ck_fails(build(&s, defaults, "systemd mount", "", &t), -ENOENT,
		 "usr/bin/mount needs libb.so.1, which is not in the system: add its package");
	tree_remove(s.t, tree_lookup(s.t, LIBDIR "/ld-test.so.2"));
	ck_fails(build(&s, defaults, "systemd", "", &t), -ENOENT,
		 "usr/lib/systemd/systemd: /lib64/ld-test.so.2 is not in the system");
	ck_assert_ptr_null(t);
	system_done(&s);
}
END_TEST

START_TEST(says_what_remove_did_not_match)
{
	struct system s = new_system();
	_cleanup_(tree_free) struct tree *t = NULL;
	_cleanup_strv_ struct strv unmatched = STRV_INIT;

	if (!s.has_compiler) {
		system_done(&s);
		test_skip("no compiler for 64-bit x86");
	}
	ck_ok(build(&s, (struct initrd_params){ .unmatched = &unmatched }, "systemd mount",
		    "/usr/share /usr/nosuch /usr/**/libopt.so.*", &t));
	ck_assert_uint_eq(unmatched.n, 1);
	ck_assert_str_eq(unmatched.v[0], "/usr/nosuch");
	ck_assert_ptr_null(tree_lookup(t, LIBDIR "/libopt.so.1"));
	system_done(&s);
}
END_TEST

START_TEST(interrupted)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct system s = new_system();
	struct tree *t = NULL;

	if (!s.has_compiler) {
		system_done(&s);
		test_skip("no compiler for 64-bit x86");
	}
	ck_ok(pool_new(1, &pool, &e));
	pool_cancel(pool);
	ck_fails(build(&s, (struct initrd_params){ .pool = pool }, "systemd mount", "", &t),
		 -ECANCELED, "interrupted");
	ck_assert_str_eq(e.msg, "interrupted");
	system_done(&s);
}
END_TEST

START_TEST(a_damaged_program_is_an_error)
{
	struct system s = new_system();
	struct tree *t = NULL;

	put(&s, "mount", "usr/bin/broken",
	    "\x7f"
	    "ELF\2\1 cut");
	ck_fails(
		build(&s, defaults, "mount", "", &t), -EBADMSG,
		"package mount 1: usr/bin/broken: malformed ELF file: shorter than its header; leave the "
		"file out with remove:");
	system_done(&s);
}
END_TEST

START_TEST(modules_come_as_listed)
{
	_cleanup_strv_ struct strv paths = words("usr/lib/modules/6.1/kernel/a.ko");
	_cleanup_strv_ struct strv load = words("dm_verity loop");
	struct initrd_params p = { .kernel_version = "6.1",
				   .module_paths = &paths,
				   .load_modules = &load };
	struct system s = new_system();
	struct tree *t = NULL;

	if (!s.has_compiler) {
		system_done(&s);
		test_skip("no compiler for 64-bit x86");
	}
	put(&s, "systemd", "usr/lib/systemd/systemd", "not ELF here");
	ck_ok(build(&s, p, "systemd", "", &t));
	struct blob *dep = tree_file_blob(t, "usr/lib/modules/6.1/modules.dep");
	ck_assert_ptr_nonnull(dep);
	ck_assert_mem_eq(dep->data, "kernel/a.ko:\n", dep->len);
	ck_assert_ptr_nonnull(tree_file_blob(t, "usr/lib/modules/6.1/modules.alias.bin"));
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/lib/modules/6.1/kernel/a.ko"));
	ck_assert_ptr_null(tree_lookup(t, "usr/lib/modules/6.1/kernel/b.ko"));
	ck_assert_ptr_nonnull(tree_lookup(t, "usr/lib/modules/6.1/modules.builtin"));
	struct blob *b = tree_file_blob(t, "etc/modules-load.d/initrd.conf");
	ck_assert_mem_eq(b->data, "dm_verity\nloop\n", b->len);
	tree_free(t);
	ck_assert_int_eq(strv_add(&paths, "usr/lib/modules/6.1/kernel/c.ko"), 0);
	ck_fails(build(&s, p, "systemd", "", &t), -ENOENT, "kernel module: usr/lib/modules/6.1");
	system_done(&s);
}
END_TEST

START_TEST(the_overlay_wins)
{
	_cleanup_(tree_free) struct tree *over = tree_new();
	struct initrd_params p = { .overlay = over };
	struct tree_meta m = { .mode = 0644 };
	struct system s = new_system();
	_cleanup_(tree_free) struct tree *t = NULL;

	put(&s, "systemd", "usr/lib/systemd/systemd", "not ELF here");
	m.origin = tree_add_origin(over, TREE_ORIGIN_OVERLAY, "initrd", NULL);
	ck_ok(tree_add_file(over, "etc/systemd/system.conf", &m, blob_new_str("ours"), NULL, &e));
	ck_ok(tree_add_file(over, "etc/machine-id", &m, blob_new_str("uninitialized\n"), NULL, &e));
	ck_ok(tree_add_symlink(over, "usr/lib/x.wants/y", &m, "../y", NULL, &e));
	ck_ok(build(&s, p, "systemd", "", &t));
	ck_assert_mem_eq(tree_file_blob(t, "etc/systemd/system.conf")->data, "ours", 4);
	ck_assert_uint_eq(tree_file_blob(t, "etc/machine-id")->len, 14);
	struct tree_node *n = tree_lookup(t, "usr/lib/x.wants/y");
	ck_assert_str_eq(n->inode->target, "../y");
	ck_assert_int_eq(n->inode->origin->kind, TREE_ORIGIN_OVERLAY);
	system_done(&s);
}
END_TEST

START_TEST(hard_links_stay_linked)
{
	struct system s = new_system();
	_cleanup_(tree_free) struct tree *t = NULL;

	put(&s, "systemd", "usr/lib/systemd/systemd", "not ELF here");
	struct tree_node *n = tree_lookup(s.t, "usr/lib/systemd/systemd");
	ck_ok(tree_add_link(s.t, "usr/bin/init", n, NULL, &e));
	ck_ok(build(&s, defaults, "systemd", "", &t));
	ck_assert_ptr_eq(tree_lookup(t, "usr/bin/init")->inode,
			 tree_lookup(t, "usr/lib/systemd/systemd")->inode);
	ck_assert_uint_eq(tree_lookup(t, "usr/bin/init")->inode->nlink, 2);
	system_done(&s);
}
END_TEST

TEST_MAIN("initrd", interrupted, says_what_remove_did_not_match,
	  holds_the_packages_and_what_they_need, says_what_is_missing,
	  a_damaged_program_is_an_error, modules_come_as_listed, the_overlay_wins,
	  hard_links_stay_linked)
