/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/finish.h"

/* In order: users before what is owned by them, files that scripts copy before what reads them, units
 * before what is moved, the linker cache after every library is in place. */
static const struct finisher finishers[] = {
	{ "users", finish_users },
	{ "configs", finish_configs },
	{ "stat-overrides", finish_stat_overrides },
	{ "alternatives", finish_alternatives },
	{ "pam", finish_pam },
	{ "nsswitch", finish_nsswitch },
	{ "ca-bundle", finish_ca_bundle },
	{ "compiled", finish_compiled },
	{ "os-release", finish_os_release },
	{ "copyrights", finish_copyrights },
	{ "package-list", finish_package_list },
	{ "health", finish_health },
	{ "updates", finish_updates },
	{ "renew", finish_renew },
	{ "etc-diff", finish_etc_diff },
	{ "units", finish_units },
	{ "module-index", finish_module_index },
	{ "linker-cache", finish_linker_cache },
};

int finish_run(const struct finish_params *p, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(finishers); i++) {
		int r = pool_check(p->pool, e);
		if (r < 0)
			return r;
		r = finishers[i].run(p, e);
		if (r < 0)
			return err_wrap(e, r, "finisher %s", finishers[i].name);
	}
	return 0;
}

bool finish_exists(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(finishers); i++)
		if (str_eq(name, finishers[i].name))
			return true;
	return str_eq(name, "place");
}
