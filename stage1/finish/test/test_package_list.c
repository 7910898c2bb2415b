/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"

#define LIST  "usr/lib/dpkg/status.d/"
#define SUM_A "0123456789abcdef0123456789abcdef"
#define SUM_B "fedcba9876543210fedcba9876543210"

/* A package with a control file and md5sums, which may be NULL; @control stays the caller's. */
static void package(struct fixture *f, const char *name, const char *control, const char *sums)
{
	fx_package(f, name, sums);
	f->packages[f->p.n_packages - 1].control = (char *)control;
	if (sums)
		strcpy(f->packages[f->p.n_packages - 1].scripts[0].name, "md5sums");
}

static void file_of(struct fixture *f, const char *name, const char *path)
{
	struct tree_meta m = {
		.mode = 0644,
		.origin = tree_add_origin(f->tree, TREE_ORIGIN_PACKAGE, name, "1"),
	};
	struct err e;

	ck_ok(tree_add_file(f->tree, path, &m, blob_new_str("x"), NULL, &e));
}

START_TEST(fields_as_they_are)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	package(&f, "a",
		"\nPackage: a\nStatus: deinstall ok\nSource: s (2)\nstatus : purge\nVersion: 1:2-3\n"
		"Description: short\n long\n .\n  more\n\nPackage: other\n",
		NULL);
	package(&f, "b+c", "Package: b+c\nVersion: 1", NULL);
	ck_ok(finish_package_list(&f.p, &e));
	fx_expect_text(&f, LIST "a",
		       "Package: a\nStatus: install ok installed\nSource: s (2)\nVersion: 1:2-3\n"
		       "Description: short\n long\n .\n  more\n");
	fx_expect_text(&f, LIST "b+c", "Package: b+c\nStatus: install ok installed\nVersion: 1\n");
	fx_expect_none(&f, LIST "a.md5sums");
	fx_expect_none(&f, "usr/lib/systemd");
	fx_done(&f);
}
END_TEST

/* Only what is in /usr, and is the package's own. */
START_TEST(sums_of_what_is_here)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	package(&f, "a", "Package: a\nVersion: 1\n",
		SUM_A "  lib/one\n" SUM_B "  usr/share/a file\n" SUM_A "  usr/gone\n" SUM_A
		      "  usr/overlaid\n" SUM_A "  usr/theirs\n" SUM_A "  boot/vmlinuz\n" SUM_A
		      "  usr/share\n" SUM_A " usr/one-space\n" SUM_A "00  usr/too-long\n"
		      "usr/no-sum\n" SUM_B "  usr/../usr/lib/one");
	package(&f, "b", "Package: b\nVersion: 1\n", SUM_A "  usr/gone\n");
	file_of(&f, "a", "usr/lib/one");
	file_of(&f, "a", "usr/share/a file");
	file_of(&f, "a", "usr/overlaid");
	file_of(&f, "a", "usr/one-space");
	file_of(&f, "a", "usr/too-long");
	file_of(&f, "a", "boot/vmlinuz");
	file_of(&f, "b", "usr/theirs");
	/* An overlay may have a package's name. */
	struct tree_meta m = {
		.mode = 0644,
		.origin = tree_add_origin(f.tree, TREE_ORIGIN_OVERLAY, "a", NULL),
	};
	ck_ok(tree_put_file(f.tree, "usr/overlaid", &m, blob_new_str("mine"), NULL, &e));
	ck_ok(finish_package_list(&f.p, &e));
	fx_expect_text(&f, LIST "a.md5sums", SUM_A "  usr/lib/one\n" SUM_B "  usr/share/a file\n");
	fx_expect_none(&f, LIST "b.md5sums");
	fx_done(&f);
}
END_TEST

START_TEST(mounted_by_systemd)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	package(&f, "systemd", "Package: systemd\nVersion: 257\n", NULL);
	ck_ok(finish_package_list(&f.p, &e));
	fx_expect_holds(&f, "usr/lib/systemd/system/var-lib-dpkg.mount",
			"What=/usr/lib/dpkg\nWhere=/var/lib/dpkg\nType=none\nOptions=bind,ro\n");
	fx_expect_link(&f, "usr/lib/systemd/system/local-fs.target.wants/var-lib-dpkg.mount",
		       "../var-lib-dpkg.mount");
	fx_done(&f);
}
END_TEST

START_TEST(bad_control)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	package(&f, "a", "Package: a\nnonsense\n", NULL);
	ck_fails(finish_package_list(&f.p, &e), -EBADMSG, "package a: control has a line");
	f.packages[0].control = (char *)"\n\n";
	ck_fails(finish_package_list(&f.p, &e), -EBADMSG, "package a: control is empty");
	fx_done(&f);
}
END_TEST

/* The list, one file after the other, is a status file to dpkg. */
START_TEST(read_by_dpkg_query)
{
	struct fixture f;
	struct err e;
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (!test_has_program("dpkg-query"))
		test_skip("no dpkg-query");
	fx_init(&f);
	package(&f, "a",
		"Package: a\nVersion: 1:2-3\nArchitecture: amd64\nMaintainer: M <m@x>\n"
		"Description: short\n long\n",
		NULL);
	package(&f, "b",
		"Package: b\nSource: s\nVersion: 4\nArchitecture: all\nMaintainer: M <m@x>\n"
		"Description: short\n",
		NULL);
	ck_ok(finish_package_list(&f.p, &e));
	char *dir = fx_write(&f);
	_cleanup_free_ char *cmd = str_printf("cd %s && for f in " LIST "*; do cat $f; echo; done "
					      ">status && : >available && mkdir info updates",
					      dir);
	ck_assert_int_eq(system(cmd), 0);
	_cleanup_free_ char *admin = str_printf("--admindir=%s", dir);
	const char *const argv[] = {
		"dpkg-query",
		admin,
		"-W",
		"-f",
		"${Package} ${Version} ${Architecture} ${source:Package} ${db:Status-Status}\\n",
		NULL
	};
	ck_ok(run_program(&(struct run_params){ .argv = argv, .out = &out }, NULL, &e));
	ck_assert_str_eq(buf_str(&out), "a 1:2-3 amd64 a installed\nb 4 all s installed\n");
	test_dir_remove(dir);
	fx_done(&f);
}
END_TEST

TEST_MAIN("package-list", fields_as_they_are, sums_of_what_is_here, mounted_by_systemd, bad_control,
	  read_by_dpkg_query)
