/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's command line. Secure Boot wants SMM and a flash that only SMM may write; Linux under TCG wants
 * one thread (QEMU corrupts guests otherwise). Files come as paths with their commas doubled, sockets
 * as inherited descriptors: no name of a socket can be guessed or be too long.
 */
#include "qemu-tests/vm/vm_internal.h"

/* The command line as it grows; the first failure to add is kept. */
struct args {
	struct strv *v;
	bool failed;
};

static void add(struct args *a, const char *option, char *value)
{
	if (strv_add(a->v, option) < 0 || (value && strv_add(a->v, value) < 0))
		a->failed = true;
}

#define ADD(a, option, ...)                                            \
	do {                                                           \
		_cleanup_free_ char *value_ = str_printf(__VA_ARGS__); \
		if (!value_)                                           \
			(a)->failed = true;                            \
		else                                                   \
			add(a, option, value_);                        \
	} while (0)

/* A value inside of an option: "," ends it, ",," is a comma. */
static void add_path(struct args *a, const char *option, const char *before, const char *path)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, before);
	for (; *path; path++)
		buf_append_str(&b, *path == ',' ? ",," : (char[]){ *path, '\0' });
	if (buf_failed(&b))
		a->failed = true;
	else
		add(a, option, (char *)b.data);
}

/*
 * Emulated CPUs take turns on one thread. A second one adds no speed, and what one has to wait for until the
 * other had its turn: a boot costs a tenth more.
 */
static unsigned int default_cpus(enum vm_accel accel)
{
	return accel == VM_ACCEL_KVM ? 2 : 1;
}

/*
 * An emulated CPU does not speculate, but Linux cannot know that of "max", and has returns in the place of
 * indirect calls, which are slow to emulate. Of early Atoms it knows. The features that are left out are
 * quick in hardware only: clearing memory by single bytes, page tables of five levels, machines in machines.
 */
static const char *cpu_model(const struct vm_host *h, enum vm_accel accel)
{
	if (accel == VM_ACCEL_KVM)
		return "host";
	if (h->p.arch == VM_ARCH_ARM64)
		return "max";
	return "max,vendor=GenuineIntel,family=6,model=28,stepping=10,-erms,-fsrm,-la57,-svm";
}

static void add_machine(struct args *a, const struct vm_host *h, const struct vm_params *p,
			enum vm_accel accel)
{
	if (h->p.arch == VM_ARCH_ARM64)
		ADD(a, "-machine", "virt,gic-version=max");
	else
		ADD(a, "-machine", "q35,smm=%s",
		    p->firmware == VM_FIRMWARE_SECURE_BOOT ? "on" : "off");
	ADD(a, "-accel", "%s", accel == VM_ACCEL_KVM ? "kvm" : "tcg,thread=single");
	ADD(a, "-cpu", "%s", cpu_model(h, accel));
	ADD(a, "-smp", "%u", p->cpus ? p->cpus : default_cpus(accel));
	ADD(a, "-m", "%lluM",
	    (unsigned long long)((p->memory_bytes ? p->memory_bytes : 2 * GiB) / MiB));
	add(a, "-nodefaults", NULL);
	add(a, "-no-user-config", NULL);
	ADD(a, "-display", "none");
	if (p->no_reboot)
		add(a, "-no-reboot", NULL);
}

static void add_firmware(struct args *a, const struct vm_host *h, const struct vm_params *p,
			 const struct vm_files *f)
{
	if (p->firmware == VM_FIRMWARE_BIOS)
		return;
	if (h->p.arch == VM_ARCH_X86_64 && p->firmware == VM_FIRMWARE_SECURE_BOOT) {
		ADD(a, "-global", "driver=cfi.pflash01,property=secure,value=on");
		ADD(a, "-global", "ICH9-LPC.disable_s3=1");
	}
	add_path(a, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=", f->code);
	add_path(a, "-drive", "if=pflash,unit=1,format=raw,file=", f->vars);
}

static void add_disk(struct args *a, const struct vm_params *p, const struct vm_files *f)
{
	_cleanup_free_ char *before = NULL;

	if (!f->disk)
		return;
	before =
		str_printf("if=none,id=disk,format=%s,cache=%s,discard=unmap,file=", f->disk_format,
			   p->snapshot ? "unsafe" : "writeback");
	if (!before) {
		a->failed = true;
		return;
	}
	add_path(a, "-drive", before, f->disk);
	ADD(a, "-device",
	    "virtio-blk-pci,drive=disk,serial=slipway,bootindex=1,logical_block_size=%u,"
	    "physical_block_size=%u",
	    f->sector_bytes, f->sector_bytes);
}

static void add_devices(struct args *a, const struct vm_params *p)
{
	ADD(a, "-netdev", "user,id=net,restrict=%s%s", p->online ? "off" : "on",
	    p->ssh ? ",hostfwd=tcp:127.0.0.1:0-:22" : "");
	ADD(a, "-device", "virtio-net-pci,netdev=net,romfile=");
	ADD(a, "-object", "rng-random,id=rng,filename=/dev/urandom");
	ADD(a, "-device", "virtio-rng-pci,rng=rng");
	ADD(a, "-device", "i6300esb");
	ADD(a, "-action", "watchdog=reset");
	/* The guest's own panic= decides what follows a panic; QEMU only reports it. */
	ADD(a, "-device", "pvpanic-pci");
	ADD(a, "-action", "panic=none");
}

static void add_sockets(struct args *a, const struct vm_host *h, const struct vm_files *f)
{
	ADD(a, "-chardev", "socket,id=console,fd=%d", f->console_fd);
	ADD(a, "-serial", "chardev:console");
	ADD(a, "-chardev", "socket,id=qmp,fd=%d", f->qmp_fd);
	ADD(a, "-mon", "chardev=qmp,mode=control");
	if (f->tpm_fd < 0)
		return;
	ADD(a, "-chardev", "socket,id=tpm,fd=%d", f->tpm_fd);
	ADD(a, "-tpmdev", "emulator,id=tpm,chardev=tpm");
	ADD(a, "-device", "%s,tpmdev=tpm",
	    h->p.arch == VM_ARCH_ARM64 ? "tpm-tis-device" : "tpm-crb");
}

int vm_qemu_args(const struct vm_host *h, const char *qemu, const struct vm_params *p,
		 enum vm_accel accel, const struct vm_files *f, struct strv *ret, struct err *e)
{
	struct args a = { ret, false };

	if (p->firmware == VM_FIRMWARE_BIOS && h->p.arch != VM_ARCH_X86_64)
		return err_set(e, -EINVAL, "only x86-64 machines have a BIOS");
	add(&a, qemu, NULL);
	ADD(&a, "-name", "%s", p->name);
	add_machine(&a, h, p, accel);
	add_firmware(&a, h, p, f);
	add_disk(&a, p, f);
	add_devices(&a, p);
	add_sockets(&a, h, f);
	for (size_t i = 0; i < f->smbios.n; i++)
		add_path(&a, "-smbios", "type=11,path=", f->smbios.v[i]);
	if (p->resume)
		ADD(&a, "-incoming", "defer");
	for (const char *const *arg = p->qemu_args; arg && *arg; arg++)
		add(&a, *arg, NULL);
	return a.failed ? err_oom(e) : 0;
}
