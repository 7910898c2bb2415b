/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"

START_TEST(highest_priority)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_link(&f, "bin", "usr/bin");
	fx_file(&f, "usr/sbin/iptables-legacy", "x");
	fx_file(&f, "usr/sbin/iptables-nft", "x");
	fx_file(&f, "usr/sbin/iptables-nft-save", "x");
	fx_file(&f, "usr/bin/nc.openbsd", "x");
	fx_file(&f, "usr/bin/less", "x");
	fx_file(&f, "usr/bin/more", "x");
	fx_package(
		&f, "iptables",
		"if [ \"$1\" = configure ]; then\n"
		"\tupdate-alternatives \\\n"
		"\t  --install /usr/sbin/iptables iptables /usr/sbin/iptables-legacy 10 \\\n"
		"\t  --slave /usr/sbin/iptables-save iptables-save /usr/sbin/iptables-legacy-save\n"
		"        update-alternatives \\\n"
		"          --install /usr/sbin/iptables iptables /usr/sbin/iptables-nft 20 \\\n"
		"          --slave /usr/sbin/iptables-restore iptables-restore "
		"/usr/sbin/iptables-nft-restore \\\n"
		"          --slave /usr/sbin/iptables-save iptables-save "
		"/usr/sbin/iptables-nft-save\nfi\n");
	fx_package(&f, "less",
		   "update-alternatives --quiet --install /usr/bin/pager pager \\\n"
		   "  /usr/bin/less 77 --slave /usr/share/man/man1/pager.1.gz \\\n"
		   "  pager.1.gz /usr/share/man/man1/less.1.gz\n");
	fx_package(&f, "netcat", "update-alternatives --install /bin/nc nc /bin/nc.openbsd 50\n");
	fx_package(&f, "util-linux",
		   "update-alternatives --install /usr/bin/pager pager /bin/more 50 || true\n"
		   "update-alternatives --install /usr/bin/$x y /bin/more 50\n"
		   "update-alternatives --install /usr/bin/gone gone /bin/gone 50\n"
		   "update-alternatives --install /usr/bin/p q /bin/more\n"
		   "update-alternatives --install /usr/bin/p ../q /bin/more 5\n"
		   "update-alternatives --remove pager /bin/more\n");
	ck_ok(finish_alternatives(&f.p, &e));
	fx_expect_link(&f, "usr/sbin/iptables", "/etc/alternatives/iptables");
	fx_expect_link(&f, "etc/alternatives/iptables", "/usr/sbin/iptables-nft");
	fx_expect_link(&f, "usr/sbin/iptables-save", "/etc/alternatives/iptables-save");
	fx_expect_link(&f, "etc/alternatives/iptables-save", "/usr/sbin/iptables-nft-save");
	fx_expect_none(&f, "usr/sbin/iptables-restore");
	fx_expect_link(&f, "usr/bin/pager", "/etc/alternatives/pager");
	fx_expect_link(&f, "etc/alternatives/pager", "/usr/bin/less");
	fx_expect_none(&f, "etc/alternatives/pager.1.gz");
	fx_expect_link(&f, "usr/bin/nc", "/etc/alternatives/nc");
	fx_expect_none(&f, "etc/alternatives/gone");
	ck_assert_uint_eq(tree_lookup(f.tree, "etc/alternatives")->n_children, 4);
	fx_done(&f);
}
END_TEST

/* A file stays a file, and the overlay's choice stays its choice. */
START_TEST(what_is_there_stays)
{
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "usr/bin/vim", "x");
	fx_file(&f, "usr/bin/nano", "x");
	fx_file(&f, "usr/bin/ex", "a program");
	struct tree_meta m = { .origin = tree_add_origin(f.tree, TREE_ORIGIN_OVERLAY, "o", NULL) };
	ck_ok(tree_add_symlink(f.tree, "etc/alternatives/editor", &m, "/usr/bin/nano", NULL, &e));
	fx_package(&f, "vim",
		   "update-alternatives --install /usr/bin/editor editor /usr/bin/vim 15\n"
		   "update-alternatives --install /usr/bin/ex ex /usr/bin/vim 15\n");
	ck_ok(finish_alternatives(&f.p, &e));
	fx_expect_link(&f, "usr/bin/editor", "/etc/alternatives/editor");
	fx_expect_link(&f, "etc/alternatives/editor", "/usr/bin/nano");
	fx_expect_text(&f, "usr/bin/ex", "a program");
	fx_expect_none(&f, "etc/alternatives/ex");
	fx_done(&f);
}
END_TEST

static void expect_disk_link(const char *dir, const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = str_printf("%s/%s", dir, path);
	char target[256] = "";

	ck_assert_int_gt(readlink(full, target, sizeof(target) - 1), 0);
	fx_expect_link(f, path, target);
}

START_TEST(like_update_alternatives)
{
	static const char *const calls[] = {
		"/usr/bin/a 5 --slave /usr/share/x x /usr/share/xa",
		("/usr/bin/c 9 --slave /usr/share/x x /usr/share/xc "
		 "--slave /usr/share/y y /usr/share/yc"),
		"/usr/bin/b 7",
	};
	_cleanup_buf_ struct buf script = BUF_INIT, diag = BUF_INIT;
	struct fixture f;
	struct err e;
	int status = 0;

	if (!test_has_program("update-alternatives"))
		test_skip("update-alternatives is not here");
	fx_init(&f);
	fx_file(&f, "usr/bin/a", "");
	fx_file(&f, "usr/bin/b", "");
	fx_file(&f, "usr/bin/c", "");
	fx_file(&f, "usr/share/xa", "");
	fx_file(&f, "usr/share/xc", "");
	fx_dir(&f, "etc/alternatives", 0755, 0, 0);
	fx_dir(&f, "var/lib/dpkg/alternatives", 0755, 0, 0);
	fx_dir(&f, "var/log", 0755, 0, 0);
	char *dir = fx_write(&f);
	for (size_t i = 0; i < ARRAY_SIZE(calls) && status == 0; i++) {
		_cleanup_free_ char *line =
			str_printf("update-alternatives --root %s --install /usr/bin/prog prog %s",
				   dir, calls[i]);
		_cleanup_strv_ struct strv words = STRV_INIT;
		ck_assert_int_eq(strv_split(&words, line, " "), 0);
		const char *const *v = (const char *const *)words.v;
		ck_ok(run_program(&(struct run_params){ .argv = v, .diag = &diag }, &status, &e));
	}
	if (status == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
			buf_printf(&script, "update-alternatives --install /usr/bin/prog prog %s\n",
				   calls[i]);
		fx_package(&f, "p", buf_str(&script));
		ck_ok(finish_alternatives(&f.p, &e));
		expect_disk_link(dir, &f, "usr/bin/prog");
		expect_disk_link(dir, &f, "etc/alternatives/prog");
		expect_disk_link(dir, &f, "usr/share/x");
		expect_disk_link(dir, &f, "etc/alternatives/x");
		fx_expect_none(&f, "etc/alternatives/y");
	}
	test_dir_remove(dir);
	fx_done(&f);
	if (status != 0)
		test_skip("update-alternatives does not work here: %s", buf_str(&diag));
}
END_TEST

TEST_MAIN("alternatives", highest_priority, what_is_there_stays, like_update_alternatives)
