/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness against a guest of one sector: real QEMU, no network, no firmware but QEMU's own. */
#include <sys/stat.h>

#include "qemu-tests/vm/test/tiny_machine.h"

START_TEST(console_is_watched_typed_at_and_kept)
{
	static const struct vm_pattern patterns[] = { { .text = "never" },
						      { .text = "x[yz]{2}", .regex = true } };
	int status = -1;

	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("console");
	struct vm *vm = start(&p);
	type(vm, "--xyz--");
	ck_assert_int_eq(vm_wait_console(vm, patterns, 2, LONG, &e), 1);
	ck_assert_int_eq(vm_accel(vm), VM_ACCEL_TCG);
	type(vm, "q");
	ck_ok(vm_wait_exit(vm, LONG, &status, &e));
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(vm_event_count(vm, VM_EVENT_SHUTDOWN), 1);
	/* After its end what it said can still be searched, but not waited for. */
	ck_fails(vm_expect(vm, "never", LONG, &e), -ESRCH, "guest-shutdown");
	ck_fails(vm_console_send(vm, "a", 1, &e), -ESRCH, "--xyz--");
	vm_free(vm);
	_cleanup_free_ char *cmd =
		str_printf("tail -n 2 '%s/console.console' | tr -d '\\r' >'%s/got' && printf "
			   "'\\033[1mtiny\\033[0m guest: ready\\n--xyz--' | cmp - '%s/got' && "
			   "test -e '%s/console.qemu'",
			   dir, dir, dir, dir);
	ck_assert_int_eq(system(cmd), 0);
	end();
}
END_TEST

START_TEST(what_it_says_is_counted)
{
	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("said");
	struct vm *vm = start(&p);
	type(vm, "z"); /* its first line may still be on the way */
	ck_ok(vm_expect(vm, "z", LONG, &e));
	size_t said = strlen(vm_console_text(vm));
	type(vm, "abc");
	ck_ok(vm_wait_said(vm, said + 2, LONG, &e));
	ck_assert_uint_gt(strlen(vm_console_text(vm)), said + 2);
	ck_fails(vm_wait_said(vm, said + 3, 1, &e), -ETIME, "said");
	vm_kill(vm);
	ck_ok(vm_wait_said(vm, said + 2, LONG, &e));
	ck_fails(vm_wait_said(vm, said + 3, LONG, &e), -ESRCH, "said");
	vm_free(vm);
	end();
}
END_TEST

START_TEST(a_failure_pattern_is_an_error)
{
	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("panic");
	struct vm *vm = start(&p);
	type(vm, "p");
	ck_fails(vm_expect(vm, "never", LONG, &e), -EBADMSG, "Kernel panic: none");
	vm_free(vm);
	end();
}
END_TEST

/* The lines are typed without the letters that the guest takes for commands. */
START_TEST(a_stall_of_an_emulated_cpu_is_no_failure)
{
	static const struct vm_pattern patterns[] = {
		{ .text = "done" },
		{ .text = "self-detected", .failure = true },
	};

	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("stall");
	struct vm *vm = start(&p);
	type(vm, "self-detected stall\nself-detected stall\ndone\n");
	ck_assert_int_eq(vm_wait_console(vm, patterns, 2, LONG, &e), 0);
	type(vm, "self-detected failing\ndone\n");
	ck_fails(vm_wait_console(vm, patterns, 2, LONG, &e), -EBADMSG, "self-detected failing");
	vm_free(vm);
	end();
}
END_TEST

START_TEST(waiting_has_a_limit)
{
	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("wait");
	struct vm *vm = start(&p);
	ck_fails(vm_expect(vm, "never", 1, &e), -ETIME, "no 'never' on the console within 1 s");
	ck_assert(strstr(e.msg, "last line: tiny guest: ready"));
	ck_fails(vm_wait_exit(vm, 1, NULL, &e), -ETIME, "wait for its end");
	ck_fails(vm_wait_event(vm, VM_EVENT_RESET, 1, 1, &e), -ETIME, "RESET");
	ck_assert(vm_running(vm));
	vm_kill(vm);
	ck_assert(!vm_running(vm));
	ck_fails(vm_powerdown(vm, &e), -ESRCH, "status 137");
	vm_free(vm);
	end();
}
END_TEST

START_TEST(a_machine_has_a_limit)
{
	struct vm *vm = NULL;

	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("limit");
	p.limit_sec = 2;
	ck_ok(vm_start(host, &p, &vm, &e));
	ck_fails(vm_wait_exit(vm, LONG, NULL, &e), -ETIME, "limit of 2 s");
	ck_fails(vm_expect(vm, "never", LONG, &e), -ESRCH, "limit of 2 s");
	vm_free(vm);
	end();
}
END_TEST

