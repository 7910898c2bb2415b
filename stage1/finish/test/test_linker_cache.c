/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>

#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/finish/linker_cache.h"
#include "stage1/finish/linker_cache_file.h"

#define ARCH "x86-64"

static struct err e;

static bool run(const char *const *argv, const char *dir, struct buf *out)
{
	struct buf diag = BUF_INIT;
	int status = 0;

	int r = run_program(
		&(struct run_params){ .argv = argv, .dir = dir, .out = out, .diag = &diag },
		&status, &e);
	buf_done(&diag);
	return r == 0 && status == 0;
}

/* Adds what lies in a directory on this machine to a tree. */
static void load(struct tree *t, const char *top, const char *below)
{
	_cleanup_free_ char *dir = str_printf("%s/%s", top, below);
	struct tree_meta m = { .mode = 0755 };
	DIR *d = opendir(dir);
	struct dirent *de;

	ck_assert_ptr_nonnull(d);
	while ((de = readdir(d))) {
		_cleanup_free_ char *path =
			str_printf("%s%s%s", below, *below ? "/" : "", de->d_name);
		_cleanup_free_ char *full = str_printf("%s/%s", top, path);
		char target[256] = "";
		struct blob *b;
		if (de->d_name[0] == '.')
			continue;
		if (de->d_type == DT_DIR) {
			ck_ok(tree_add_dir(t, path, &m, NULL, &e));
			load(t, top, path);
		} else if (de->d_type == DT_LNK) {
			ck_assert_int_gt(readlink(full, target, sizeof(target) - 1), 0);
			ck_ok(tree_add_symlink(t, path, &m, target, NULL, &e));
		} else {
			ck_ok(blob_new_file(AT_FDCWD, full, &b, &e));
			ck_ok(tree_add_file(t, path, &m, b, NULL, &e));
		}
	}
	closedir(d);
}

static int list_node(struct tree_node *n, void *ctx, struct err *err unused_)
{
	_cleanup_free_ char *path = tree_path(n);

	buf_printf(ctx, "%s%s%s\n", path, n->inode->target ? " -> " : "",
		   n->inode->target ? n->inode->target : "");
	return 0;
}

static char *list(const struct tree *t)
{
	struct buf b = BUF_INIT;

	ck_ok(tree_walk(tree_root(t), list_node, &b, &e));
	return buf_take_str(&b);
}

static void put(const char *top, const char *path, const char *text)
{
	_cleanup_free_ char *full = str_printf("%s/%s", top, path);
	char *slash = strrchr(full, '/');

	*slash = '\0';
	const char *const argv[] = { "mkdir", "-p", full, NULL };
	ck_assert(run(argv, NULL, NULL));
	*slash = '/';
	ck_ok(outfile_write(full, 0644, text, strlen(text), &e));
}

static void put_link(const char *top, const char *path, const char *target)
{
	_cleanup_free_ char *full = str_printf("%s/%s", top, path);

	ck_assert_int_eq(symlink(target, full), 0);
}

/* A library with a soname (or none), for a word size and a level of CPU. */
static bool library(const char *top, const char *path, const char *soname, const char *word,
		    const char *level)
{
	_cleanup_free_ char *name = str_printf("-Wl,-soname,%s", soname ? soname : "");
	_cleanup_free_ char *isa = str_printf("-Wl,-z,%s", level ? level : "norelro");
	const char *const argv[] = { "cc", "-shared", "-fPIC", "-nostdlib",	      word, isa,
				     "-o", path,      "x.c",   soname ? name : "-g0", NULL };

	put(top, path, "");
	return run(argv, top, NULL);
}

/* A libc for the cache's maker to name itself by: the version that this machine's ldconfig has. */
static bool fake_libc(const char *top, bool *ret_newer)
{
	static const char *const version[] = { "/sbin/ldconfig", "--version", NULL };
	struct buf out = BUF_INIT, code = BUF_INIT;
	bool ok = run(version, NULL, &out) && str_has_prefix(buf_str(&out), "ldconfig (");

	if (ok) { /* "ldconfig (Debian GLIBC 2.36-9) 2.36" */
		const char *s = buf_str(&out) + strlen("ldconfig ");
		int line = (int)strcspn(s, "\n"), who = (int)(strstr(s, ") ") + 1 - s);
		int minor = atoi(strchr(s + who, '.') + 1);
		*ret_newer = minor >= 37;
		buf_printf(
			&code,
			"const char v[] = \"GNU C Library %.*s stable release version %.*s.\\n\";",
			who, s, line - who - 1, s + who + 1);
		put(top, "x.c", buf_str(&code));
		ok = library(top, "lib/libc.so.6", "libc.so.6", "-m64", NULL);
		put(top, "x.c", "int f(void) { return 0; }\n");
	}
	buf_done(&code);
	buf_done(&out);
	return ok;
}

