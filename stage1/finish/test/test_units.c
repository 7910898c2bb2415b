/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/script.h"
#include "stage1/finish/test/fixture.h"
#include "stage1/finish/unit_file.h"

#define DIR    "usr/lib/systemd/system/"
#define ETC    "etc/systemd/system/"
#define PRESET "usr/lib/systemd/system-preset/00-slipway.preset"

/* What debhelper writes for a unit that is enabled when its package is installed. */
#define ENABLED(unit)                                                         \
	"if [ \"$1\" = \"configure\" ] ; then\n"                              \
	"\tdeb-systemd-helper unmask '" unit "' >/dev/null || true\n"         \
	"\tif deb-systemd-helper --quiet was-enabled '" unit "'; then\n"      \
	"\t\tdeb-systemd-helper enable '" unit "' >/dev/null || true\n"       \
	"\telse\n"                                                            \
	"\t\tdeb-systemd-helper update-state '" unit "' >/dev/null || true\n" \
	"\tfi\nfi\n"
/* And for one that is not. */
#define NOT_ENABLED(unit)                                                \
	"if deb-systemd-helper debian-installed '" unit "'; then\n"      \
	"\tif deb-systemd-helper --quiet was-enabled '" unit "'; then\n" \
	"\t\tdeb-systemd-helper enable '" unit "' >/dev/null || true\n"  \
	"\tfi\nfi\n"                                                     \
	"deb-systemd-helper update-state '" unit "' >/dev/null || true\n"

static void units(struct fixture *f)
{
	fx_init(f);
	fx_file(f, DIR "ssh.service",
		"[Unit]\nAfter=x\n[Service]\nExecStart=/bin/x \\\n  [Install]\n"
		"[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n");
	fx_file(f, DIR "ssh.socket", "[Install]\nWantedBy=sockets.target\n");
	fx_file(f, DIR "net.service",
		"[Install]\nWantedBy=multi-user.target\nAlso=net.socket wait.service gone.service\n"
		"RequiredBy=health.target\n");
	fx_file(f, DIR "net.socket", "[Install]\nWantedBy=sockets.target\nAlso=net.service\n");
	fx_file(f, DIR "wait.service", "[Install]\nWantedBy=network-online.target\n");
	fx_file(f, DIR "getty@.service",
		"[Install]\nWantedBy=getty.target %p-%i.target\nDefaultInstance=tty1\n");
	fx_link(f, DIR "autovt@.service", "getty@.service");
	fx_file(f, DIR "plain@.service",
		"[Install]\nWantedBy=getty.target\nAlias=other@.service\n");
	fx_file(f, DIR "static.service", "[Service]\nExecStart=/bin/x\n");
	fx_file(f, "usr/lib/systemd/user/agent.socket", "[Install]\nWantedBy=sockets.target\n");
}

static void add(struct strv *l, const char *s)
{
	ck_assert_int_eq(strv_add(l, s), 0);
}

START_TEST(scripts_decide)
{
	struct fixture f;
	struct err e;

	units(&f);
	fx_package(&f, "openssh-server", ENABLED("ssh.service") NOT_ENABLED("ssh.socket"));
	fx_package(&f, "openssh-client",
		   "if deb-systemd-helper --quiet --user was-enabled 'agent.socket' ; then\n"
		   "\tdeb-systemd-helper --user enable 'agent.socket' >/dev/null || true\nfi\n");
	ck_ok(finish_units(&f.p, &e));
	fx_expect_link(&f, ETC "multi-user.target.wants/ssh.service", "/" DIR "ssh.service");
	fx_expect_link(&f, ETC "sshd.service", "/" DIR "ssh.service");
	fx_expect_link(&f, "etc/systemd/user/sockets.target.wants/agent.socket",
		       "/usr/lib/systemd/user/agent.socket");
	fx_expect_none(&f, ETC "sockets.target.wants");
	fx_expect_none(&f, ETC "[Install].wants");
	fx_expect_text(&f, PRESET,
		       "# Settled when the image was built.\nenable ssh.service\ndisable *\n");
	fx_expect_text(&f, "usr/lib/systemd/user-preset/00-slipway.preset",
		       "# Settled when the image was built.\nenable agent.socket\ndisable *\n");
	fx_done(&f);
}
END_TEST

START_TEST(systemd_by_hand)
{
	struct fixture f;
	struct err e;

	units(&f);
	fx_package(&f, "systemd", "systemctl enable getty@tty1.service || true\n");
	ck_ok(finish_units(&f.p, &e));
	fx_expect_link(&f, ETC "getty.target.wants/getty@tty1.service", "/" DIR "getty@.service");
	fx_expect_link(&f, ETC "getty-tty1.target.wants/getty@tty1.service",
		       "/" DIR "getty@.service");
	fx_expect_holds(&f, PRESET, "enable getty@.service tty1\n");
	fx_done(&f);
}
END_TEST

