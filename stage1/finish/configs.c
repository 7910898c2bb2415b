/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files, directories and links that packages' postinst scripts make when they are installed for the
 * first time. What is in the tree already (of a package or the overlay) stays.
 *
 * Left out on purpose: /usr/local, which packages make writable for the machine's administrator; info
 * and XML catalogues; links of SysV init; etc/machine-id; ssh host keys (made on first boot).
 */
#include "stage1/finish/configs.h"

static const struct {
	const char *package, *from, *to;
} copies[] = {
	{ "base-files", "usr/share/base-files/profile", "etc/profile" },
	{ "base-files", "usr/share/base-files/motd", "etc/motd" },
	{ "base-files", "usr/share/base-files/dot.profile", "root/.profile" },
	{ "base-files", "usr/share/base-files/dot.bashrc", "root/.bashrc" },
	{ "openssh-server", "usr/share/openssh/sshd_config", "etc/ssh/sshd_config" },
	{ "chrony", "usr/share/chrony/chrony.conf", "etc/chrony/chrony.conf" },
	{ "chrony", "usr/share/chrony/chrony.keys", "etc/chrony/chrony.keys" },
	{ "nginx-common", "usr/share/nginx/html/index.html",
	  "var/www/html/index.nginx-debian.html" },
	{ "readline-common", "usr/share/readline/inputrc", "etc/inputrc" },
};

#define HOSTS                                           \
	"127.0.0.1\tlocalhost\n"                        \
	"::1\t\tlocalhost ip6-localhost ip6-loopback\n" \
	"ff02::1\t\tip6-allnodes\n"                     \
	"ff02::2\t\tip6-allrouters\n"

static const struct {
	const char *package, *path;
	uint32_t mode;
	const char *text;
} texts[] = {
	/* netbase or an installer has it; kubelet copies it into pods. */
	{ "base-files", "etc/hosts", 0644, HOSTS },
	{ "netbase", "etc/networks", 0644,
	  "default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n" },
	{ "libpam-modules", "etc/environment", 0644, "" },
	{ "libpam-modules", "etc/security/opasswd", 0600, "" },
	/* etc/modules-load.d/modules.conf is a link to it. */
	{ "kmod", "etc/modules", 0644, "# Obsolete: see modules-load.d(5).\n" },
};

static const struct {
	const char *package, *path;
	uint32_t mode;
	const char *user, *group, *text; /* text: NULL for a directory */
} owned[] = {
	{ "base-files", "mnt", 0755, "root", "root", NULL },
	{ "base-files", "srv", 0755, "root", "root", NULL },
	{ "base-files", "opt", 0755, "root", "root", NULL },
	{ "base-files", "media", 0755, "root", "root", NULL },
	{ "base-files", "etc/opt", 0755, "root", "root", NULL },
	{ "base-files", "var/opt", 0755, "root", "root", NULL },
	{ "base-files", "var/mail", 02775, "root", "mail", NULL },
	{ "base-files", "var/log/wtmp", 0664, "root", "utmp", "" },
	{ "base-files", "var/log/btmp", 0660, "root", "utmp", "" },
	{ "base-files", "var/log/lastlog", 0664, "root", "utmp", "" },
	{ "nginx-common", "var/log/nginx/access.log", 0640, "www-data", "adm", "" },
	{ "nginx-common", "var/log/nginx/error.log", 0640, "www-data", "adm", "" },
	/* With it the journal is kept over a reboot. */
	{ "systemd", "var/log/journal", 02755, "root", "systemd-journal", NULL },
};

static const struct {
	const char *package, *path, *target;
} links[] = {
	{ "base-files", "var/run", "../run" },
	{ "base-files", "var/lock", "../run/lock" },
	{ "base-files", "var/spool/mail", "../mail" },
	{ "base-files", "etc/dpkg/origins/default", "debian" },
	{ "nginx-common", "etc/nginx/sites-enabled/default", "/etc/nginx/sites-available/default" },
	{ "libwtmpdb0", "var/lib/wtmpdb/wtmp.db", "../../log/wtmp.db" },
	{ "bash", "usr/bin/sh", "bash" }, /* where there is no dash */
};

static int put_copy(const struct finish_params *p, size_t i, struct err *e)
{
	const struct tree_node *from = tree_resolve(p->tree, copies[i].from);

	if (!finish_has_package(p, copies[i].package) || tree_lookup(p->tree, copies[i].to) ||
	    !from || !tree_is_file(from))
		return 0;
	struct tree_meta m = { .mode = from->inode->mode & 07777,
			       .mtime = p->time,
			       .origin = finish_origin(p, CONFIGS_NAME) };
	return m.origin ? tree_add_file(p->tree, copies[i].to, &m, blob_ref(from->inode->blob),
					NULL, e)
			: err_oom(e);
}

static int put_text(const struct finish_params *p, size_t i, struct err *e)
{
	if (!finish_has_package(p, texts[i].package) || tree_lookup(p->tree, texts[i].path))
		return 0;
	struct tree_meta m = { .mode = texts[i].mode,
			       .mtime = p->time,
			       .origin = finish_origin(p, CONFIGS_NAME) };
	return m.origin ? tree_add_file(p->tree, texts[i].path, &m, blob_new_str(texts[i].text),
					NULL, e)
			: err_oom(e);
}

static int put_owned(const struct finish_params *p, const struct users *u, size_t i, struct err *e)
{
	const struct user *user = users_by_name(u, owned[i].user);
	const struct group *group = users_group_by_name(u, owned[i].group);

	if (!finish_has_package(p, owned[i].package) || tree_lookup(p->tree, owned[i].path))
		return 0;
	if (!user || !group)
		return err_set(e, -ENOENT, "%s of package %s should belong to %s:%s: no such %s",
			       owned[i].path, owned[i].package, owned[i].user, owned[i].group,
			       user ? "group" : "user");
	struct tree_meta m = { .mode = owned[i].mode,
			       .uid = user->uid,
			       .gid = group->gid,
			       .mtime = p->time,
			       .origin = finish_origin(p, CONFIGS_NAME) };
	if (!m.origin)
		return err_oom(e);
	return owned[i].text ? tree_add_file(p->tree, owned[i].path, &m,
					     blob_new_str(owned[i].text), NULL, e)
			     : tree_add_dir(p->tree, owned[i].path, &m, NULL, e);
}

/* An empty directory of the package itself gives way, as var/run and var/lock of base-files do. */
static int put_link(const struct finish_params *p, size_t i, struct err *e)
{
	struct tree_node *n = tree_lookup(p->tree, links[i].path);

	if (!finish_has_package(p, links[i].package) ||
	    (n &&
	     (!tree_is_dir(n) || n->n_children || n->inode->origin->kind != TREE_ORIGIN_PACKAGE)))
		return 0;
	if (n)
		tree_remove(p->tree, n);
	return finish_put_link(p, CONFIGS_NAME, links[i].path, links[i].target, e);
}

static int put_all(const struct finish_params *p, const struct users *u, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(copies); i++)
		r = put_copy(p, i, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = put_text(p, i, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(owned); i++)
		r = put_owned(p, u, i, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		r = put_link(p, i, e);
	return r;
}

int finish_configs(const struct finish_params *p, struct err *e)
{
	_cleanup_users_ struct users u = USERS_INIT;

	int r = users_load(p->tree, 0, &u, e);
	if (r == 0)
		r = put_all(p, &u, e);
	if (r == 0)
		r = configs_apparmor(p, e);
	if (r == 0)
		r = configs_shells(p, e);
	return r < 0 ? r : configs_tmpfiles(p, &u, e);
}
