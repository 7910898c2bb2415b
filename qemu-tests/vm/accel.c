/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM or TCG: the version of QEMU, and the try that tells whether KVM works here. */
#include <fcntl.h>

#include "base/outfile.h"
#include "base/run.h"
#include "qemu-tests/vm/vm_internal.h"

/* With older ones a Linux 6.12 guest under TCG dies of double faults. */
#define MIN_QEMU_TCG 10
#define KVM_TRY_SEC  30

const char *vm_qemu_program(const struct vm_host *h)
{
	if (h->p.qemu)
		return h->p.qemu;
	return h->p.arch == VM_ARCH_ARM64 ? "qemu-system-aarch64" : "qemu-system-x86_64";
}

/* "QEMU emulator version 10.0.2 (Debian …)" */
static int ask_version(struct vm_host *h, struct err *e)
{
	const char *argv[] = { vm_qemu_program(h), "--version", NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct run_params rp = { .argv = argv, .out = &out };
	char digits[8] = "";
	uint64_t major;

	int r = run_program(&rp, NULL, e);
	if (r == -ENOENT)
		return err_set(e, -ENOENT,
			       "%s is missing: install QEMU %d or newer (Debian 12: "
			       "qemu-system-x86 of bookworm-backports) and ovmf",
			       argv[0], MIN_QEMU_TCG);
	if (r < 0)
		return r;
	const char *at = strstr(buf_str(&out), "version ");
	if (at)
		snprintf(digits, sizeof(digits), "%.*s", (int)strspn(at + 8, "0123456789"), at + 8);
	if (parse_u64(digits, 10, &major) < 0 || major == 0)
		return err_set(e, -EIO, "%s --version: no version in its answer", argv[0]);
	h->qemu_major = (unsigned int)major;
	return 0;
}

int vm_check_qemu(struct vm_host *h, enum vm_accel accel, struct err *e)
{
	int r = h->qemu_major ? 0 : ask_version(h, e);

	if (r < 0)
		return r;
	if (accel == VM_ACCEL_TCG && h->qemu_major < MIN_QEMU_TCG)
		return err_set(
			e, -EOPNOTSUPP,
			"%s is version %u, which corrupts Linux guests when there is no KVM: "
			"install QEMU %d or newer (Debian 12: qemu-system-x86 of bookworm-backports)",
			vm_qemu_program(h), h->qemu_major, MIN_QEMU_TCG);
	return 0;
}

static bool native(const struct vm_host *h)
{
#if defined(__x86_64__)
	return h->p.arch == VM_ARCH_X86_64;
#elif defined(__aarch64__)
	return h->p.arch == VM_ARCH_ARM64;
#else
	return h && false;
#endif
}

/* A file per boot of this machine: an answer does not outlive the kernel that it was about. */
static char *cache_path(const struct vm_host *h)
{
	char id[40] = "";
	_cleanup_fclose_ FILE *f = NULL;

	if (!h->p.cache_dir)
		return NULL;
	f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!f || !fgets(id, sizeof(id), f))
		return NULL;
	id[strcspn(id, "\n")] = '\0';
	return str_printf("%s/slipway-kvm-%s-qemu%u", h->p.cache_dir, id, h->qemu_major);
}

/* Only "works" and "fails" are answers; anything else is as if there were no file. */
static int cache_read(const char *path)
{
	char text[16] = "";
	_cleanup_fclose_ FILE *f = path ? fopen(path, "re") : NULL;

	if (!f || !fgets(text, sizeof(text), f))
		return -1;
	return str_eq(text, "works\n") ? 1 : str_eq(text, "fails\n") ? 0 : -1;
}

static void cache_write(const char *path, bool works)
{
	const char *text = works ? "works\n" : "fails\n";
	struct err ignored;

	/* Without the file the next process tries again, that is all. */
	if (path && outfile_write(path, 0600, text, 6, &ignored) < 0)
		unlink(path);
}

/* The kernel started a program: past this point KVM has run everything that hangs or crashes in it. */
static int try_kvm(struct vm_host *h, const char *image, struct err *e)
{
	static const struct vm_pattern patterns[] = {
		{ .text = "Run /init as init process" },
		{ .text = "Run /sbin/init as init process" },
		{ .text = "Freeing unused kernel image" },
		{ .text = "systemd\\[1\\]: ", .regex = true },
		{ .text = "Kernel panic", .failure = true },
	};
	struct vm_params p = { .name = "kvm-try",
			       .image = image,
			       .snapshot = true,
			       .log_dir = h->p.log_dir,
			       .limit_sec = KVM_TRY_SEC + 5 };
	_cleanup_(vm_free) struct vm *vm = NULL;
	enum vm_accel was = h->p.accel;

	h->p.accel = VM_ACCEL_KVM;
	int r = vm_start(h, &p, &vm, e);
	h->p.accel = was;
	if (r == -EIO)
		return 0; /* QEMU could not even start */
	if (r < 0)
		return err_wrap(e, r, "try KVM");
	r = vm_wait_console(vm, patterns, ARRAY_SIZE(patterns), KVM_TRY_SEC, e);
	if (r >= 0)
		return 1;
	return r == -ETIME || r == -EBADMSG || r == -ESRCH ? 0 : r;
}

int vm_probe_kvm(struct vm_host *h, const char *image, struct err *e)
{
	_cleanup_free_ char *path = NULL;

	if (h->kvm_works >= 0)
		return h->kvm_works;
	int r = vm_check_qemu(h, VM_ACCEL_KVM, e);
	if (r < 0)
		return r;
	if (!native(h) || access("/dev/kvm", R_OK | W_OK) < 0)
		return h->kvm_works = 0;
	path = cache_path(h);
	r = cache_read(path);
	if (r < 0) {
		r = try_kvm(h, image, e);
		if (r < 0)
			return r;
		cache_write(path, r > 0);
	}
	return h->kvm_works = r;
}

int vm_choose_accel(struct vm_host *h, const struct vm_params *p, enum vm_accel *ret, struct err *e)
{
	int r = 0;

	if (h->p.accel != VM_ACCEL_AUTO)
		*ret = h->p.accel;
	else if (!p->image || p->firmware == VM_FIRMWARE_BIOS)
		*ret = VM_ACCEL_TCG; /* nothing that KVM could be tried with, and tiny */
	else {
		r = vm_probe_kvm(h, p->image, e);
		*ret = r > 0 ? VM_ACCEL_KVM : VM_ACCEL_TCG;
	}
	return r < 0 ? r : vm_check_qemu(h, *ret, e);
}

int vm_host_accel(struct vm_host *h, const char *image, enum vm_accel *ret, struct err *e)
{
	return vm_choose_accel(h, &(struct vm_params){ .image = image }, ret, e);
}