START_TEST(presets)
{
	struct fixture f;
	struct err e;

	units(&f);
	fx_package(&f, "openssh-server", ENABLED("ssh.service") ENABLED("ssh.socket"));
	fx_file(&f, "usr/lib/systemd/system-preset/90-systemd.preset",
		"# comment\nenable ssh.socket\ndisable ssh.*\nenable wait.service\n");
	fx_overlay_file(&f, "usr/lib/systemd/system-preset/50-node.preset",
			"enable getty@.service tty2 tty3\nignore plain@*\n");
	ck_ok(finish_units(&f.p, &e));
	/* A package's preset takes away, and only the overlay's adds. */
	fx_expect_link(&f, ETC "sockets.target.wants/ssh.socket", "/" DIR "ssh.socket");
	fx_expect_none(&f, ETC "multi-user.target.wants");
	fx_expect_none(&f, ETC "network-online.target.wants");
	fx_expect_link(&f, ETC "getty.target.wants/getty@tty2.service", "/" DIR "getty@.service");
	fx_expect_link(&f, ETC "getty.target.wants/getty@tty3.service", "/" DIR "getty@.service");
	fx_done(&f);
	units(&f);
	fx_file(&f, "usr/lib/systemd/system-preset/90-bad.preset", "enable a.service\nenabled x\n");
	ck_fails(finish_units(&f.p, &e), -EBADMSG, "90-bad.preset:2");
	fx_done(&f);
}
END_TEST

START_TEST(recipe_lists)
{
	struct fixture f;
	struct err e;

	units(&f);
	fx_package(&f, "openssh-server", ENABLED("ssh.service"));
	fx_link(&f, ETC "sockets.target.wants/ssh.socket", "/" DIR "ssh.socket");
	fx_link(&f, ETC "old.service", "/" DIR "ssh.socket");
	add(&f.enable, "net.service");
	add(&f.enable, "plain@a-b.service");
	add(&f.disable, "ssh.socket");
	add(&f.mask, "static.service");
	add(&f.mask, "ssh.service");
	ck_ok(finish_units(&f.p, &e));
	fx_expect_link(&f, ETC "multi-user.target.wants/net.service", "/" DIR "net.service");
	fx_expect_link(&f, ETC "health.target.requires/net.service", "/" DIR "net.service");
	fx_expect_link(&f, ETC "sockets.target.wants/net.socket", "/" DIR "net.socket");
	fx_expect_link(&f, ETC "network-online.target.wants/wait.service", "/" DIR "wait.service");
	fx_expect_link(&f, ETC "getty.target.wants/plain@a-b.service", "/" DIR "plain@.service");
	fx_expect_link(&f, ETC "other@a-b.service", "/" DIR "plain@.service");
	fx_expect_link(&f, ETC "static.service", "/dev/null");
	fx_expect_link(&f, ETC "ssh.service", "/dev/null");
	fx_expect_none(&f, ETC "sshd.service");
	fx_expect_none(&f, ETC "sockets.target.wants/ssh.socket");
	fx_expect_none(&f, ETC "old.service");
	fx_done(&f);
}
END_TEST

START_TEST(drop_ins)
{
	struct fixture f;
	struct err e;

	units(&f);
	fx_overlay_file(&f, ETC "ssh.service.d/10-node.conf",
			"[Install]\nWantedBy=\nWantedBy=boot-complete.target\n");
	add(&f.enable, "ssh.service");
	ck_ok(finish_units(&f.p, &e));
	fx_expect_link(&f, ETC "boot-complete.target.wants/ssh.service", "/" DIR "ssh.service");
	fx_expect_none(&f, ETC "multi-user.target.wants");
	fx_done(&f);
}
END_TEST

static void fails(struct strv *(*list)(struct fixture *f), const char *unit, const char *want)
{
	struct fixture f;
	struct err e;

	units(&f);
	add(list(&f), unit);
	ck_fails(finish_units(&f.p, &e), -EINVAL, want);
	ck_assert_msg(strstr(e.msg, unit), "%s", e.msg);
	fx_done(&f);
}

static struct strv *enable(struct fixture *f)
{
	return &f->enable;
}

static struct strv *disable(struct fixture *f)
{
	return &f->disable;
}

static struct strv *mask(struct fixture *f)
{
	return &f->mask;
}

START_TEST(bad_lists)
{
	struct fixture f;
	struct err e;

	fails(enable, "sshh.service", "near names: ssh.service");
	fails(enable, "openssh.service", "near names: ssh.service");
	fails(enable, "ssh", "near names: ssh.service, ssh.socket");
	fails(disable, "netts.service", "disable: the image has no unit");
	fails(mask, "zzzzzzzzzzzz.service", "mask: the image has no unit");
	fails(mask, "../ssh.service", "mask: the image has no unit");
	fails(enable, "static.service", "no [Install]");
	fails(enable, "plain@.service", "without a default instance");
	units(&f);
	add(&f.enable, "ssh.service");
	add(&f.mask, "ssh.service");
	ck_fails(finish_units(&f.p, &e), -EINVAL, "both enabled and masked");
	fx_done(&f);
	units(&f);
	add(&f.enable, "ssh.service");
	fx_overlay_file(&f, ETC "sshd.service", "[Service]\n");
	ck_fails(finish_units(&f.p, &e), -EEXIST, "sshd.service");
	fx_done(&f);
}
END_TEST