START_TEST(power_button_reset_and_status)
{
	char status[32];

	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("qmp");
	struct vm *vm = start(&p);
	ck_ok(vm_status(vm, status, &e));
	ck_assert_str_eq(status, "running");
	ck_ok(vm_reset(vm, &e));
	ck_ok(vm_expect(vm, "tiny guest: ready", LONG, &e));
	ck_ok(vm_wait_event(vm, VM_EVENT_RESET, 1, LONG, &e));
	type(vm, "r");
	ck_ok(vm_wait_event(vm, VM_EVENT_RESET, 2, LONG, &e));
	ck_ok(vm_expect(vm, "tiny guest: ready", LONG, &e));
	ck_ok(vm_powerdown(vm, &e));
	ck_ok(vm_expect(vm, "power button", LONG, &e));
	ck_ok(vm_wait_exit(vm, LONG, NULL, &e));
	ck_assert_uint_eq(vm_event_count(vm, VM_EVENT_POWERDOWN), 1);
	vm_free(vm);
	end();
}
END_TEST

START_TEST(a_reset_can_be_the_end)
{
	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("no-reboot");
	p.no_reboot = true;
	struct vm *vm = start(&p);
	type(vm, "r");
	ck_ok(vm_wait_exit(vm, LONG, NULL, &e));
	vm_free(vm);
	end();
}
END_TEST

START_TEST(machines_run_side_by_side)
{
	struct vm *vms[3];

	NEED_QEMU();
	begin(&tcg);
	for (int i = 0; i < 3; i++) {
		_cleanup_free_ char *name = str_printf("side-%d", i);
		struct vm_params p = tiny(name);
		ck_ok(vm_start(host, &p, &vms[i], &e));
	}
	for (int i = 3; i-- > 0;) {
		char text[] = { 'n', (char)('0' + i), '\0' };
		ck_ok(vm_expect(vms[i], "tiny guest: ready", LONG, &e));
		type(vms[i], text);
		ck_ok(vm_expect(vms[i], text, LONG, &e));
	}
	vm_kill(vms[1]);
	type(vms[0], "q");
	ck_ok(vm_wait_exit(vms[0], LONG, NULL, &e));
	ck_assert(vm_running(vms[2]));
	for (int i = 0; i < 3; i++)
		vm_free(vms[i]);
	end();
}
END_TEST

