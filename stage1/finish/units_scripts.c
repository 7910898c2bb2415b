/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/script.h"
#include "stage1/finish/units.h"

/* What a postinst enables by a call of systemctl, and nothing else tells. */
static const struct {
	const char *package, *unit;
} by_hand[] = {
	{ "systemd", "getty@tty1.service" },
	{ "systemd", "remote-fs.target" },
	{ "systemd", "systemd-pstore.service" },
};

struct scan {
	bool user;
	struct strv enabled, guarded;
};

static int use_call(void *ctx, const struct strv *args, struct err *e)
{
	struct scan *s = ctx;
	struct strv *list = NULL;
	bool user = false;

	for (size_t i = 0; i < args->n; i++) {
		const char *a = args->v[i];
		if (str_eq(a, "--user"))
			user = true;
		if (*a == '-')
			continue;
		if (!list) {
			list = str_eq(a, "enable")	       ? &s->enabled
			       : str_eq(a, "debian-installed") ? &s->guarded
							       : NULL;
			if (!list || user != s->user)
				return 0;
		} else if (unit_name_is_valid(a) && strv_add(list, a) < 0) {
			return err_oom(e);
		}
	}
	return 0;
}

static int scan_package(const struct package *pkg, bool user, struct strv *units, struct err *e)
{
	struct scan s = { user, STRV_INIT, STRV_INIT };

	int r = script_find_calls(pkg, "postinst", "deb-systemd-helper", use_call, &s, e);
	for (size_t i = 0; r == 0 && i < s.enabled.n; i++)
		if (!strv_contains(&s.guarded, s.enabled.v[i]) &&
		    strv_add(units, s.enabled.v[i]) < 0)
			r = err_oom(e);
	strv_done(&s.enabled);
	strv_done(&s.guarded);
	return r;
}

int units_from_scripts(const struct finish_params *p, enum unit_scope scope, struct strv *units,
		       struct err *e)
{
	for (size_t i = 0; i < p->n_packages; i++) {
		int r = scan_package(p->packages[i], scope == UNIT_USER, units, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; scope == UNIT_SYSTEM && i < ARRAY_SIZE(by_hand); i++)
		if (finish_has_package(p, by_hand[i].package) &&
		    strv_add(units, by_hand[i].unit) < 0)
			return err_oom(e);
	return 0;
}