/* What ldconfig before 2.37 saw as another kind of library, or did not pass over. */
static bool needs_newer(const char *path, const char *word)
{
	return str_eq(word, "-m32") || str_has_suffix(path, ".dpkg-new");
}

static bool make_root(const char *top)
{
	static const struct {
		const char *path, *soname, *word, *level;
	} libraries[] = {
		{ "lib/libone.so.1.2.3", "libone.so.1", "-m64", NULL },
		{ "lib/libone.so.1.10.0", "libone.so.1", "-m64", NULL },
		{ "lib/libtwo.so.2", "libtwo.so.2", "-m64", NULL },
		{ "lib/libnone-1.0.so", NULL, "-m64", NULL },
		{ "lib/libother.so.7", "libnamed.so.8", "-m64", NULL },
		{ "lib/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2", "-m64", NULL },
		{ "lib/ld-2.99.so", "ld-linux-x86-64.so.2", "-m64", NULL },
		{ "lib/notalib.so.1", "notalib.so.1", "-m64", NULL },
		{ "lib/libtemp.so.1.dpkg-new", "libtemp.so.1", "-m64", NULL },
		{ "opt/a/libtwo.so.2", "libtwo.so.2", "-m64", NULL },
		{ "opt/a/liba10.so.1", "liba10.so.1", "-m64", NULL },
		{ "opt/a/liba9.so.1", "liba9.so.1", "-m64", NULL },
		{ "opt/b/libb.so.1.5", "libb.so.1", "-m64", NULL },
		{ "opt/b/libtwo.so.2.0", "libtwo.so.2", "-m64", NULL },
		{ "opt/b/libthirty.so.1", "libthirty.so.1", "-m32", NULL },
		{ "lib/glibc-hwcaps/x86-64-v3/libtwo.so.2.9", "libtwo.so.2", "-m64", "x86-64-v3" },
		{ "lib/glibc-hwcaps/x86-64-v2/libtwo.so.2", "libtwo.so.2", "-m64", "x86-64-v2" },
		{ "lib/glibc-hwcaps/x86-64-v4/unused.so", "u", "-m64", NULL },
	};

	bool newer;

	if (!fake_libc(top, &newer))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++)
		if ((newer || !needs_newer(libraries[i].path, libraries[i].word)) &&
		    !library(top, libraries[i].path, libraries[i].soname, libraries[i].word,
			     libraries[i].level))
			return false;
	put(top, "etc/ld.so.conf",
	    "# first\n  include /etc/ld.so.conf.d/*.conf # more\n/opt/b/ \t\n"
	    "/nowhere\nhwcap 0 nosegneg\n/opt/a\n");
	put(top, "etc/ld.so.conf.d/b.conf", "/opt/b\n");
	put(top, "etc/ld.so.conf.d/a.conf", "/opt/alias//\n");
	put(top, "etc/ld.so.conf.d/.hidden.conf", "/lib\n");
	put(top, "etc/ld.so.conf.d/other.txt", "/lib\n");
	put(top, "lib/libscript.so", "/* GNU ld script */ GROUP ( x )\n");
	put_link(top, "opt/alias", "a");
	put_link(top, "lib/libtwo.so", "libtwo.so.2");
	put_link(top, "lib/libone.so", "libone.so.1.2.3");
	put_link(top, "lib/libone.so.1", "libone.so.1.2.3"); /* not the newest */
	put_link(top, "lib/libstale.so.3", "libstale.so.3.0");
	put_link(top, "lib/libstale.so", "libstale.so.3");
	put_link(top, "opt/b/libdir.so.1", "/opt");
	put_link(top, "opt/b/libabsolute.so", "/opt/a/liba9.so.1");
	return true;
}

START_TEST(equal_to_ldconfig)
{
	char *top = test_dir();
	const char *const ldconfig[] = { "/sbin/ldconfig", "-r", top, NULL };
	struct tree_meta m = { .mode = 0644, .mtime = 1 };

	if (!make_root(top)) {
		test_dir_remove(top);
		test_skip("no Debian ldconfig, or no compiler for x86");
	}
	_cleanup_(tree_free) struct tree *ours = tree_new(), *theirs = tree_new();
	load(ours, top, "");
	ck_assert(run(ldconfig, NULL, NULL));
	load(theirs, top, "");
	struct tree_node *var = tree_lookup(theirs, "var");
	if (var) /* its own notes about files */
		tree_remove(theirs, var);
	ck_ok(linker_cache_update(ours, ARCH, &m, &e));
	struct blob *want = tree_file_blob(theirs, "etc/ld.so.cache");
	struct blob *have = tree_file_blob(ours, "etc/ld.so.cache");
	ck_assert(want && have);
	ck_assert_uint_eq(have->len, want->len);
	ck_assert_mem_eq(have->data, want->data, want->len);
	_cleanup_free_ char *our_names = list(ours), *their_names = list(theirs);
	ck_assert_str_eq(our_names, their_names);
	ck_assert_ptr_nonnull(strstr(our_names, "lib/libone.so.1 -> libone.so.1.10.0\n"));
	ck_assert_ptr_nonnull(memmem(have->data, have->len, "x86-64-v3", 9));
	/* Nothing is left to do. */
	ck_ok(linker_cache_update(ours, ARCH, &m, &e));
	ck_assert(blob_equal(tree_file_blob(ours, "etc/ld.so.cache"), want));
	test_dir_remove(top);
}
END_TEST

