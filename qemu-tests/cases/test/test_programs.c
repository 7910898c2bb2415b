/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are programs that should not be there; lists of what is allowed. */
#include <sys/stat.h>

#include "base/test/support.h"
#include "qemu-tests/cases/allowed.h"
#include "qemu-tests/cases/programs.h"

static struct err e;

static void look(struct programs *p, enum artefact_place place, const char *path, uint32_t mode,
		 const char *content)
{
	const struct artefact_file f = { .place = place,
					 .path = path,
					 .mode = mode,
					 .data = (const uint8_t *)content,
					 .len = strlen(content) };

	ck_ok(programs_look(p, &f, &e));
}

#define PROGRAM (S_IFREG | 0755)

START_TEST(programs_are_known_by_their_names)
{
	struct programs p = { 0 };

	look(&p, ARTEFACT_USR, "bin/bash", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_USR, "bin/sh", S_IFLNK | 0777, "dash");
	look(&p, ARTEFACT_USR, "lib/x/python3.13", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_USR, "sbin/dpkg-divert", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_USR, "bin/apt", PROGRAM, "\177ELF");
	/* Not these: no program, or of another name. */
	look(&p, ARTEFACT_USR, "share/perl", S_IFREG | 0644, "");
	look(&p, ARTEFACT_USR, "lib/dpkg", S_IFDIR | 0755, "");
	look(&p, ARTEFACT_USR, "bin/sha256sum", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_USR, "bin/su", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_ESP, "EFI/sh", PROGRAM, "MZ");
	ck_ok(programs_end(&p, &e));
	ck_assert_uint_eq(p.wrong.n, 0);
	ck_assert_uint_eq(p.findings.n, 5);
	ck_assert(strv_contains(&p.findings, "program /usr/lib/x/python3.13"));
	programs_done(&p);
}
END_TEST

START_TEST(the_initrd_has_no_shell_no_login_and_no_script)
{
	struct programs p = { 0 };

	look(&p, ARTEFACT_INITRD, "usr/bin/busybox", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_INITRD, "usr/sbin/perl", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_INITRD, "usr/sbin/sulogin", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_INITRD, "usr/lib/x", PROGRAM, "#!/bin/true\n");
	look(&p, ARTEFACT_INITRD, "usr/bin/mount", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_INITRD, "etc/pam.d/su", S_IFREG | 0644, "");
	ck_ok(programs_end(&p, &e));
	ck_assert_uint_eq(p.findings.n, 0);
	ck_assert_uint_eq(p.wrong.n, 4);
	ck_assert_str_eq(p.wrong.v[0], "initrd: /usr/bin/busybox is a shell");
	ck_assert_str_eq(p.wrong.v[3], "initrd: /usr/lib/x is a script for true");
	programs_done(&p);
}
END_TEST

START_TEST(a_script_has_its_interpreter)
{
	struct programs p = { 0 };

	look(&p, ARTEFACT_USR, "sbin/nft", PROGRAM, "\177ELF");
	look(&p, ARTEFACT_USR, "bin/good", PROGRAM, "#! /usr/sbin/nft -f\n");
	look(&p, ARTEFACT_USR, "bin/perl-one", PROGRAM, "#!/usr/bin/perl -w");
	look(&p, ARTEFACT_USR, "bin/env-one", PROGRAM, "#!/usr/bin/env python3\nprint()");
	look(&p, ARTEFACT_USR, "lib/not-run", S_IFREG | 0644, "#!/usr/bin/perl");
	look(&p, ARTEFACT_USR, "bin/nothing", PROGRAM, "#!");
	look(&p, ARTEFACT_USR, "bin/blanks", PROGRAM, "#!  \n");
	ck_ok(programs_end(&p, &e));
	ck_assert_uint_eq(p.wrong.n, 2);
	ck_assert_str_eq(p.wrong.v[0],
			 "/usr/bin/perl-one is a script for perl, which is not there");
	ck_assert_str_eq(p.wrong.v[1],
			 "/usr/bin/env-one is a script for python3, which is not there");
	programs_done(&p);
}
END_TEST

static int add(struct allowed *a, const char *text)
{
	return allowed_add(a, text, strlen(text), "out/node_1.raw", "my.list", &e);
}

START_TEST(what_no_pattern_fits_is_not_allowed)
{
	struct allowed a = { 0 };
	struct strv findings = STRV_INIT;

	ck_ok(add(&a, "# a list\n\nset-id 4755 0:* /usr/bin/su\t # login\nlisten tcp *:22 # sshd"));
	ck_assert(allowed_test(&a, "set-id 4755 0:7 /usr/bin/su"));
	ck_assert(!allowed_test(&a, "set-id 4755 0:7 /usr/bin/sudo"));
	ck_assert(allowed_test(&a, "listen tcp 0.0.0.0:22"));
	ck_assert(!allowed_test(&a, "listen udp 0.0.0.0:22"));
	ck_ok(strv_add(&findings, "listen tcp [::]:22"));
	ck_ok(allowed_judge(&a, &findings, &e));
	ck_ok(strv_add(&findings, "listen tcp [::]:23"));
	ck_fails(allowed_judge(&a, &findings, &e), -EBADMSG,
		 "1 that no list allows: listen tcp [::]:23");
	strv_done(&findings);
	allowed_done(&a);
}
END_TEST

START_TEST(each_line_has_a_kind_and_a_reason)
{
	struct allowed a = { 0 };

	ck_fails(add(&a, "listen tcp *:22 # sshd\nlisten tcp *:80\n"), -EINVAL,
		 "my.list:2: a reason");
	ck_fails(add(&a, "listen tcp *:22 # \n"), -EINVAL, "my.list:1: a reason");
	ck_fails(add(&a, "setuid /usr/bin/su # login\n"), -EINVAL, "my.list:1: of no kind");
	ck_fails(add(&a, "* # all\n"), -EINVAL, "of no kind");
	ck_fails(add(&a, "[other]\nlisten tcp *:80\n"), -EINVAL, "my.list:2: a reason");
	ck_assert_uint_eq(a.patterns.n, 1);
	ck_ok(add(&a, "[nodes]\nlisten tcp *:1 # x\n[node]\nlisten tcp *:2 # x\n"));
	ck_assert(!allowed_test(&a, "listen tcp *:1") && allowed_test(&a, "listen tcp *:2"));
	allowed_done(&a);
}
END_TEST

START_TEST(the_suites_own_list_is_good)
{
	struct allowed a = { 0 };

	ck_ok(allowed_add_own(&a, "podman_1.raw", &e));
	ck_assert(allowed_test(&a, "program /usr/bin/bash"));
	ck_assert(!allowed_test(&a, "program /usr/bin/perl"));
	ck_assert(allowed_test(&a, "set-id 4755 0:0 /usr/bin/newuidmap"));
	allowed_done(&a);
	ck_ok(allowed_add_own(&a, "podmans_1.raw", &e));
	ck_assert(!allowed_test(&a, "set-id 4755 0:0 /usr/bin/newuidmap"));
	allowed_done(&a);
}
END_TEST

TEST_MAIN("programs", programs_are_known_by_their_names,
	  the_initrd_has_no_shell_no_login_and_no_script, a_script_has_its_interpreter,
	  what_no_pattern_fits_is_not_allowed, each_line_has_a_kind_and_a_reason,
	  the_suites_own_list_is_good)
