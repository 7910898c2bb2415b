/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another key takes over, on one node's disk that rotation.sh makes: version 1, in slot A, is signed by db and
 * brings the certificate of db2; version 2, in slot B, is signed by db2 and revokes db. Its UKI lies where the loader
 * does not look, until the node trusts it.
 */
#include "qemu-tests/cases/boot.h"

#define VENDOR	"d719b2cb-3d3a-4596-a3bc-dad00e67656f"
#define VARS	"/sys/firmware/efi/efivars/"
#define SAYS	"journalctl -b -o cat -u slipway-renew.service"
#define REFUSED "(Error loading|failed to load) .*: (Access [Dd]enied|Security [Vv]iolation)"

#define REFUSED_TIMEOUT_SEC 300

static int trust_second(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "version 1 runs", "grep -x 'IMAGE_VERSION=\"\\?1\"\\?' /etc/os-release" },
		{ "the unit is done", "systemctl start slipway-renew.service" },
		{ "the certificate was appended", SAYS " | grep 'appended to db: db/000'" },
		{ "db has both",
		  "test $(grep -acE 'do not ship .db2?.' " VARS "db-" VENDOR ") -ge 1 && "
		  "grep -aq 'do not ship (db)' " VARS "db-" VENDOR " && "
		  "grep -aq 'do not ship (db2)' " VARS "db-" VENDOR },
		{ "nothing is revoked", "! grep -aq 'do not ship' " VARS "dbx-" VENDOR },
		{ "the loader is the one that it came with", "! " SAYS " | grep replaced" },
		{ "version 2 is to be booted",
		  "mv /boot/rotation_2.efi /boot/EFI/Linux/ && sync && mkdir -p /var/lib/case && "
		  "cat " VARS "db-" VENDOR " >/var/lib/case/db" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

static int revoke_first(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "version 2 runs", "grep -x 'IMAGE_VERSION=\"\\?2\"\\?' /etc/os-release" },
		{ "the unit is done", "systemctl start slipway-renew.service" },
		{ "the loader was replaced",
		  SAYS " | grep 'replaced EFI/BOOT/BOOTX64.EFI' && for f in BOOT/BOOTX64.EFI "
		       "systemd/systemd-bootx64.efi; do test \"$(sha256sum </boot/EFI/$f)\" = "
		       "\"$(sha256sum </usr/lib/slipway/renew/loader)\" || exit 1; done" },
		{ "then db was revoked", SAYS
		  " | grep -E 'replaced|appended' | tail -n 1 | grep 'appended to dbx: dbx/000' && "
		  "grep -aq 'do not ship (db)' " VARS "dbx-" VENDOR },
		{ "db is as it was", "test \"$(sha256sum <" VARS "db-" VENDOR
				     ")\" = \"$(sha256sum </var/lib/case/db)\"" },
	};
	int r = boot_again(b, e);

	return r < 0 ? r : boot_do(b, v, ARRAY_SIZE(v), e);
}

/* The loader that is started now is trusted by db2 alone. */
static int refuse_first(struct boot *b, struct err *e)
{
	static const struct vm_pattern refused[] = {
		{ .text = REFUSED, .regex = true },
		{ .text = "Linux version ", .failure = true },
	};
	struct err lost;
	int r = guest_ask(b->vm, &b->out, e, "bootctl set-oneshot rotation_1.efi");

	if (r < 0)
		return r;
	(void)!guest_ask(b->vm, &b->out, &lost, "systemctl reboot");
	r = vm_wait_console(b->vm, refused, ARRAY_SIZE(refused), REFUSED_TIMEOUT_SEC, e);
	return r < 0 ? r : vm_reset(b->vm, e);
}

static int boot_by_second_alone(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "version 2 runs", "grep -x 'IMAGE_VERSION=\"\\?2\"\\?' /etc/os-release" },
		{ "the unit is done", "systemctl start slipway-renew.service" },
		{ "once is enough", "! " SAYS " | grep -E 'appended|replaced'" },
	};
	int r = boot_wait_up(b, e);

	return r < 0 ? r : boot_do(b, v, ARRAY_SIZE(v), e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { "ssh.service", NULL };
	static const char *const allow[] = { "Security Violation", "Access Denied", "Access denied",
					     NULL };
	static const boot_step_fn steps[] = { trust_second, revoke_first, refuse_first,
					      boot_by_second_alone, NULL };

	return boot_judge(ctx,
			  &(struct boot_params){ .name = "rotation",
						 .units = units,
						 .steps = steps,
						 .allow = allow,
						 .keep = true },
			  e);
}

extern const struct vm_case case_rotation;
const struct vm_case case_rotation = {
	.name = "rotation",
	.image = "rotation",
	.description =
		"another key takes over: trusted, then used for loader and kernel, then the old one refused",
	.machines = 1,
	.typical_sec = 600,
	.keeps = true,
	.run = run,
};
