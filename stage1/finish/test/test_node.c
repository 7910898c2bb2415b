/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the node does by itself: health and updates. */
#include "stage1/finish/test/fixture.h"

#define LIB   "usr/lib/slipway/"
#define UNITS "usr/lib/systemd/system/"

static struct strv units = STRV_INIT, commands = STRV_INIT;
static const struct finish_health health = { &units, &commands, 90 };
static uint8_t key_data[] = { 0x99, 0x01 };

/* An image whose node can be judged and can take updates, after a recipe that wants both. */
static void image(struct fixture *f, struct finish_updates *u)
{
	fx_init(f);
	fx_file(f, "usr/bin/sh", "");
	fx_file(f, "usr/bin/bootctl", "");
	fx_file(f, "usr/bin/gpg", "");
	fx_file(f, "usr/lib/systemd/systemd-bless-boot", "");
	fx_file(f, "usr/lib/systemd/systemd-sysupdate", "");
	fx_file(f, "usr/lib/systemd/import-pubring.gpg", "keys of strangers");
	fx_file(f, UNITS "containerd.service", "[Service]\n");
	*u = (struct finish_updates){ .source = "https://updates.example/node",
				      .channel = "canary",
				      .key = blob_new(key_data, sizeof(key_data)) };
	f->p.health = &health;
	f->p.updates = u;
	ck_assert(strv_add(&units, "containerd.service") == 0);
	ck_assert(strv_add(&commands, "ctr version") == 0);
}

static void done(struct fixture *f, struct finish_updates *u)
{
	blob_unref(u->key);
	strv_done(&units);
	strv_done(&commands);
	fx_done(f);
}

START_TEST(health_is_judged)
{
	struct finish_updates u;
	struct fixture f;
	struct err e;

	image(&f, &u);
	ck_ok(finish_health(&f.p, &e));
	fx_expect_text(&f, LIB "health.list",
		       "limit 90\nunit containerd.service\ncommand ctr version\n");
	fx_expect_text(&f, UNITS "slipway-health.service.d/10-limit.conf",
		       "[Unit]\nJobTimeoutSec=690\n");
	fx_expect_holds(&f, UNITS "slipway-health.service", "\nBefore=boot-complete.target\n");
	fx_expect_link(&f, UNITS "boot-complete.target.requires/slipway-health.service",
		       "../slipway-health.service");
	fx_expect_mode(&f, LIB "health", 0755, 0, 0);
	done(&f, &u);
}
END_TEST

START_TEST(health_needs_its_units)
{
	struct finish_updates u;
	struct fixture f;
	struct err e;

	image(&f, &u);
	ck_assert(strv_add(&units, "containers.service") == 0);
	ck_fails(finish_health(&f.p, &e), -EINVAL,
		 "units: the image has no unit \"containers.service\"; near names: "
		 "containerd.service");
	done(&f, &u);
}
END_TEST

START_TEST(nothing_is_judged)
{
	struct finish_updates u;
	struct fixture f;
	struct err e;

	image(&f, &u);
	strv_done(&units);
	strv_done(&commands);
	units = commands = (struct strv)STRV_INIT;
	ck_ok(finish_health(&f.p, &e));
	fx_expect_none(&f, UNITS "slipway-health.service");
	fx_expect_none(&f, UNITS "boot-complete.target.requires");
	done(&f, &u);
}
END_TEST

