/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must exist before QEMU starts: disk, firmware variables, SMBIOS strings, the channel's key. */
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/run.h"
#include "base/sink.h"
#include "qemu-tests/vm/qcow2.h"
#include "qemu-tests/vm/varstore.h"
#include "qemu-tests/vm/vm_internal.h"

#define COPY_BYTES (16 * MiB)
#define CREDENTIAL "io.systemd.credential.binary:"

static int write_file(const char *path, const void *data, size_t len, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct sink s;

	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	sink_init_fd(&s, fd);
	int r = sink_pwrite(&s, 0, data, len, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

static int read_small(const char *path, struct buf *b, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *room;
	ssize_t n = 1;

	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	while (n > 0) {
		room = buf_grow(b, 65536);
		n = room ? read(fd, room, 65536) : -1;
		if (n < 0)
			return err_sys(e, room ? -errno : -ENOMEM, "%s", path);
		b->len += (size_t)n;
	}
	buf_append(b, "", 0);
	return 0;
}

int vm_copy_file(const char *from, const char *to, struct err *e)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	ssize_t n = 1;

	if (in < 0)
		return err_sys(e, -errno, "%s", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	while (out >= 0 && n > 0)
		n = sendfile(out, in, NULL, COPY_BYTES);
	return out < 0 || n < 0 ? err_sys(e, -errno, "copy %s to %s", from, to) : 0;
}

int vm_copy_sparse(const char *from, const char *to, struct err *e)
{
	const char *const argv[] = {
		"cp", "--reflink=auto", "--sparse=always", "--", from, to, NULL
	};

	return run_program(&(struct run_params){ .argv = argv }, NULL, e);
}

/* A saved machine's disk is at @name in its directory; to be freed. */
static char *saved(const struct vm_params *p, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", p->resume, name);

	return path ? realpath(path, NULL) : NULL;
}

static int make_overlay(const struct vm *vm, const struct vm_params *p, const char *image,
			uint64_t bytes, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_free_ char *disk = NULL;

	if (access(vm->disk, F_OK) == 0) /* in a state directory: go on from there */
		return p->resume ? err_set(e, -EEXIST,
					   "%s: a saved machine goes on in an empty directory",
					   vm->disk)
				 : 0;
	if (p->resume && !(disk = saved(p, "disk.qcow2")))
		return err_sys(e, -errno, "the disk in %s", p->resume);
	int r = qcow2_overlay(disk ? disk : image, disk ? "qcow2" : "raw", bytes, &b, e);
	return r < 0 ? r : write_file(vm->disk, b.data, b.len, e);
}

/* A partition table's header is in the second sector: that tells how large those of the disk are. */
static int find_sector_bytes(const char *image, unsigned int *ret, struct err *e)
{
	_cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
	char at[2][8] = { "", "" };

	if (fd < 0 || pread(fd, at[0], 8, 512) < 0 || pread(fd, at[1], 8, 4096) < 0)
		return err_sys(e, -errno, "%s", image);
	*ret = memcmp(at[0], "EFI PART", 8) != 0 && memcmp(at[1], "EFI PART", 8) == 0 ? 4096 : 512;
	return 0;
}

static int grow(const char *image, uint64_t bytes, struct err *e)
{
	return truncate(image, (off_t)bytes) < 0 ? err_sys(e, -errno, "grow %s", image) : 0;
}

static int prepare_disk(struct vm *vm, const struct vm_params *p, struct vm_files *f, struct err *e)
{
	const char *dir = p->state_dir ? p->state_dir : vm->dir;
	_cleanup_free_ char *image = NULL;
	struct stat st;

	if (!p->image)
		return 0;
	image = realpath(p->image, NULL);
	if (!image || stat(image, &st) < 0)
		return err_sys(e, -errno, "%s", p->image);
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size % 512)
		return err_set(e, -EINVAL, "%s: not a raw disk image (a file of whole sectors)",
			       p->image);
	int r = find_sector_bytes(image, &f->sector_bytes, e);
	if (r < 0)
		return r;
	uint64_t bytes = MAX((uint64_t)st.st_size, p->disk_bytes);
	f->disk_format = p->snapshot ? "qcow2" : "raw";
	vm->disk = p->snapshot ? str_printf("%s/disk.qcow2", dir) : TAKE_PTR(image);
	if (!vm->disk)
		return err_oom(e);
	f->disk = vm->disk;
	if (p->snapshot)
		return make_overlay(vm, p, image, bytes, e);
	vm->writes_image = true;
	return bytes > (uint64_t)st.st_size ? grow(vm->disk, bytes, e) : 0;
}

/* The first of the names that exists below the firmware directory. */
static char *find_firmware(const struct vm_host *h, const char *const *names)
{
	const char *dir = h->p.firmware_dir;

	if (!dir)
		dir = h->p.arch == VM_ARCH_ARM64 ? "/usr/share/AAVMF" : "/usr/share/OVMF";
	for (; *names; names++) {
		char *path = str_printf("%s/%s", dir, *names);
		if (path && access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static char *firmware_code(const struct vm_host *h, enum vm_firmware firmware)
{
	static const char *const x86_secure[] = { "OVMF_CODE_4M.secboot.fd", NULL };
	static const char *const x86_plain[] = { "OVMF_CODE_4M.fd", NULL };
	static const char *const arm_secure[] = { "AAVMF_CODE.secboot.fd", "AAVMF_CODE.fd", NULL };
	static const char *const arm_plain[] = { "AAVMF_CODE.no-secboot.fd", "AAVMF_CODE.fd",
						 NULL };
	bool secure = firmware == VM_FIRMWARE_SECURE_BOOT;

	if (h->p.arch == VM_ARCH_ARM64)
		return find_firmware(h, secure ? arm_secure : arm_plain);
	return find_firmware(h, secure ? x86_secure : x86_plain);
}

char *vm_host_firmware_vars(const struct vm_host *h)
{
	static const char *const x86[] = { "OVMF_VARS_4M.fd", NULL };
	static const char *const arm[] = { "AAVMF_VARS.fd", NULL };

	return find_firmware(h, h->p.arch == VM_ARCH_ARM64 ? arm : x86);
}

static int prepare_firmware(struct vm *vm, const struct vm_params *p, struct vm_files *f,
			    struct err *e)
{
	_cleanup_free_ char *vars = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (p->firmware == VM_FIRMWARE_BIOS)
		return 0;
	f->code = vm->firmware = firmware_code(vm->host, p->firmware);
	vars = p->resume	  ? str_printf("%s/vars.fd", p->resume)
	       : p->firmware_vars ? strdup(p->firmware_vars)
				  : vm_host_firmware_vars(vm->host);
	if (!f->code || !vars)
		return err_set(e, -ENOENT, "UEFI firmware is missing: install ovmf%s",
			       vm->host->p.arch == VM_ARCH_ARM64 ? " (qemu-efi-aarch64)" : "");
	f->vars = vm->vars = str_printf("%s/vars.fd", p->state_dir ? p->state_dir : vm->dir);
	if (!f->vars)
		return err_oom(e);
	if (access(f->vars, F_OK) == 0)
		return 0;
	int r = read_small(vars, &b, e);
	if (r >= 0 && p->firmware == VM_FIRMWARE_UEFI && !p->firmware_vars && !p->resume) {
		r = varstore_secure_boot_off(&b, e);
		if (r < 0)
			err_wrap(e, r, "%s", vars);
	}
	return r < 0 ? r : write_file(f->vars, b.data, b.len, e);
}

static int add_smbios(struct vm *vm, struct vm_files *f, const char *text, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/smbios-%zu", vm->dir, f->smbios.n);

	if (!path)
		return err_oom(e);
	int r = write_file(path, text, strlen(text), e);
	if (r < 0)
		return r;
	return strv_take(&f->smbios, TAKE_PTR(path)) < 0 ? err_oom(e) : 0;
}

static int add_credential(struct vm *vm, struct vm_files *f, const char *name, const void *value,
			  size_t len, struct err *e)
{
	_cleanup_free_ char *base64 = base64_encode(value, len);
	_cleanup_free_ char *text = base64 ? str_printf(CREDENTIAL "%s=%s", name, base64) : NULL;

	return text ? add_smbios(vm, f, text, e) : err_oom(e);
}

static int make_key(const struct vm *vm, struct err *e)
{
	const char *argv[] = { "ssh-keygen", "-q",     "-t", "ed25519",	      "-N", "",
			       "-C",	     vm->name, "-f", vm->channel.key, NULL };
	struct run_params rp = { .argv = argv };
	int r = run_program(&rp, NULL, e);

	return r == -ENOENT ? err_set(e, r, "ssh-keygen is missing: install openssh-client") : r;
}

/* The key is made for this one machine, and for those that go on from it: nothing that opens another. */
static int get_key(struct vm *vm, const struct vm_params *p, struct buf *authorized, struct err *e)
{
	struct channel *c = &vm->channel;
	_cleanup_free_ char *from = NULL, *from_public = NULL, *public_key = NULL;

	c->key = str_printf("%s/key", vm->dir);
	c->socket = str_printf("%s/ssh", vm->dir);
	public_key = str_printf("%s/key.pub", vm->dir);
	from = str_printf("%s/key", p->resume ? p->resume : "");
	from_public = str_printf("%s.pub", from ? from : "");
	if (!c->key || !c->socket || !public_key || !from || !from_public)
		return err_oom(e);
	int r = p->resume ? vm_copy_file(from, c->key, e) : make_key(vm, e);
	if (r == 0 && p->resume)
		r = vm_copy_file(from_public, public_key, e);
	return r < 0 ? r : read_small(public_key, authorized, e);
}

static int prepare_keys(struct vm *vm, const struct vm_params *p, struct vm_files *f, struct err *e)
{
	_cleanup_buf_ struct buf authorized = BUF_INIT;
	int r = p->ssh ? get_key(vm, p, &authorized, e) : 0;

	if (r < 0)
		return r;
	if (p->ssh_key)
		buf_printf(&authorized, "%s\n", p->ssh_key);
	if (buf_failed(&authorized))
		return err_oom(e);
	if (!authorized.len)
		return 0;
	return add_credential(vm, f, "ssh.authorized_keys.root", authorized.data, authorized.len,
			      e);
}

int vm_prepare(struct vm *vm, const struct vm_params *p, struct vm_files *f, struct err *e)
{
	int r = prepare_disk(vm, p, f, e);

	if (r >= 0)
		r = prepare_firmware(vm, p, f, e);
	if (r >= 0)
		r = prepare_keys(vm, p, f, e);
	for (size_t i = 0; r >= 0 && i < p->n_credentials; i++)
		r = add_credential(vm, f, p->credentials[i].name, p->credentials[i].value,
				   p->credentials[i].len, e);
	for (const char *const *s = p->smbios; r >= 0 && s && *s; s++)
		r = add_smbios(vm, f, *s, e);
	return r;
}

int vm_start_swtpm(struct vm *vm, const struct vm_params *p, int *ret_fd, struct err *e)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	_cleanup_free_ char *state = NULL, *control = NULL;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, -errno, "socketpair");
	ours = fds[0], theirs = fds[1];
	state = str_printf("dir=%s,mode=0600", p->state_dir ? p->state_dir : vm->dir);
	control = str_printf("type=unixio,clientfd=%d", theirs);
	if (!state || !control)
		return err_oom(e);
	const char *argv[] = { "swtpm", "socket",      "--tpm2",  "--tpmstate",	   state, "--ctrl",
			       control, "--terminate", "--flags", "startup-clear", NULL };
	struct child_params cp = { .argv = argv,
				   .in = -1,
				   .out = vm->qemu_log,
				   .diag = vm->qemu_log,
				   .keep = &theirs,
				   .n_keep = 1 };
	int r = child_start(&vm->swtpm, vm->host->event, &cp, e);
	if (r == -ENOENT)
		return err_set(e, r, "swtpm is missing: install swtpm");
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(ours);
	return 0;
}
