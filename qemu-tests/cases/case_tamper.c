/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any image: what was altered is refused, and the console says why. */
#include "qemu-tests/cases/case_tamper.h"

#include "qemu-tests/cases/tamper.h"
#include "qemu-tests/tamper/tamper.h"

/* How firmware and loader say that a program is not signed as they want it. */
#define NOT_LOADED  "Error loading .*: (Access [Dd]enied|Security [Vv]iolation)"
#define NOT_STARTED "BdsDxe: failed to load .*: (Access Denied|Security Violation)"
/* A block of data or of the tree, by the kernel. */
#define CORRUPTED "device-mapper: verity: .* (data|metadata) block [0-9]+ is corrupted"

/* The initrd. */
#define CREDENTIAL "Finished slipway-credentials"

/* The stub says so of each, whose name stands in the line. */
static int check_addons(struct boot *b, struct err *e)
{
	static const char *const names[] = { "unsigned.addon.efi", "unsigned-all.addon.efi",
					     "stranger.addon.efi", "stranger-all.addon.efi" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *says = str_printf("Failed to read '%s' from ", names[i]);
		if (!says)
			return err_oom(e);
		const char *at = strstr(vm_console_text(b->vm), says);
		const char *why = at ? strstr(at, "Access denied") : NULL;
		if (!why || memchr(at, '\n', (size_t)(why - at)))
			return err_set(e, -EBADMSG, "the console does not say that %s was refused",
				       names[i]);
	}
	return 0;
}

static int check_no_word(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "cat /proc/cmdline");

	if (r < 0)
		return r;
	return strstr(boot_said(b), TAMPER_WORD)
		       ? err_set(e, -EBADMSG, "a word that nobody signed is on the command line")
		       : 0;
}

static int check_file(struct boot *b, struct err *e)
{
	return boot_expect(b, "ls " TAMPER_FILE, TAMPER_FILE, e);
}

/* By the entry that nobody signed, and not by the UKI's own, was it started. */
static int check_chosen(struct boot *b, struct err *e)
{
	return boot_expect(b,
			   "tr -d '\\0' </sys/firmware/efi/efivars/"
			   "LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
			   TAMPER_ENTRY, e);
}

static const boot_step_fn addon_steps[] = { check_addons, check_no_word, NULL };
static const boot_step_fn entry_steps[] = { check_chosen, check_no_word, NULL };
static const boot_step_fn no_steps[] = { NULL };
static const boot_step_fn credential_steps[] = { check_file, NULL };

#define CASE(id, case_name, says, seconds, ...)                      \
	static const struct tamper_case id##_data = { __VA_ARGS__ }; \
	const struct vm_case case_tamper_##id = {                    \
		.name = "tamper-" case_name,                         \
		.description = says,                                 \
		.machines = 1,                                       \
		.typical_sec = seconds,                              \
		.run = tamper_judge,                                 \
		.data = &id##_data,                                  \
	}

#define REFUSED(id, name, says, why)                                        \
	CASE(id, name, "the firmware refuses " says, 15, .kinds = { name }, \
	     .end = TAMPER_FIRMWARE, .reason = why)

#define STOPPED(id, name, says, why)                                                            \
	CASE(id, name, "the node stops at " says, 60, .kinds = { name }, .end = TAMPER_STOPPED, \
	     .reason = why)

REFUSED(uki_cmdline, "uki-cmdline", "a UKI with another command line", NOT_LOADED);
REFUSED(uki_unsigned, "uki-unsigned", "a UKI without a signature", NOT_LOADED);
REFUSED(uki_other_key, "uki-other-key", "a UKI signed by another key", NOT_LOADED);
REFUSED(uki_kernel, "uki-kernel", "a UKI with another kernel", NOT_LOADED);
REFUSED(uki_initrd, "uki-initrd", "a UKI with an archive appended to its initrd", NOT_LOADED);
REFUSED(uki_truncated, "uki-truncated", "half a UKI", NOT_LOADED);
REFUSED(loader_other_key, "loader-other-key", "a boot loader signed by another key", NOT_STARTED);

REFUSED(entry_unsigned, "entry-unsigned", "an unsigned UKI that an entry of the loader names",
	NOT_LOADED);

STOPPED(usr_data, "usr-data", "a flipped bit in /usr", CORRUPTED);
STOPPED(tree_level_0, "tree-level-0", "a flipped bit in the hash tree", CORRUPTED);
STOPPED(tree_level_1, "tree-level-1", "a flipped bit in the hash tree's middle", CORRUPTED);
STOPPED(tree_level_2, "tree-level-2", "a flipped bit in the hash tree's top", CORRUPTED);
STOPPED(superblock_magic, "superblock-magic", "a verity superblock that is none",
	"Failed to start systemd-verity");
STOPPED(superblock_salt, "superblock-salt", "another salt of the hash tree", CORRUPTED);
STOPPED(other_usr, "other-usr", "the /usr of another build", CORRUPTED);
STOPPED(other_tree, "other-tree", "the hash tree of another build", CORRUPTED);
STOPPED(other_build, "other-build", "/usr and hash tree of another build", CORRUPTED);
STOPPED(root_hash_other_key, "root-hash-other-key", "a root hash signed by another key",
	"Root hash verification failed");
/* The initrd asks for a command line with a signature, before the kernel is asked for a verified one. */
STOPPED(root_hash_unsigned, "root-hash-unsigned", "a root hash that is not signed",
	"Failed to start slipway-admission");
STOPPED(uki_old_chosen, "uki-old-chosen", "an old release whose /usr is gone",
	"Timed out waiting for device");
STOPPED(initrd_stuck, "initrd-stuck", "the limit of an initrd that hangs",
	"Forcibly rebooting: job timed out");
CASE(twin_usr, "twin-usr",
     "of two partitions with the UUID of /usr the good one is used, or the node stops", 150,
     .kinds = { "twin-usr" }, .end = TAMPER_EITHER, .reason = CORRUPTED, .steps = no_steps);
STOPPED(smbios_cmdline, "smbios-cmdline", "more kernel command line, by the machine",
	"Failed to start slipway-admission");
STOPPED(esp_credential, "esp-credential", "a credential on the ESP", CREDENTIAL);
STOPPED(esp_credential_null, "esp-credential-null",
	"a credential on the ESP that systemd takes for encrypted", CREDENTIAL);

CASE(usr_data_late, "usr-data-late", "a flipped bit in /usr ends the node when it is read", 150,
     .kinds = { "usr-data-late" }, .end = TAMPER_LATE, .reason = CORRUPTED);

CASE(given_up, "given-up", "three attempts to boot a damaged /usr, then it is off", 400,
     .kinds = { "usr-data" }, .end = TAMPER_GIVEN_UP, .reason = CORRUPTED);
CASE(addons, "addons",
     "addons that nobody signed have no effect; the boot does not read the verity-sig partition",
     150, .kinds = { "addon-unsigned", "addon-other-key", "sig-other-key", "sig-root-hash" },
     .end = TAMPER_UP, .steps = addon_steps);

CASE(entry_cmdline, "entry-cmdline",
     "options that an entry of the loader gives to the signed UKI have no effect", 150,
     .kinds = { "entry-cmdline" }, .end = TAMPER_UP, .steps = entry_steps);

CASE(uki_old, "uki-old", "the newest release is booted, with an older one beside it", 150,
     .kinds = { "uki-old" }, .end = TAMPER_UP, .steps = no_steps);

CASE(smbios_credential, "smbios-credential", "by design: a machine hands in credentials", 150,
     .kinds = { "smbios-credential" }, .end = TAMPER_UP, .steps = credential_steps);