static int count_call(void *ctx, const struct strv *args, struct err *e)
{
	struct buf *b = ctx;

	(void)e;
	for (size_t i = 0; i < args->n; i++)
		buf_printf(b, "%s%s", i ? "|" : "[", args->v[i]);
	buf_append_str(b, "]");
	return 0;
}

START_TEST(script_words)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e;

	ck_ok(script_find_calls_in("# tool no\n"
				   "if tool 'a b' \"c $x\" >/dev/null 2>&1 || true; then\n"
				   "  /usr/bin/tool one \\\n\t two # three\n"
				   "fi && tool last; mytool no; tool",
				   "tool", count_call, &b, &e));
	ck_assert_str_eq(buf_str(&b), "[a b|c $x][one|two][last]]");
	/* Quotes within quotes, texts that are no commands, and what only looks like quotes. */
	buf_done(&b);
	ck_ok(script_find_calls_in(
		"x=\"$(q -f='${C}' \"$p\" | sed \"\\' ${c} ' { s/ x$//; p }\")\"\n"
		"y=`a \"b\"` z=\"${v:-it's}\"\n"
		"cat <<EOF >&2; tool first\nit isn't tool no\nEOF\n"
		"cat <<-\t'E F'\n\t'\n\tE F\n"
		"tool \"$(date)\" `id` ${x} # it's\n",
		"tool", count_call, &b, &e));
	ck_assert_str_eq(buf_str(&b), "[first][$date|$id|$x]");
	ck_fails(script_find_calls_in("echo 'x\ntool a\n", "tool", count_call, &b, &e), -EBADMSG,
		 "' is not closed");
}
END_TEST

/* Every symlink below etc/systemd, in order: "path -> target" lines. */
static int list_link(struct tree_node *n, void *ctx, struct err *e)
{
	_cleanup_free_ char *path = tree_path(n);

	(void)e;
	if (tree_is_symlink(n))
		buf_printf(ctx, "%s -> %s\n", path, n->inode->target);
	return 0;
}

static void list_tree(const struct fixture *f, struct buf *b)
{
	struct err e;

	ck_ok(tree_walk(tree_lookup(f->tree, "etc/systemd"), list_link, b, &e));
}

/* What systemctl makes of the same lists. */
START_TEST(like_systemctl)
{
	static const char *const names[] = { "ssh.service", "net.service", "getty@.service",
					     "plain@x.service", "getty@tty7.service" };
	struct fixture f;
	struct err e;
	_cleanup_buf_ struct buf ours = BUF_INIT, theirs = BUF_INIT, diag = BUF_INIT;
	int status = 0;

	if (!test_has_program("systemctl"))
		test_skip("systemctl is not here");
	units(&f);
	char *dir = fx_write(&f);
	_cleanup_free_ char *root = str_printf("--root=%s", dir);
	for (size_t i = 0; i <= ARRAY_SIZE(names) && status == 0; i++) {
		bool last = i == ARRAY_SIZE(names);
		const char *const argv[] = { "systemctl", root, last ? "mask" : "enable",
					     last ? "static.service" : names[i], NULL };
		add(last ? &f.mask : &f.enable, argv[3]);
		ck_ok(run_program(&(struct run_params){ .argv = argv, .diag = &diag }, &status,
				  &e));
	}
	_cleanup_free_ char *etc = str_printf("%s/etc/systemd", dir);
	const char *const find[] = { "find", etc,	"-type",
				     "l",    "-printf", "etc/systemd/%P -> %l\\n",
				     NULL };
	if (status == 0) {
		ck_ok(run_program(&(struct run_params){ .argv = find, .out = &theirs }, NULL, &e));
		ck_ok(finish_units(&f.p, &e));
		list_tree(&f, &ours);
		struct strv a = STRV_INIT, b = STRV_INIT;
		ck_assert_int_eq(strv_split(&a, buf_str(&ours), "\n"), 0);
		ck_assert_int_eq(strv_split(&b, buf_str(&theirs), "\n"), 0);
		strv_sort(&a);
		strv_sort(&b);
		for (size_t i = 0; i < MIN(a.n, b.n); i++)
			ck_assert_str_eq(a.v[i], b.v[i]);
		ck_assert_uint_eq(a.n, b.n);
		strv_done(&a);
		strv_done(&b);
	}
	test_dir_remove(dir);
	fx_done(&f);
	if (status != 0)
		test_skip("systemctl does not work here: %s", buf_str(&diag));
}
END_TEST

TEST_MAIN("units", scripts_decide, systemd_by_hand, presets, recipe_lists, drop_ins, bad_lists,
	  script_words, like_systemctl)
