/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test/support.h"
#include "qemu-tests/vm/vm_console.h"

/* Fed whole, and byte by byte: the same text. */
static void check_text(const char *raw, const char *want)
{
	struct vm_console whole = VM_CONSOLE_INIT, bytes = VM_CONSOLE_INIT;

	vm_console_feed(&whole, raw, strlen(raw));
	ck_assert_str_eq(buf_str(&whole.text), want);
	for (const char *c = raw; *c; c++)
		vm_console_feed(&bytes, c, 1);
	ck_assert_str_eq(buf_str(&bytes.text), want);
	vm_console_done(&whole);
	vm_console_done(&bytes);
}

START_TEST(escape_sequences_are_dropped)
{
	check_text(
		"[\033[0;32m  OK  \033[0m] Reached target \033[0;1;39mmulti-user.target\033[0m.\r\n",
		"[  OK  ] Reached target multi-user.target.\n");
	check_text("a\033]0;title\007b\033]0;t\033\\c\033(Bd\033=e\n", "abcde\n");
	check_text("\033[2J\033[01;01HBdsDxe: a\033[02;01Hb", "BdsDxe: a\nb");
	check_text("10 %\r\033[K20 %\r\n", "10 %\n20 %\n");
	check_text("tab\there\001\002\r\r\n\n", "tab\there\n\n");
	check_text("cut \033[12\nnext", "cut \nnext");
}
END_TEST

START_TEST(long_lines_are_cut)
{
	struct vm_console c = VM_CONSOLE_INIT;

	for (int i = 0; i < 100000; i++)
		vm_console_feed(&c, "x", 1);
	const char *newline = memchr(c.text.data, '\n', c.text.len);
	ck_assert_ptr_nonnull(newline);
	ck_assert_uint_le((size_t)(newline - buf_str(&c.text)), 8192);
	vm_console_done(&c);
}
END_TEST

static void feed(struct vm_console *c, const char *s)
{
	vm_console_feed(c, s, strlen(s));
}

START_TEST(patterns_match_in_order_of_the_text)
{
	static const struct vm_pattern p[] = { { .text = "login: " },
					       { .text = "^panic [0-9]+", .regex = true },
					       { .text = "b" } };
	struct vm_console c = VM_CONSOLE_INIT;
	_cleanup_free_ char *line = NULL;
	struct err e;

	ck_assert_int_eq(vm_console_match(&c, p, 3, NULL, &e), -EAGAIN);
	feed(&c, "no panic 1\nlog");
	ck_assert_int_eq(vm_console_match(&c, p, 2, NULL, &e), -EAGAIN);
	feed(&c, "in: ");
	ck_assert_int_eq(vm_console_match(&c, p, 2, &line, &e), 0);
	ck_assert_str_eq(line, "login: ");
	ck_assert_int_eq(vm_console_match(&c, p, 2, NULL, &e), -EAGAIN);
	feed(&c, "\npanic 12 b\n");
	ck_assert_int_eq(vm_console_match(&c, p, 3, NULL, &e), 1);
	ck_assert_int_eq(vm_console_match(&c, p, 3, NULL, &e), 2);
	ck_assert_int_eq(vm_console_match(&c, p, 3, NULL, &e), -EAGAIN);
	vm_console_done(&c);
}
END_TEST

START_TEST(a_bad_regular_expression_is_an_error)
{
	static const struct vm_pattern p[] = { { .text = "a", .regex = true },
					       { .text = "(", .regex = true } };
	struct vm_console c = VM_CONSOLE_INIT;
	struct err e;

	ck_fails(vm_console_match(&c, p, 2, NULL, &e), -EINVAL, "'('");
	vm_console_done(&c);
}
END_TEST

static const char good[] = "BdsDxe: starting Boot0001 \"UEFI Misc Device\"\n"
			   "[    0.000000] Linux version 6.12\n"
			   "[    1.2] audit: initializing netlink subsys (disabled)\n"
			   "[    1.3] device-mapper: verity: sha256 using \"sha256-ni\"\n"
			   "[  OK  ] Started sshd.service.\n"
			   "[  OK  ] Stopped target rescue.target.\n";

