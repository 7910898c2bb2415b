/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is right of every image once it is up, looked at from inside. */
#include "qemu-tests/cases/boot.h"

#define ROOT_BYTES_MIN (3 * GiB)
#define SECURE_BOOT_VARIABLE \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static int check_secure_boot(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat " SECURE_BOOT_VARIABLE);

	if (r < 0)
		return r;
	if (b->out.len != 5 || b->out.data[4] != 1)
		return err_set(e, -EBADMSG, "Secure Boot is off");
	r = guest_ask(b->vm, &b->out, e, "cat /sys/kernel/security/lockdown");
	if (r >= 0 && !strstr(boot_said(b), "[integrity]") &&
	    !strstr(boot_said(b), "[confidentiality]"))
		r = err_set(e, -EBADMSG, "the kernel is not locked down: %s", boot_said(b));
	return r < 0 ? r : guest_note(b->ctx, e, "lockdown: %s", boot_said(b));
}

/* The value of one word of the kernel command line, into @ret of 65 bytes. */
static int root_hash_booted(struct boot *b, char ret[65], struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat /proc/cmdline");

	if (r < 0)
		return r;
	const char *at = strstr(boot_said(b), "usrhash=");
	if (!at || strspn(at + 8, "0123456789abcdef") != 64)
		return err_set(e, -EBADMSG, "no root hash on the kernel command line: %s",
			       boot_said(b));
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
	const char *line = str_has_prefix(boot_said(b), "usr ") ? boot_said(b)
								: strstr(boot_said(b), "\nusr ");
	if (!line || !strstr(line, " verity "))
		return err_set(e, -EBADMSG, "device 'usr' is not dm-verity: %s", boot_said(b));
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
	if (r >= 0 && !str_eq(boot_said(b), "Y"))
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
	const char *options = strstr(boot_said(b), " ro,");
	if (!str_has_prefix(boot_said(b), "/dev/mapper/usr ") || !options)
		return err_set(e, -EBADMSG, "/usr is not /dev/mapper/usr, read-only: %s",
			       boot_said(b));
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
	if (parse_u64(boot_said(b), 10, &bytes) < 0 || bytes < ROOT_BYTES_MIN)
		return err_set(e, -EBADMSG,
			       "the root filesystem has %s bytes: not grown to the disk",
			       boot_said(b));
	return guest_note(b->ctx, e, "root filesystem: %llu MiB",
			  (unsigned long long)(bytes / MiB));
}

static int check_identity(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat /etc/machine-id");

	if (r < 0)
		return r;
	if (b->out.len != 32 || strspn(boot_said(b), "0123456789abcdef") != 32)
		return err_set(e, -EBADMSG, "no machine-id: '%s'", boot_said(b));
	return guest_ask(b->vm, &b->out, e, "ls /etc/ssh/ssh_host_*_key");
}

/* What scanners that follow no symlink look for: real files, which nobody can change. */
static int check_package_list(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e,
			  "cd /var/lib/dpkg/status.d && grep -h ^Version: systemd && "
			  "! touch systemd 2>/dev/null && test -f /etc/debian_version");

	return r < 0 ? err_wrap(e, r, "the list of packages") : 0;
}

int boot_check_image(struct boot *b, struct err *e)
{
	static const boot_step_fn steps[] = {
		check_secure_boot, check_verity,   check_read_only,
		check_root,	   check_identity, check_package_list
	};
	int r = guest_install(b->vm, e);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](b, e);
	return r;
}