static void add(struct tree *t, const char *path, const char *text)
{
	struct tree_meta m = { .mode = 0644 };

	ck_ok(tree_put_file(t, path, &m, blob_new_str(text), NULL, &e));
}

START_TEST(nothing_to_do_without_libc_or_conf)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0644 };

	add(t, "lib/libc.so.6", "GNU C Library (x) stable release version 1.\n");
	ck_ok(linker_cache_update(t, ARCH, &m, &e));
	ck_assert_ptr_null(tree_lookup(t, "etc/ld.so.cache"));
	add(t, "etc/ld.so.conf", "");
	tree_remove(t, tree_lookup(t, "lib/libc.so.6"));
	ck_ok(linker_cache_update(t, ARCH, &m, &e));
	ck_assert_ptr_null(tree_lookup(t, "etc/ld.so.cache"));
}
END_TEST

START_TEST(an_empty_cache_is_a_cache)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0644 };

	add(t, "lib/libc.so.6", "GNU C Library (x) stable release version 1.\n");
	add(t, "etc/ld.so.conf", "");
	ck_ok(linker_cache_update(t, ARCH, &m, &e));
	struct blob *b = tree_file_blob(t, "etc/ld.so.cache");
	ck_assert_uint_eq(b->len, 48 + 8 + 16 + strlen("ldconfig (x) stable release version 1"));
	ck_assert_mem_eq(b->data, "glibc-ld.so.cache1.1\0\0\0\0\0\0\0\0\2\0\0\0\60\0\0\0", 36);
}
END_TEST

START_TEST(what_cannot_be_is_an_error)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct tree_meta m = { .mode = 0644 };

	add(t, "etc/ld.so.conf", "include ld.so.conf\n");
	ck_fails(linker_cache_update(t, ARCH, &m, &e), -EINVAL, "nested");
	ck_fails(linker_cache_update(t, "vax", &m, &e), -EINVAL, "\"vax\"");
	add(t, "etc/ld.so.conf", "");
	add(t, "lib/libc.so.6", "no version");
	ck_fails(linker_cache_update(t, ARCH, &m, &e), -EINVAL, "lib/libc.so.6: no version");
	add(t, "lib/libc.so.6", "GNU C Library (x) stable release version 1.\n");
	add(t, "lib/libbad.so.1",
	    "\x7f"
	    "ELF\2\1 and no more");
	ck_fails(linker_cache_update(t, ARCH, &m, &e), -EBADMSG, "lib/libbad.so.1: malformed ELF");
}
END_TEST

START_TEST(names_are_ordered_as_versions)
{
	static const char *const sorted[] = { "lib",	   "lib.so",	"libx",	      "libx.so",
					      "libx.so.1", "libx.so.2", "libx.so.10", "libx1.so" };

	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sorted); k++) {
			int c = linker_version_compare(sorted[i], sorted[k]);
			ck_assert_int_eq((c > 0) - (c < 0), (i > k) - (i < k));
		}
	ck_assert_int_eq(linker_version_compare("lib01.so", "lib1.so"), 0);
}
END_TEST

START_TEST(flags_of_machines)
{
	static const struct {
		struct elf elf;
		const char *arch;
		uint32_t flags;
	} v[] = {
		{ { .bits = 64, .machine = 62 }, "x86-64", 0x303 },
		{ { .bits = 32, .machine = 62 }, "x86-64", 0x803 },
		{ { .bits = 32, .machine = 3 }, "x86-64", 0x003 },
		{ { .bits = 64, .machine = 183 }, "x86-64", 0 },
		{ { .bits = 64, .machine = 183 }, "arm64", 0xa03 },
		{ { .bits = 32, .machine = 40, .flags = 0x05000400 }, "arm64", 0x903 },
		{ { .bits = 32, .machine = 40, .flags = 0x05000200 }, "arm64", 0xb03 },
		{ { .bits = 32, .machine = 40, .flags = 0x05000000 }, "arm64", 0x003 },
		{ { .bits = 64, .machine = 62 }, "arm64", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		ck_assert_uint_eq(linker_flags(&v[i].elf, v[i].arch), v[i].flags);
}
END_TEST

TEST_MAIN("linker-cache", equal_to_ldconfig, nothing_to_do_without_libc_or_conf,
	  an_empty_cache_is_a_cache, what_cannot_be_is_an_error, names_are_ordered_as_versions,
	  flags_of_machines)