START_TEST(a_good_console_has_no_bad_sign)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	struct err e;

	ck_assert_int_eq(vm_console_signs(good, false, NULL, &found, &e), 0);
	ck_assert_uint_eq(found.n, 0);
	ck_assert_int_eq(vm_console_signs("", false, NULL, &found, &e), 0);
}
END_TEST

START_TEST(bad_signs_are_found)
{
	static const char *const bad[] = {
		"[ 1] Kernel panic - not syncing: VFS",
		"[ 1] Oops: Oops: 0000 [#1] PREEMPT SMP",
		"[ 1] BUG: kernel NULL pointer dereference",
		"[ 1] WARNING: CPU: 0 PID: 1 at kernel/x.c:1",
		"[ 1] device-mapper: verity: 254:1: data block 7 is corrupted",
		"[ 1] I/O error, dev vda, sector 0 op 0x0:(READ)",
		"[ 1] sh[12]: segfault at 0 ip 0",
		"You are in emergency mode. After logging in",
		"[FAILED] Failed to start x.service - X.",
		"[DEPEND] Dependency failed for y.mount - Y.",
		"systemd[1]: a.service: Found ordering cycle on b.service/start",
		"systemd[1]: a.service: Failed with result 'exit-code'.",
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strv_ struct strv found = STRV_INIT;
		_cleanup_free_ char *text = str_printf("fine\n%s\nfine\n", bad[i]);
		_cleanup_free_ char *want = str_printf("line 2: %s", bad[i]);
		ck_assert_msg(vm_console_signs(text, true, NULL, &found, &e) == 1, "not found: %s",
			      bad[i]);
		ck_assert_str_eq(found.v[0], want);
	}
}
END_TEST

START_TEST(allowed_lines_are_no_bad_sign)
{
	static const char *const allow[] = { "x.service", "pci 0000", NULL };
	_cleanup_strv_ struct strv found = STRV_INIT;
	struct err e;

	int n = vm_console_signs("Failed to start x.service\nFailed to start z.service", false,
				 allow, &found, &e);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(found.v[0], "line 2: Failed to start z.service");
}
END_TEST

START_TEST(an_emulated_cpu_may_stand_still)
{
	static const char stalled[] = "[ 60] rcu: INFO: rcu_preempt self-detected stall on CPU\n"
				      "[ 60] Call Trace:\n"
				      "[ 60]  </TASK>\n"
				      "[ 90] watchdog: BUG: soft lockup - CPU#0 stuck for 26s!\n";
	static const char bad[] = "[ 99] BUG: kernel NULL pointer dereference\n"
				  "[ 99] Call Trace:\n";
	_cleanup_free_ char *both = str_printf("%s%s", stalled, bad);
	_cleanup_strv_ struct strv found = STRV_INIT, none = STRV_INIT, late = STRV_INIT,
				   trace = STRV_INIT;
	struct err e;

	ck_assert_int_eq(vm_console_signs(stalled, false, NULL, &found, &e), 3);
	ck_assert_int_eq(vm_console_signs(stalled, true, NULL, &none, &e), 0);
	ck_assert_int_eq(vm_console_signs(both, true, NULL, &late, &e), 1);
	ck_assert_str_eq(late.v[0], "line 5: [ 99] BUG: kernel NULL pointer dereference");
	ck_assert_int_eq(vm_console_signs(bad, true, NULL, &trace, &e), 2);
	ck_assert(vm_console_is_stall(
		"[ 0.016] Kernel panic - not syncing: IO-APIC + timer doesn't work!"));
	ck_assert(!vm_console_is_stall("[ 0.016] Kernel panic - not syncing: VFS"));
}
END_TEST

TEST_MAIN("console", escape_sequences_are_dropped, long_lines_are_cut,
	  patterns_match_in_order_of_the_text, a_bad_regular_expression_is_an_error,
	  a_good_console_has_no_bad_sign, bad_signs_are_found, allowed_lines_are_no_bad_sign,
	  an_emulated_cpu_may_stand_still)
