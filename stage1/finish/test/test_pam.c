/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/test/fixture.h"

#define HEAD	   "# some words\n\n# here are the per-package modules (the \"Primary\" block)\n"
#define FALLBACK   "# here's the fallback if no module succeeds\n"
#define ADDITIONAL "# and here are more per-package modules (the \"Additional\" block)\n"
#define END	   "# end of pam-auth-update config\n"

static void template(struct fixture *f, const char *name, const char *type)
{
	_cleanup_free_ char *path = str_printf("usr/share/pam/common-%s", name);
	_cleanup_free_ char *text =
		str_printf(HEAD "$%s_primary\n" FALLBACK "%s\trequisite\t\t\tpam_deny.so\n"
				"%s\trequired\t\t\tpam_permit.so\n" ADDITIONAL
				"$%s_additional\n" END,
			   type, type, type, type);

	fx_file(f, path, text);
}

static void expect(const struct fixture *f, const char *name, const char *type, const char *primary,
		   const char *additional)
{
	_cleanup_free_ char *path = str_printf("etc/pam.d/common-%s", name);
	_cleanup_free_ char *text =
		str_printf(HEAD "%s" FALLBACK "%s\trequisite\t\t\tpam_deny.so\n"
				"%s\trequired\t\t\tpam_permit.so\n" ADDITIONAL "%s" END,
			   primary, type, type, additional);

	fx_expect_text(f, path, text);
}

static void templates(struct fixture *f)
{
	fx_init(f);
	template(f, "auth", "auth");
	template(f, "account", "account");
	template(f, "password", "password");
	template(f, "session", "session");
	template(f, "session-noninteractive", "session");
	/* As libpam-runtime and libpam-systemd of Debian 13 have them. */
	fx_file(f, "usr/share/pam-configs/unix",
		"Name: Unix authentication\nDefault: yes\nPriority: 256\nAuth-Type: Primary\n"
		"Auth:\n\t[success=end default=ignore]\tpam_unix.so nullok try_first_pass\n"
		"Auth-Initial:\n\t[success=end default=ignore]\tpam_unix.so nullok\n"
		"Account-Type: Primary\nAccount:\n"
		"\t[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so\n"
		"Account-Initial:\n"
		"\t[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so\n"
		"Session-Type: Additional\nSession:\n\trequired\tpam_unix.so\n"
		"Session-Initial:\n\trequired\tpam_unix.so\nPassword-Type: Primary\nPassword:\n"
		"\t[success=end default=ignore]\tpam_unix.so obscure use_authtok try_first_pass "
		"yescrypt\n"
		"Password-Initial:\n\t[success=end default=ignore]\tpam_unix.so obscure yescrypt\n");
	fx_file(f, "usr/share/pam-configs/systemd",
		"Name: Register user sessions in the systemd control group hierarchy\n"
		"Default: yes\nPriority: 0\nSession-Interactive-Only: yes\n"
		"Session-Type: Additional\nSession:\n\toptional\tpam_systemd.so\n");
	fx_file(f, "usr/share/pam-configs/mkhomedir",
		"Name: Create home directory on login\nDefault: no\nPriority: 0\n"
		"Session-Type: Additional\nSession-Interactive-Only: yes\nSession:\n"
		"\toptional\t\t\tpam_mkhomedir.so\n");
}

START_TEST(unix_and_systemd)
{
	struct fixture f;
	struct err e;

	templates(&f);
	ck_ok(finish_pam(&f.p, &e));
	expect(&f, "auth", "auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n", "");
	expect(&f, "account", "account",
	       "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n", "");
	expect(&f, "password", "password",
	       "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\n", "");
	expect(&f, "session", "session", "session\t[default=1]\t\t\tpam_permit.so\n",
	       "session\trequired\tpam_unix.so \nsession\toptional\tpam_systemd.so \n");
	expect(&f, "session-noninteractive", "session", "session\t[default=1]\t\t\tpam_permit.so\n",
	       "session\trequired\tpam_unix.so \n");
	fx_done(&f);
}
END_TEST

/* The second profile takes its other lines, and jumps over what follows it. */
START_TEST(two_primaries)
{
	struct fixture f;
	struct err e;

	templates(&f);
	fx_file(&f, "usr/share/pam-configs/krb5",
		"Name: Kerberos\nDefault: yes\nPriority: 704\nConflicts: other, sss\n"
		"Auth-Type: Primary\nAuth-Final:\n"
		"\t[success=end default=ignore]\tpam_krb5.so   minimum_uid=1000  x\n"
		"\t[success=2 default=ignore]\tpam_more.so\n");
	fx_file(&f, "usr/share/pam-configs/sss",
		"Name: conflicts\nDefault: yes\nPriority: 128\nAuth-Type: Primary\n"
		"Auth:\n\trequired\tpam_sss.so\n");
	fx_file(&f, "usr/share/pam-configs/old~", "Default: yes\nPriority: x\n");
	ck_ok(finish_pam(&f.p, &e));
	expect(&f, "auth", "auth",
	       "auth\t[success=3 default=ignore]\tpam_krb5.so minimum_uid=1000 x\n"
	       "auth\t[success=2 default=ignore]\tpam_more.so \n"
	       "auth\t[success=1 default=ignore]\tpam_unix.so nullok try_first_pass\n",
	       "");
	fx_done(&f);
}
END_TEST

START_TEST(overlay_and_errors)
{
	struct fixture f;
	struct err e;

	templates(&f);
	fx_overlay_file(&f, "etc/pam.d/common-auth", "mine\n");
	ck_ok(finish_pam(&f.p, &e));
	fx_expect_text(&f, "etc/pam.d/common-auth", "mine\n");
	fx_done(&f);
	templates(&f);
	fx_file(&f, "usr/share/pam-configs/bad", "Default: yes\nPriority: high\n");
	ck_fails(finish_pam(&f.p, &e), -EBADMSG, "pam-configs/bad");
	fx_done(&f);
	templates(&f);
	fx_overlay_file(&f, "usr/share/pam/common-session", HEAD "x\n" FALLBACK);
	ck_fails(finish_pam(&f.p, &e), -EBADMSG, "usr/share/pam/common-session");
	fx_done(&f);
	fx_init(&f);
	ck_ok(finish_pam(&f.p, &e));
	ck_assert_uint_eq(tree_count(f.tree), 1);
	fx_done(&f);
}
END_TEST

TEST_MAIN("pam", unix_and_systemd, two_primaries, overlay_and_errors)
