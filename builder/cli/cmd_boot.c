/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway boot */
#include <fcntl.h>

#include "base/blob.h"
#include "builder/cli/machines.h"

/* What the options say, as text. */
struct boot_options {
	const char *memory, *cpus, *disk_size, *ssh_key, *log_dir;
	bool snapshot, persistent, ssh, tpm, no_secure_boot, online;
};

static int get_size(const char *name, const char *text, uint64_t min, uint64_t *ret, struct err *e)
{
	if (!text)
		return 0;
	if (parse_size(text, ret) < 0 || *ret < min)
		return err_set(e, -EINVAL, "--%s %s: not a size of at least %llu MiB, such as 4G",
			       name, text, (unsigned long long)(min / MiB));
	return 0;
}

static int get_key(const char *path, char **ret, struct err *e)
{
	_cleanup_(blob_unref) struct blob *b = NULL;

	if (!path)
		return 0;
	int r = blob_new_file(AT_FDCWD, path, &b, e);
	if (r < 0)
		return err_wrap(e, r, "--ssh-key");
	*ret = strndup((const char *)b->data, b->len);
	if (!*ret)
		return err_oom(e);
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return 0;
}

static void say_how_to_log_in(const struct vm *vm, void *data)
{
	if (vm_ssh_port(vm))
		cli_note(data,
			 "once it is up: ssh -i %s -p %u -o StrictHostKeyChecking=no -o "
			 "UserKnownHostsFile=/dev/null root@127.0.0.1",
			 vm_ssh_key(vm), vm_ssh_port(vm));
}

static int boot(struct cli *c, const char *image, const struct boot_options *o, struct err *e)
{
	struct vm_params p = { .name = "boot",
			       .image = image,
			       .snapshot = !o->persistent,
			       .firmware = o->no_secure_boot ? VM_FIRMWARE_UEFI
							     : VM_FIRMWARE_SECURE_BOOT,
			       .tpm = o->tpm,
			       .online = o->online,
			       .ssh = o->ssh || o->ssh_key,
			       .log_dir = o->log_dir };
	struct vm_host_params hp;
	_cleanup_(vm_host_free) struct vm_host *host = NULL;
	_cleanup_free_ char *key = NULL;
	uint64_t cpus = 0, image_bytes = 0;

	if (o->snapshot && o->persistent)
		return err_set(e, -EINVAL,
			       "--snapshot and --persistent are opposites: leave one out");
	int r = cli_check_disk(image, &image_bytes, e);
	if (r < 0)
		return r;
	/* Room for the root partition that the first boot makes. */
	p.disk_bytes = align_up(image_bytes + 4 * GiB, MiB);
	if (o->cpus && (parse_u64(o->cpus, 10, &cpus) < 0 || cpus < 1 || cpus > 256))
		return err_set(e, -EINVAL, "--cpus %s: not a number from 1 to 256", o->cpus);
	p.cpus = (unsigned int)cpus;
	r = get_size("memory", o->memory, 512 * MiB, &p.memory_bytes, e);
	if (r == 0)
		r = get_size("disk-size", o->disk_size, image_bytes, &p.disk_bytes, e);
	if (r == 0)
		r = get_key(o->ssh_key, &key, e);
	if (r == 0)
		r = cli_vm_host(c, &hp, e);
	if (r < 0)
		return r;
	p.ssh_key = key;
	r = vm_host_new(&hp, &host, e);
	if (r < 0)
		return r;
	cli_note(c, "%s: control-A X ends it%s", image,
		 o->persistent ? "" : "; what it writes is gone then");
	const struct vm_terminal t = {
		.in = STDIN_FILENO, .out = STDOUT_FILENO, .started = say_how_to_log_in, .data = c
	};
	return boot_interactive(host, &p, &t, e);
}

static int run_boot(struct cli *c, int argc, char **argv, struct err *e)
{
	struct boot_options o = { 0 };
	const struct cli_option options[] = {
		{ .name = "memory", .arg = "SIZE", .value = &o.memory, .help = "default: 2G" },
		{ .name = "cpus",
		  .arg = "N",
		  .value = &o.cpus,
		  .help = "default: 2, or 1 where it is emulated" },
		{ .name = "disk-size",
		  .arg = "SIZE",
		  .value = &o.disk_size,
		  .help = "size of its disk (default: the image and 4G)" },
		{ .name = "ssh",
		  .flag = &o.ssh,
		  .help = "let root log in with a key made for it, on a port of 127.0.0.1" },
		{ .name = "ssh-key",
		  .arg = "FILE",
		  .value = &o.ssh_key,
		  .help = "and with this public key" },
		{ .name = "snapshot",
		  .flag = &o.snapshot,
		  .help = "what it writes is gone afterwards (the default)" },
		{ .name = "persistent", .flag = &o.persistent, .help = "write into the image" },
		{ .name = "no-secure-boot",
		  .flag = &o.no_secure_boot,
		  .help = "with Secure Boot switched off: the image does not start" },
		{ .name = "tpm", .flag = &o.tpm, .help = "with a TPM 2.0" },
		{ .name = "online",
		  .flag = &o.online,
		  .help = "the guest may reach beyond this machine" },
		{ .name = "log-dir",
		  .arg = "DIR",
		  .value = &o.log_dir,
		  .help = "keep the console's text and QEMU's messages here" },
		{ 0 },
	};
	char **args;
	size_t n;

	int r = cli_parse(&cmd_boot, options, argc, argv, &args, &n);
	return r ? r : boot(c, args[0], &o, e);
}

const struct cli_command cmd_boot = {
	.name = "boot",
	.args = "IMAGE",
	.summary = "Boot an image in a VM with its console on this terminal",
	.text = "Secure Boot is on; the image's own keys are enrolled on the first start. Uses KVM where a\n"
		"guest really runs in it, else emulation, which takes a minute or two to boot.",
	.min_args = 1,
	.max_args = 1,
	.run = run_boot,
};
