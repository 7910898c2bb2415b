/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modes and owners that packages' scripts set with dpkg-statoverride, chown or chmod, as the files'
 * owners are users that a .deb cannot name. File capabilities would stand here too; in Debian 13 none
 * of the packages read so far sets one by default (ping works without, iproute2 asks first).
 */
#include "stage1/finish/finish.h"
#include "stage1/finish/users.h"

#define NAME	  "stat-overrides"
#define KEEP_MODE UINT32_MAX

static const struct {
	const char *package, *path;
	uint32_t mode;
	const char *user, *group;
	const char *why;
} overrides[] = {
	{ "dbus", "usr/lib/dbus-1.0/dbus-daemon-launch-helper", 04754, "root", "messagebus",
	  "the bus starts services of other users" },
	{ "openssh-client", "usr/bin/ssh-agent", 02755, "root", "_ssh",
	  "keeps other processes from tracing it" },
	{ "fuse3", "usr/bin/fusermount3", 04755, "root", "root", "users mount with it" },
	{ "nginx-common", "var/log/nginx", 0755, "root", "adm", "its group reads logs" },
	{ "polkitd", "usr/lib/polkit-1/polkit-agent-helper-1", 04755, "root", "root",
	  "checks passwords" },
	{ "polkitd", "etc/polkit-1/rules.d", 0750, "root", "polkitd", "rules may hold secrets" },
	{ "chrony", "etc/chrony/chrony.keys", 0640, "root", "_chrony", "keys" },
	{ "chrony", "var/lib/chrony", 0750, "_chrony", "_chrony", "chronyd writes there" },
	{ "chrony", "var/log/chrony", 0750, "_chrony", "_chrony", "chronyd writes there" },
	{ "tpm-udev", "var/lib/tpm", KEEP_MODE, "tss", "tss", "the TPM stack writes there" },
};

static int apply(const struct finish_params *p, const struct users *u, size_t i, struct err *e)
{
	struct tree_node *n = tree_lookup(p->tree, overrides[i].path);
	const struct user *user = users_by_name(u, overrides[i].user);
	const struct group *group = users_group_by_name(u, overrides[i].group);

	if (!n || !finish_has_package(p, overrides[i].package))
		return 0;
	if (!user || !group)
		return err_set(e, -ENOENT, "%s of package %s should belong to %s:%s: no such %s",
			       overrides[i].path, overrides[i].package, overrides[i].user,
			       overrides[i].group, user ? "group" : "user");
	n->inode->uid = user->uid;
	n->inode->gid = group->gid;
	if (overrides[i].mode != KEEP_MODE)
		n->inode->mode = (n->inode->mode & S_IFMT) | overrides[i].mode;
	return 0;
}

int finish_stat_overrides(const struct finish_params *p, struct err *e)
{
	_cleanup_users_ struct users u = USERS_INIT;

	int r = users_load(p->tree, 0, &u, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(overrides); i++)
		r = apply(p, &u, i, e);
	return r;
}
