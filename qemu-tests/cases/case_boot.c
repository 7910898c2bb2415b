/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image boots with Secure Boot into a node that runs containers: everything in order, /usr from the
 * signed root hash and not writable, the root partition made, the services up.
 */
#include <sys/stat.h>

#include "qemu-tests/cases/case_util.h"
#include "qemu-tests/cases/oci.h"

/* Room for the root partition that the first boot makes, and the least it must become. */
#define ROOT_BYTES     (4 * GiB)
#define ROOT_BYTES_MIN (3 * GiB)

#define BOOT_TIMEOUT_SEC 600
#define CONTAINER_IMAGE	 "slipway.test/hello:1"
#define SECURE_BOOT_VARIABLE \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

struct boot {
	struct vm_case_context *ctx;
	struct vm *vm;
	struct buf out; /* of the last command */
};

static void boot_done(struct boot *b)
{
	vm_free(b->vm);
	buf_done(&b->out);
}

static const char *said(const struct boot *b)
{
	return buf_str(&b->out);
}

static int start(struct boot *b, struct err *e)
{
	struct vm_params p = { .name = "boot",
			       .image = b->ctx->image,
			       .snapshot = true,
			       .ssh = true,
			       .log_dir = b->ctx->log_dir,
			       .limit_sec = b->ctx->limit_sec };
	struct stat st;

	if (stat(p.image, &st) < 0)
		return err_sys(e, -errno, "%s", p.image);
	p.disk_bytes = align_up((uint64_t)st.st_size, MiB) + ROOT_BYTES;
	return vm_start(b->ctx->host, &p, &b->vm, e);
}

/* Once a login prompt is on the console, systemd says no more there: either sign will do. */
static int wait_console(struct boot *b, struct err *e)
{
	static const struct vm_pattern patterns[] = {
		{ .text = "Reached target multi-user.target" },
		{ .text = " login: " },
		{ .text = "Kernel panic", .failure = true },
		{ .text = "[Ee]mergency (mode|shell)", .regex = true, .failure = true },
		{ .text = "Freezing execution", .failure = true },
		{ .text = "No bootable option or device was found", .failure = true },
	};

	int r = vm_wait_console(b->vm, patterns, ARRAY_SIZE(patterns), BOOT_TIMEOUT_SEC, e);
	if (r == -EBADMSG)
		e->code = r = -EIO; /* it is not up: there is nothing more to ask it */
	return MIN(r, 0);
}

static int check_up(struct boot *b, struct err *e)
{
	int status = 0;
	int r = wait_console(b, e);

	if (r < 0)
		return r;
	r = vm_run(b->vm,
		   &(struct vm_run_params){ .command = "systemctl is-system-running --wait",
					    .out = &b->out,
					    .timeout_sec = BOOT_TIMEOUT_SEC },
		   &status, e);
	if (r < 0)
		return r;
	bool running = status == 0 && str_has_prefix(said(b), "running");
	if (running)
		return 0;
	_cleanup_free_ char *state = buf_take_str(&b->out);
	r = guest_ask(b->vm, &b->out, e,
		      "systemctl --failed --no-legend --plain; systemctl list-jobs "
		      "--no-legend --plain");
	return r < 0 ? r : err_set(e, -EBADMSG, "the system is %s%s", state ? state : "", said(b));
}

static int guest_program(struct boot *b, struct err *e)
{
	return guest_install(b->vm, e);
}

