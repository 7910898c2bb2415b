/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The renew finisher: what nodes that run already get of boot loader and Secure Boot keys lies in /usr, and a
 * unit brings it to the ESP and into the firmware once the version is known to be good.
 */
#include "stage1/finish/node_file.h"

#define NAME "renew"
#define DIR  NODE_DIR "renew/"
#define UNIT "slipway-renew.service"

static int put_list(const struct finish_params *p, const char *variable, struct blob *const *v,
		    size_t n, struct err *e)
{
	char path[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		snprintf(path, sizeof(path), DIR "%s/%03zu", variable, i);
		r = finish_put_blob(p, NAME, path, blob_ref(v[i]), e);
	}
	return r;
}

static int need_programs(const struct finish_params *p, struct err *e)
{
	static const struct {
		const char *path, *package;
	} programs[] = {
		{ "usr/bin/sh", "dash" },
		{ "usr/bin/dd", "coreutils" },
		{ "usr/bin/chattr", "e2fsprogs" },
		{ "usr/bin/bootctl", "systemd-boot" },
		{ "usr/lib/systemd/systemd-bless-boot", "systemd-boot" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(programs); i++)
		r = node_need(p, programs[i].path, programs[i].package,
			      "by which boot loader and keys are renewed", e);
	return r;
}

int finish_renew(const struct finish_params *p, struct err *e)
{
	static const struct node_file files[] = { NODE_PROGRAM(renew, "renew-boot"),
						  NODE_UNIT(slipway_renew, UNIT) };
	const struct finish_renew *n = p->renew;

	if (!n)
		return 0;
	int r = need_programs(p, e);
	if (r == 0)
		r = finish_put_blob(p, NAME, DIR "loader", blob_ref(n->loader), e);
	if (r == 0)
		r = put_list(p, "db", n->trust, n->n_trust, e);
	if (r == 0)
		r = put_list(p, "dbx", n->revoke, n->n_revoke, e);
	if (r == 0)
		r = node_files_put(p, NAME, files, ARRAY_SIZE(files), e);
	return r < 0 ? r : node_unit_want(p, NAME, "multi-user.target", "wants", UNIT, e);
}
