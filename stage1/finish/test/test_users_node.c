/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"
#include "stage1/finish/users_node.h"

#define CONF "usr/lib/slipway/sysusers.conf"

static void add_user(struct users *u, const char *name, uint32_t uid, uint32_t gid,
		     const char *gecos)
{
	const struct user m = { .name = (char *)name,
				.gecos = (char *)gecos,
				.home = (char *)"/var/lib/x",
				.shell = (char *)"/usr/sbin/nologin",
				.uid = uid,
				.gid = gid,
				.shadow = (char *)"!*:20254::::::" };

	ck_assert_int_eq(users_add(u, &m), 0);
}

static void add_group(struct users *u, const char *name, uint32_t gid, const char *member)
{
	const struct group g = { .name = (char *)name, .gid = gid, .shadow = (char *)"!*:" };

	ck_assert_int_eq(users_add_group(u, &g), 0);
	if (member)
		ck_assert_int_eq(users_add_member(&u->groups[u->n_groups - 1], member), 0);
}

/* An image of systemd with root and a user that came new. */
static void image(struct fixture *f, struct users *u)
{
	fx_init(f);
	fx_file(f, "usr/lib/systemd/systemd", "");
	fx_file(f, "usr/bin/systemd-sysusers", "");
	*u = (struct users)USERS_INIT;
	add_group(u, "root", 0, NULL);
	add_group(u, "adm", 4, "new");
	add_group(u, "new", 480, NULL);
	add_user(u, "root", 0, 0, "root");
	add_user(u, "new", 480, 480, "says \"100%\" \\");
	add_user(u, "other", 481, 4, "");
}

START_TEST(conf)
{
	struct fixture f;
	struct users u;
	struct err e;

	image(&f, &u);
	free(u.users[2].shadow);
	u.users[2].shadow = strdup("!*:20254:::::1:");
	add_group(&u, "not.one", 482, NULL);
	add_user(&u, "not.one", 482, 482, "");
	ck_ok(users_put_node_files(&f.p, &u, false, &e));
	fx_expect_text(&f, CONF,
		       "# The image's users and groups, with their ids.\n"
		       "r - 0\n"
		       "g root 0\n"
		       "g adm 4\n"
		       "g new 480\n"
		       "u root 0:root \"root\" \"/var/lib/x\" \"/usr/sbin/nologin\"\n"
		       "u new 480:new \"says \\\"100%%\\\" \\\\\" \"/var/lib/x\" "
		       "\"/usr/sbin/nologin\"\n"
		       "u! other 481:adm - \"/var/lib/x\" \"/usr/sbin/nologin\"\n"
		       "m new adm\n");
	fx_expect_holds(&f, "usr/lib/sysusers.d/slipway-range.conf", "\nr - 500-999\n");
	fx_expect_holds(&f, "usr/lib/systemd/system/slipway-users.service", "/usr/lib/slipway/");
	fx_expect_link(&f, "usr/lib/systemd/system/sysinit.target.wants/slipway-users.service",
		       "../slipway-users.service");
	fx_expect_mode(&f, "usr/lib/slipway/check-users", 0755, 0, 0);
	fx_expect_mode(&f, CONF, 0644, 0, 0);
	users_done(&u);
	fx_done(&f);
}
END_TEST

START_TEST(login_defs)
{
	struct fixture f;
	struct users u;
	struct err e;

	image(&f, &u);
	fx_file(&f, "etc/login.defs",
		"#SYS_UID_MIN 101\n  SYS_GID_MIN\t700\nUID_MIN 1000\nSYS_UID_MAXIMUM 1");
	ck_ok(users_put_node_files(&f.p, &u, true, &e));
	fx_expect_text(&f, "etc/login.defs",
		       "#SYS_UID_MIN 101\n  SYS_GID_MIN\t700\nUID_MIN 1000\nSYS_UID_MAXIMUM 1\n"
		       "# The ids below are for users of images.\n"
		       "SYS_UID_MIN\t500\nSYS_UID_MAX\t999\nSYS_GID_MAX\t999\n");
	fx_expect_none(&f, "usr/lib/sysusers.d/slipway-range.conf");
	users_done(&u);
	fx_done(&f);
}
END_TEST

START_TEST(without_systemd)
{
	struct fixture f;
	struct users u;
	struct err e;

	image(&f, &u);
	tree_remove(f.tree, tree_lookup(f.tree, "usr/bin/systemd-sysusers"));
	ck_fails(users_put_node_files(&f.p, &u, false, &e), -ENOENT,
		 "no /usr/bin/systemd-sysusers");
	tree_remove(f.tree, tree_lookup(f.tree, "usr/lib/systemd/systemd"));
	ck_ok(users_put_node_files(&f.p, &u, false, &e));
	fx_expect_none(&f, CONF);
	users_done(&u);
	fx_done(&f);
}
END_TEST