static int check_services(struct boot *b, struct err *e)
{
	static const char *const units[] = { "containerd", "ssh", "systemd-networkd",
					     "systemd-resolved", "systemd-timesyncd" };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int r = guest_ask(b->vm, &b->out, e, "systemctl is-active %s.service", units[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_secure_boot(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat " SECURE_BOOT_VARIABLE);

	if (r < 0)
		return r;
	if (b->out.len != 5 || b->out.data[4] != 1)
		return err_set(e, -EBADMSG, "Secure Boot is off");
	r = guest_ask(b->vm, &b->out, e, "cat /sys/kernel/security/lockdown");
	return r < 0 ? r : guest_note(b->ctx, e, "lockdown: %s", said(b));
}

/* The value of one word of the kernel command line, into @ret of 65 bytes. */
static int root_hash_booted(struct boot *b, char ret[65], struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat /proc/cmdline");

	if (r < 0)
		return r;
	const char *at = strstr(said(b), "usrhash=");
	if (!at || strspn(at + 8, "0123456789abcdef") != 64)
		return err_set(e, -EBADMSG, "no root hash on the kernel command line: %s", said(b));
	memcpy(ret, at + 8, 64);
	ret[64] = '\0';
	return 0;
}

/* "usr 0 650840 verity 1 7:0 7:1 4096 4096 81355 1 sha256 <root hash> <salt> 4 … <key>" */
static int check_table(struct boot *b, const char *hash, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "%s dm-tables", GUEST_PROGRAM_PATH);

	if (r < 0)
		return r;
	const char *line = str_has_prefix(said(b), "usr ") ? said(b) : strstr(said(b), "\nusr ");
	if (!line || !strstr(line, " verity "))
		return err_set(e, -EBADMSG, "device 'usr' is not dm-verity: %s", said(b));
	if (!strstr(line, hash))
		return err_set(e, -EBADMSG, "device 'usr' has another root hash than %s: %s", hash,
			       line);
	if (!strstr(line, "root_hash_sig_key_desc"))
		return err_set(e, -EBADMSG, "device 'usr' has no signature: %s", line);
	return 0;
}

static int check_verity(struct boot *b, struct err *e)
{
	char hash[65];
	int r = root_hash_booted(b, hash, e);

	if (r < 0)
		return r;
	if (b->ctx->root_hash && !str_eq(hash, b->ctx->root_hash))
		return err_set(e, -EBADMSG, "root hash %s was booted instead of %s", hash,
			       b->ctx->root_hash);
	r = guest_ask(b->vm, &b->out, e, "cat /sys/module/dm_verity/parameters/require_signatures");
	if (r >= 0 && !str_eq(said(b), "Y"))
		r = err_set(e, -EBADMSG, "the kernel takes unsigned dm-verity devices");
	if (r >= 0)
		r = check_table(b, hash, e);
	return r < 0 ? r : guest_note(b->ctx, e, "root hash: %s", hash);
}

static int check_read_only(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "grep ' /usr ' /proc/mounts");

	if (r < 0)
		return r;
	const char *options = strstr(said(b), " ro,");
	if (!str_has_prefix(said(b), "/dev/mapper/usr ") || !options)
		return err_set(e, -EBADMSG, "/usr is not /dev/mapper/usr, read-only: %s", said(b));
	r = guest_must_fail(b->vm, "touch /usr/written", "/usr is writable", e);
	if (r >= 0)
		r = guest_must_fail(b->vm, "mount -o remount,rw /usr && touch /usr/written",
				    "/usr can be made writable", e);
	return r;
}

static int check_root(struct boot *b, struct err *e)
{
	uint64_t bytes;
	int r = guest_ask(b->vm, &b->out, e, "df -B1 --output=size / | tail -n 1 | tr -d ' '");

	if (r < 0)
		return r;
	if (parse_u64(said(b), 10, &bytes) < 0 || bytes < ROOT_BYTES_MIN)
		return err_set(e, -EBADMSG,
			       "the root filesystem has %s bytes: not grown to the disk", said(b));
	return guest_note(b->ctx, e, "root filesystem: %llu MiB",
			  (unsigned long long)(bytes / MiB));
}

static int check_identity(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat /etc/machine-id");

	if (r < 0)
		return r;
	if (b->out.len != 32 || strspn(said(b), "0123456789abcdef") != 32)
		return err_set(e, -EBADMSG, "no machine-id: '%s'", said(b));
	r = guest_ask(b->vm, &b->out, e, "ls /etc/ssh/ssh_host_*_key");
	if (r < 0)
		return r;
	r = guest_ask(b->vm, &b->out, e, "systemd-analyze time | head -n 1");
	return r < 0 ? r : guest_note(b->ctx, e, "%s", said(b));
}

/* What scanners that follow no symlink look for: real files, which nobody can change. */
static int check_package_list(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e,
			  "cd /var/lib/dpkg/status.d && grep -h ^Version: systemd && "
			  "! touch systemd 2>/dev/null && test -f /etc/debian_version");

	return r < 0 ? err_wrap(e, r, "the list of packages") : 0;
}

static int check_container(struct boot *b, struct err *e)
{
	const struct oci_params p = { .name = CONTAINER_IMAGE,
				      .architecture = "amd64",
				      .path = "hello",
				      .program = guest_program_start,
				      .len = (size_t)(guest_program_end - guest_program_start) };
	_cleanup_buf_ struct buf archive = BUF_INIT;
	int r = oci_archive(&p, &archive, e);

	if (r < 0)
		return r;
	r = vm_run(b->vm,
		   &(struct vm_run_params){ .command = "ctr image import --local -",
					    .input = archive.data,
					    .input_len = archive.len },
		   NULL, e);
	if (r < 0)
		return err_wrap(e, r, "import a container image");
	r = guest_ask(b->vm, &b->out, e, "ctr run --rm %s case-boot", CONTAINER_IMAGE);
	if (r < 0)
		return err_wrap(e, r, "run a container");
	if (!str_has_prefix(said(b), "hello from a container: pid 1 of Linux"))
		return err_set(e, -EBADMSG, "the container said: %s", said(b));
	return guest_note(b->ctx, e, "container: %s", said(b));
}

static int power_off(struct boot *b, struct err *e)
{
	int r = vm_powerdown(b->vm, e);

	return r < 0 ? r : vm_wait_exit(b->vm, 180, NULL, e);
}

static int check_console(struct boot *b, struct err *e)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	int n = vm_console_signs(vm_console_text(b->vm), NULL, &found, e);

	if (n <= 0)
		return n;
	return err_set(e, -EBADMSG, "%d bad signs on the console, the first: %s", n, found.v[0]);
}

/* The journal is kept whatever came out; without a channel there is none to keep. */
static void keep_journal(struct boot *b)
{
	_cleanup_free_ char *path = str_printf("%s/boot.journal", b->ctx->log_dir);
	_cleanup_fclose_ FILE *f = path ? fopen(path, "we") : NULL;
	struct err ignored;

	if (f &&
	    guest_ask(b->vm, &b->out, &ignored, "journalctl -b --no-pager -o short-monotonic") >= 0)
		fwrite(b->out.data, 1, b->out.len, f);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static int (*const steps[])(struct boot *, struct err *) = {
		guest_program, check_services, check_secure_boot,  check_verity,    check_read_only,
		check_root,    check_identity, check_package_list, check_container,
	};
	__attribute__((cleanup(boot_done))) struct boot b = { .ctx = ctx, .out = BUF_INIT };
	int r = start(&b, e);

	if (r >= 0)
		r = check_up(&b, e);
	if (r < 0 && r != -EBADMSG)
		return r;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](&b, e);
	keep_journal(&b);
	if (r >= 0)
		r = power_off(&b, e);
	return r < 0 ? r : check_console(&b, e);
}

extern const struct vm_case case_boot;
const struct vm_case case_boot = {
	.name = "boot",
	.description =
		"boots with Secure Boot to a node in order: /usr signed and read-only, a container runs",
	.run = run,
};