static uint64_t file_size(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

START_TEST(a_snapshot_is_grown_and_the_image_is_not_touched)
{
	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("snapshot");
	_cleanup_free_ char *overlay = str_printf("%s/disk.qcow2", dir);
	p.state_dir = dir;
	p.disk_bytes = 4 * MiB;
	ck_assert_int_eq(chmod(image, 0400), 0);
	struct vm *vm = start(&p);
	vm_free(vm);
	ck_assert_uint_gt(file_size(overlay), 0);
	ck_assert_uint_eq(file_size(image), TINY_GUEST_DISK_BYTES);
	vm = start(&p); /* goes on from the overlay that is there */
	vm_free(vm);
	ck_assert_int_eq(chmod(image, 0600), 0);
	p.snapshot = false;
	vm = start(&p);
	vm_free(vm);
	ck_assert_uint_eq(file_size(image), 4 * MiB);
	end();
}
END_TEST

START_TEST(nothing_private_is_left)
{
	NEED_QEMU();
	begin(&tcg);
	struct vm_host_params hp = { .accel = VM_ACCEL_TCG, .tmp_dir = dir };
	_cleanup_free_ char *there = str_printf("ls -d '%s'/slipway-vm.* >/dev/null 2>&1", dir);
	vm_host_free(TAKE_PTR(host));
	ck_ok(vm_host_new(&hp, &host, &e));
	struct vm_params p = tiny("private");
	p.smbios = (const char *const[]){ "a,b=c", NULL };
	p.credentials = &(struct vm_credential){ "name", "\0x", 2 };
	p.n_credentials = 1;
	struct vm *vm = start(&p);
	ck_assert_int_eq(system(there), 0);
	vm_free(vm);
	ck_assert_int_ne(system(there), 0);
	end();
}
END_TEST

START_TEST(the_channel_needs_a_guest_that_answers)
{
	NEED_QEMU();
	if (!test_has_program("ssh-keygen") || !test_has_program("ssh"))
		test_skip("no ssh");
	begin(&tcg);
	struct vm_params p = tiny("channel");
	struct vm *vm = start(&p);
	ck_fails(vm_run(vm, &(struct vm_run_params){ .command = "true" }, NULL, &e), -EINVAL,
		 "without the channel");
	vm_free(vm);
	p.ssh = true;
	vm = start(&p);
	ck_assert_uint_gt(vm_ssh_port(vm), 0);
	ck_fails(vm_run(vm, &(struct vm_run_params){ .command = "true", .timeout_sec = 2 }, NULL,
			&e),
		 -ETIME, "no SSH in time");
	type(vm, "q");
	ck_fails(vm_run(vm, &(struct vm_run_params){ .command = "true" }, NULL, &e), -ESRCH,
		 "guest-shutdown");
	vm_free(vm);
	end();
}
END_TEST

/* A program that answers --version, or fails otherwise. */
static char *fake_qemu(const char *script)
{
	_cleanup_free_ char *text = str_printf("#!/bin/sh\n%s\n", script);
	char *path = str_printf("%s/qemu", dir);

	make_file(path, text, strlen(text), 0700, 0);
	return path;
}

static void start_fails(const char *qemu, int code, const char *text)
{
	struct vm_host_params hp = { .accel = VM_ACCEL_TCG, .qemu = qemu };
	_cleanup_(vm_host_free) struct vm_host *h = NULL;
	struct vm_params p = { .name = "fake", .firmware = VM_FIRMWARE_BIOS, .log_dir = dir };
	struct vm *vm = NULL;

	ck_ok(vm_host_new(&hp, &h, &e));
	ck_fails(vm_start(h, &p, &vm, &e), code, text);
	ck_assert_ptr_null(vm);
}

START_TEST(a_missing_or_old_qemu_is_named)
{
	begin(&tcg);
	start_fails("/no/such/qemu", -ENOENT, "/no/such/qemu is missing: install QEMU 10");
	_cleanup_free_ char *old = fake_qemu("echo 'QEMU emulator version 7.2.19 (Debian 1:7.2)'");
	start_fails(old, -EOPNOTSUPP, "bookworm-backports");
	ck_assert_int_eq(unlink(old), 0);
	_cleanup_free_ char *strange = fake_qemu("echo hello");
	start_fails(strange, -EIO, "no version");
	ck_assert_int_eq(unlink(strange), 0);
	_cleanup_free_ char *broken =
		fake_qemu("[ \"$1\" = --version ] && echo 'QEMU emulator version 10.0.2' && exit; "
			  "echo no such machine >&2; exit 1");
	start_fails(broken, -EIO, "did not start: no such machine");
	end();
}
END_TEST

START_TEST(parameters_are_checked)
{
	struct vm *vm = NULL;

	NEED_QEMU();
	begin(&tcg);
	struct vm_params p = tiny("../x");
	ck_fails(vm_start(host, &p, &vm, &e), -EINVAL, "no name for a VM");
	p = tiny("image");
	p.image = "/no/such/image";
	ck_fails(vm_start(host, &p, &vm, &e), -ENOENT, "/no/such/image");
	p.image = dir;
	ck_fails(vm_start(host, &p, &vm, &e), -EINVAL, "not a raw disk image");
	p = tiny("logs");
	p.log_dir = "/no/such/dir";
	ck_fails(vm_start(host, &p, &vm, &e), -ENOENT, "/no/such/dir/logs.console");
	p = tiny("arguments");
	p.qemu_args = (const char *const[]){ "-no-such-option", NULL };
	ck_fails(vm_start(host, &p, &vm, &e), -EIO, "-no-such-option: invalid option");
	end();
}
END_TEST

START_TEST(firmware_that_is_missing_is_named)
{
	struct vm *vm = NULL;

	NEED_QEMU();
	begin(&(struct vm_host_params){ .accel = VM_ACCEL_TCG, .firmware_dir = "/no/such/dir" });
	struct vm_params p = tiny("firmware");
	p.firmware = VM_FIRMWARE_SECURE_BOOT;
	ck_fails(vm_start(host, &p, &vm, &e), -ENOENT, "install ovmf");
	end();
}
END_TEST

/* Type at the console through a pipe; what the person sees must be @want. */
static void person(const char *name, const char *typed, const char *want, bool still_running)
{
	char said[256] = "";
	int in[2], out[2];

	struct vm_params p = tiny(name);
	struct vm *vm = start(&p);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(write(in[1], typed, strlen(typed)), (ssize_t)strlen(typed));
	ck_ok(vm_interact(vm, in[0], out[1], &e));
	ck_assert_int_eq(vm_running(vm), still_running);
	if (still_running) { /* what was typed before the person left is echoed later */
		ck_ok(vm_expect(vm, want, LONG, &e));
	} else {
		ck_assert_int_ge(read(out[0], said, sizeof(said) - 1), 0);
		/* the end of its first line may come after start() */
		ck_assert_str_eq(said + strspn(said, "\r\n"), want);
	}
	vm_free(vm);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
}

START_TEST(a_person_types_and_leaves)
{
	NEED_QEMU();
	begin(&tcg);
	person("leave", "abc\001xdef", "abc", true);
	/* ctrl-a b is dropped, ctrl-a ctrl-a is one ctrl-a; the guest powers off at q. */
	person("off", "ab\001b\001\001cq", "ab\001c", false);
	end();
}
END_TEST

TEST_MAIN("vm", console_is_watched_typed_at_and_kept, what_it_says_is_counted,
	  a_failure_pattern_is_an_error, a_stall_of_an_emulated_cpu_is_no_failure,
	  waiting_has_a_limit, a_machine_has_a_limit, power_button_reset_and_status,
	  a_reset_can_be_the_end, machines_run_side_by_side,
	  a_snapshot_is_grown_and_the_image_is_not_touched, nothing_private_is_left,
	  the_channel_needs_a_guest_that_answers, a_missing_or_old_qemu_is_named,
	  parameters_are_checked, firmware_that_is_missing_is_named, a_person_types_and_leaves)