/* A node's files, and what its unit does to them. */
struct node {
	struct fixture f;
	struct users u;
	char *dir;
	struct buf diag; /* of the last program */
};

static int run(struct node *n, const char *const *argv)
{
	const char *const env[] = { "LC_ALL=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
				    "SOURCE_DATE_EPOCH=1750000000", NULL };
	struct err e;
	int status;

	buf_done(&n->diag);
	ck_ok(run_program(&(struct run_params){ .argv = argv, .env = env, .diag = &n->diag },
			  &status, &e));
	return status;
}

static void node_start(struct node *n, const char *passwd, const char *group)
{
	struct err e;

	*n = (struct node){ .diag = BUF_INIT };
	image(&n->f, &n->u);
	ck_ok(users_put_node_files(&n->f.p, &n->u, false, &e));
	fx_file(&n->f, "etc/passwd", passwd);
	fx_file(&n->f, "etc/group", group);
	fx_file(&n->f, "etc/shadow", "");
	fx_file(&n->f, "etc/gshadow", "");
	n->dir = fx_write(&n->f);
}

static void node_done(struct node *n)
{
	test_dir_remove(n->dir);
	buf_done(&n->diag);
	users_done(&n->u);
	fx_done(&n->f);
}

static void add_missing(struct node *n)
{
	_cleanup_free_ char *root = str_printf("--root=%s", n->dir);
	_cleanup_free_ char *file = str_printf("%s/" CONF, n->dir);
	const char *const argv[] = { "systemd-sysusers", root, file, NULL };

	if (run(n, argv) != 0) {
		_cleanup_free_ char *why = strdup(buf_str(&n->diag));
		node_done(n);
		test_skip("systemd-sysusers does not work here: %s", why);
	}
}

static int check(struct node *n)
{
	_cleanup_free_ char *script = str_printf("%s/usr/lib/slipway/check-users", n->dir);
	const char *const argv[] = { "sh", script, n->dir, NULL };

	return run(n, argv);
}

static void expect_disk(const struct node *n, const char *path, const char *want)
{
	_cleanup_free_ char *text = fx_disk_text(n->dir, path);

	ck_assert_str_eq(text, want);
}

static void expect_said(struct node *n, const char *want)
{
	ck_assert_msg(strstr(buf_str(&n->diag), want), "no \"%s\" in: %s", want, buf_str(&n->diag));
}

#define ROOT_USER  "root:x:0:0:root:/root:/bin/bash\n"
#define ADMIN	   "admin:x:1000:1000::/home/admin:/bin/bash\n"
#define OTHER_USER "other:x:481:4::/var/lib/x:/usr/sbin/nologin\n"
#define NEW_USER   "new:x:480:480:says \"100%\" \\:/var/lib/x:/usr/sbin/nologin\n"

START_TEST(adds_what_is_new)
{
	struct node n;

	if (!test_has_program("systemd-sysusers"))
		test_skip("systemd-sysusers is not here");
	node_start(&n, ROOT_USER ADMIN, "root:x:0:\nadm:x:4:admin\nadmin:x:1000:\n");
	ck_assert_int_eq(check(&n), 1);
	expect_said(&n, "<3>user new of the image has id 480; on this node it is missing: see");
	expect_said(&n, "<3>group new of the image has id 480; on this node it is missing: see");
	add_missing(&n);
	ck_assert_int_eq(check(&n), 0);
	ck_assert_uint_eq(n.diag.len, 0);
	expect_disk(&n, "etc/passwd", ROOT_USER ADMIN NEW_USER OTHER_USER);
	expect_disk(&n, "etc/group", "root:x:0:\nadm:x:4:admin,new\nadmin:x:1000:\nnew:x:480:\n");
	node_done(&n);
}
END_TEST

/* The node has the names, or the ids, itself: nothing is given other ids, all is said. */
START_TEST(conflicts)
{
	struct node n;

	if (!test_has_program("systemd-sysusers"))
		test_skip("systemd-sysusers is not here");
	node_start(&n, ROOT_USER "new:x:999:999::/:/bin/sh\nbob:x:481:500::/:/bin/sh\n",
		   "root:x:0:\nadm:x:4:\nfriends:x:480:\nbob:x:500:\n");
	add_missing(&n);
	expect_disk(&n, "etc/passwd",
		    ROOT_USER "new:x:999:999::/:/bin/sh\nbob:x:481:500::/:/bin/sh\n");
	ck_assert_int_eq(check(&n), 1);
	expect_said(&n, "<3>user new of the image has id 480; on this node it has id 999: see");
	expect_said(&n,
		    "<3>user other of the image has id 481; on this node it is missing, and 481 "
		    "is the id of user bob: see");
	expect_said(&n, "<3>group new of the image has id 480; on this node it is missing, and 480 "
			"is the id of group friends: see");
	node_done(&n);
}
END_TEST

TEST_MAIN("users_node", conf, login_defs, without_systemd, adds_what_is_new, conflicts)