START_TEST(updates_are_taken)
{
	struct finish_updates u;
	struct fixture f;
	struct err e;

	image(&f, &u);
	ck_ok(finish_updates(&f.p, &e));
	fx_expect_holds(&f, LIB "update.env",
			"\nSOURCE=https://updates.example/node\nCHANNEL=canary\n"
			"REBOOT=coordinated\n");
	fx_expect_text(&f, "usr/lib/systemd/import-pubring.gpg", "\x99\x01");
	fx_expect_link(&f, UNITS "timers.target.wants/slipway-update.timer",
		       "../slipway-update.timer");
	fx_expect_link(&f, UNITS "multi-user.target.wants/slipway-status.service",
		       "../slipway-status.service");
	fx_expect_mode(&f, LIB "update", 0755, 0, 0);
	fx_expect_mode(&f, LIB "firmware-keys", 0755, 0, 0);
	fx_expect_mode(&f, LIB "status", 0755, 0, 0);
	u.reboots = true;
	ck_ok(finish_updates(&f.p, &e));
	fx_expect_holds(&f, LIB "update.env", "\nREBOOT=automatic\n");
	done(&f, &u);
}
END_TEST

/* Verification would fail on the node, and each update with it: better the build. */
START_TEST(updates_need_gpg)
{
	struct finish_updates u;
	struct fixture f;
	struct err e;

	fx_init(&f);
	fx_file(&f, "usr/bin/sh", "");
	fx_file(&f, "usr/lib/systemd/systemd-bless-boot", "");
	fx_file(&f, "usr/lib/systemd/systemd-sysupdate", "");
	u = (struct finish_updates){ .source = "https://x", .channel = "stable" };
	f.p.updates = &u;
	ck_fails(finish_updates(&f.p, &e), -ENOENT, "add gpg to packages");
	fx_done(&f);
}
END_TEST

/* No updates, but versions: the node says which one runs. Without a shell it cannot. */
START_TEST(status_without_updates)
{
	struct finish_updates u;
	struct fixture f;
	struct err e;

	image(&f, &u);
	f.p.updates = NULL;
	ck_ok(finish_updates(&f.p, &e));
	fx_expect_mode(&f, LIB "status", 0755, 0, 0);
	fx_expect_none(&f, LIB "update");
	fx_expect_text(&f, "usr/lib/systemd/import-pubring.gpg", "keys of strangers");
	done(&f, &u);

	fx_init(&f);
	fx_file(&f, "usr/bin/bootctl", "");
	fx_file(&f, "usr/lib/systemd/systemd-bless-boot", "");
	ck_ok(finish_updates(&f.p, &e));
	fx_expect_none(&f, LIB "status");
	fx_done(&f);
}
END_TEST

START_TEST(boot_is_renewed)
{
	struct blob *loader = blob_new_str("loader"), *one = blob_new_str("one"),
		    *two = blob_new_str("two");
	struct blob *const trust[] = { one, two }, *const revoke[] = { two };
	const struct finish_renew renew = {
		.loader = loader, .trust = trust, .n_trust = 2, .revoke = revoke, .n_revoke = 1
	};
	struct finish_updates u;
	struct fixture f;
	struct err e;

	image(&f, &u);
	ck_ok(finish_renew(&f.p, &e));
	fx_expect_none(&f, LIB "renew-boot");
	f.p.renew = &renew;
	ck_fails(finish_renew(&f.p, &e), -ENOENT, "coreutils");
	fx_file(&f, "usr/bin/dd", "");
	fx_file(&f, "usr/bin/chattr", "");
	ck_ok(finish_renew(&f.p, &e));
	fx_expect_text(&f, LIB "renew/loader", "loader");
	fx_expect_text(&f, LIB "renew/db/000", "one");
	fx_expect_text(&f, LIB "renew/db/001", "two");
	fx_expect_text(&f, LIB "renew/dbx/000", "two");
	fx_expect_mode(&f, LIB "renew-boot", 0755, 0, 0);
	fx_expect_holds(&f, UNITS "slipway-renew.service", "\nAfter=boot-complete.target ");
	fx_expect_link(&f, UNITS "multi-user.target.wants/slipway-renew.service",
		       "../slipway-renew.service");
	blob_unref(loader);
	blob_unref(one);
	blob_unref(two);
	done(&f, &u);
}
END_TEST

TEST_MAIN("node", health_is_judged, health_needs_its_units, nothing_is_judged, updates_are_taken,
	  updates_need_gpg, status_without_updates, boot_is_renewed)
