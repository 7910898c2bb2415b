/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Machines for tests of the harness: the guest of one sector, on an image of its own. */
#include <fcntl.h>

#include "base/test/support.h"
#include "qemu-tests/vm/test/tiny_guest.h"
#include "qemu-tests/vm/vm.h"

/* Limits are for a machine under load; nothing here waits for one to pass but where it says so. */
#define LONG 120

static char *dir, *image;
static struct vm_host *host;
static struct err e;

static void make_file(const char *path, const void *data, size_t len, mode_t mode, uint64_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	if (size)
		ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
}

static void begin(const struct vm_host_params *p)
{
	uint8_t sector[512] = { 0 };

	memcpy(sector, tiny_guest, sizeof(tiny_guest));
	put_le16(sector + 510, 0xaa55);
	dir = test_dir();
	image = str_printf("%s/a,b disk.raw", dir); /* a comma is special to QEMU */
	make_file(image, sector, sizeof(sector), 0600, TINY_GUEST_DISK_BYTES);
	ck_ok(vm_host_new(p, &host, &e));
}

static void end(void)
{
	vm_host_free(host);
	free(image);
	test_dir_remove(dir);
}

/* Is there a QEMU that the harness takes? */
static bool have_qemu(void)
{
	return system("qemu-system-x86_64 --version 2>/dev/null | "
		      "grep -qE 'version [1-9][0-9]'") == 0;
}

static const struct vm_host_params tcg = { .accel = VM_ACCEL_TCG };

static struct vm_params tiny(const char *name)
{
	return (struct vm_params){ .name = name,
				   .image = image,
				   .snapshot = true,
				   .firmware = VM_FIRMWARE_BIOS,
				   .memory_bytes = 64 * MiB,
				   .cpus = 1,
				   .log_dir = dir,
				   .limit_sec = 4 * LONG };
}

static struct vm *start(const struct vm_params *p)
{
	struct vm *vm = NULL;

	ck_ok(vm_start(host, p, &vm, &e));
	ck_ok(vm_expect(vm, "tiny guest: ready", LONG, &e));
	return vm;
}

static void type(struct vm *vm, const char *s)
{
	ck_ok(vm_console_send(vm, s, strlen(s), &e));
}

#define NEED_QEMU()       \
	if (!have_qemu()) \
	test_skip("no QEMU of version 10 or newer")
