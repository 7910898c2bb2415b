/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine is saved, and others go on from it. The tiny guest says "ready" only where it was started. */
#include <sys/stat.h>

#include "qemu-tests/vm/test/tiny_machine.h"

static char *saved;

static void begin_saving(void)
{
	begin(&tcg);
	saved = str_printf("%s/saved", dir);
	ck_assert_int_eq(mkdir(saved, 0700), 0);
}

static void end_saving(void)
{
	free(saved);
	end();
}

/* It must not hold a letter by which the guest does something. */
static void answers(struct vm *vm, const char *text)
{
	type(vm, text);
	ck_ok(vm_expect(vm, text, LONG, &e));
}

static struct vm *resume(const char *name, const char *state_dir)
{
	struct vm_params p = tiny(name);
	struct vm *vm = NULL;

	p.resume = saved;
	p.state_dir = state_dir;
	ck_ok(vm_start(host, &p, &vm, &e));
	return vm;
}

START_TEST(many_go_on_from_one)
{
	char status[32];

	NEED_QEMU();
	begin_saving();
	struct vm_params p = tiny("source");
	struct vm *source = start(&p), *one, *two;
	answers(source, "one");
	ck_ok(vm_save(source, saved, &e));
	one = resume("one", NULL);
	two = resume("two", NULL);
	answers(one, "two");
	answers(two, "six");
	answers(source, "ten");
	ck_assert_ptr_null(strstr(vm_console_text(one), "ready"));
	ck_assert_ptr_null(strstr(vm_console_text(two), "two"));
	ck_ok(vm_status(one, status, &e));
	ck_assert_str_eq(status, "running");
	/* It is a machine like any other: reset, it starts from its disk. */
	ck_ok(vm_reset(one, &e));
	ck_ok(vm_expect(one, "ready", LONG, &e));
	type(two, "q");
	ck_ok(vm_wait_exit(two, LONG, NULL, &e));
	vm_free(one);
	vm_free(two);
	vm_free(source);
	end_saving();
}
END_TEST

/* A machine that goes on can be saved again, and what it has written is in the disk of the next. */
START_TEST(its_disk_stays_with_it)
{
	_cleanup_free_ char *state = NULL;

	NEED_QEMU();
	begin_saving();
	struct vm_params p = tiny("source");
	struct vm *vm = start(&p);
	ck_ok(vm_save(vm, saved, &e));
	vm_free(vm);
	state = str_printf("%s/disk-of-one", dir);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	vm = resume("one", state);
	answers(vm, "one");
	vm_free(vm);
	/* Its disk is there, so it cannot go on from another's moment, but be started. */
	p.resume = saved;
	p.state_dir = state;
	ck_fails(vm_start(host, &p, &vm, &e), -EEXIST, "in an empty directory");
	p.resume = NULL;
	vm = start(&p);
	vm_free(vm);
	end_saving();
}
END_TEST

/* The image that a machine writes into is saved with it, holes and all, and others go on with copies. */
START_TEST(its_image_is_saved_too)
{
	_cleanup_free_ char *raw = NULL, *copy = NULL;
	struct stat st;

	NEED_QEMU();
	begin_saving();
	struct vm_params p = tiny("source");
	p.snapshot = false;
	struct vm *vm = start(&p);
	ck_ok(vm_save(vm, saved, &e));
	answers(vm, "on");
	vm_free(vm);
	raw = str_printf("%s/disk.raw", saved);
	copy = str_printf("%s/copy.raw", dir);
	ck_ok(vm_copy_sparse(raw, copy, &e));
	ck_assert_int_eq(stat(copy, &st), 0);
	ck_assert_int_eq(st.st_size, TINY_GUEST_DISK_BYTES);
	ck_assert_int_lt(st.st_blocks * 512, TINY_GUEST_DISK_BYTES);
	p.image = copy;
	p.resume = saved;
	ck_ok(vm_start(host, &p, &vm, &e));
	answers(vm, "one");
	ck_assert_ptr_null(strstr(vm_console_text(vm), "ready"));
	/* It is its disk: reset, it starts from there. */
	ck_ok(vm_reset(vm, &e));
	ck_ok(vm_expect(vm, "ready", LONG, &e));
	vm_free(vm);
	end_saving();
}
END_TEST

START_TEST(what_cannot_be_saved_goes_on)
{
	_cleanup_free_ char *none = NULL;

	NEED_QEMU();
	begin_saving();
	struct vm_params p = tiny("source");
	struct vm *vm = start(&p);
	none = str_printf("%s/none", dir);
	ck_fails(vm_save(vm, none, &e), -EIO, "No such file");
	answers(vm, "on");
	vm_free(vm);
	end_saving();
}
END_TEST

START_TEST(what_is_not_whole_does_not_go_on)
{
	_cleanup_free_ char *state = NULL, *disk = NULL;
	struct vm *vm;

	NEED_QEMU();
	begin_saving();
	struct vm_params p = tiny("source");
	vm = start(&p);
	ck_ok(vm_save(vm, saved, &e));
	vm_free(vm);
	p.resume = saved;
	p.memory_bytes = 32 * MiB;
	ck_fails(vm_start(host, &p, &vm, &e), -EIO, "did not start: ");
	p.memory_bytes = 64 * MiB;
	state = str_printf("%s/state", saved);
	ck_assert_int_eq(truncate(state, 100000), 0);
	ck_fails(vm_start(host, &p, &vm, &e), -EIO, "did not start: ");
	disk = str_printf("%s/disk.qcow2", saved);
	ck_assert_int_eq(unlink(disk), 0);
	ck_fails(vm_start(host, &p, &vm, &e), -ENOENT, "the disk in ");
	end_saving();
}
END_TEST

TEST_MAIN("save", many_go_on_from_one, its_disk_stays_with_it, its_image_is_saved_too,
	  what_cannot_be_saved_goes_on, what_is_not_whole_does_not_go_on)
