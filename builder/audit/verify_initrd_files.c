/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the files of an initrd are from. A build picks them out of the finished system, so each is the
 * same as a file of /usr, or made for the initrd by the builder, or the recipe's own. The last is for
 * configuration: a program that /usr has not is nothing that a build makes.
 */
#include <fnmatch.h>

#include "builder/audit/verify_initrd.h"

#define FACTORY "share/factory/"

/* What stage1/initrd makes, and the finishers for what is in it. */
static const struct {
	const char *path;   /* pattern */
	const char *target; /* of a symlink; NULL: a file */
} made[] = {
	{ "bin", "usr/bin" },
	{ "sbin", "usr/sbin" },
	{ "lib", "usr/lib" },
	{ "lib64", "usr/lib64" },
	{ "init", "usr/lib/systemd/systemd" },
	{ "etc/os-release", "initrd-release" },
	{ "etc/machine-id", NULL },
	{ "etc/nsswitch.conf", NULL },
	{ "etc/ld.so.cache", NULL },
	{ "etc/modules-load.d/initrd.conf", NULL },
	{ "usr/lib/slipway/cmdline", NULL },
	{ "usr/lib/modules/*/modules.*", NULL },
};

static bool is_made(const struct initrd_file *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		if (fnmatch(made[i].path, f->path, FNM_PATHNAME) != 0)
			continue;
		if (!made[i].target)
			return S_ISREG(f->mode);
		return S_ISLNK(f->mode) && f->len == strlen(made[i].target) &&
		       memcmp(f->data, made[i].target, f->len) == 0;
	}
	return false;
}

/* Where it is in /usr; Return: NULL there is no such place, or no memory */
static char *place_in_usr(const char *path)
{
	if (str_eq(path, "etc/initrd-release"))
		return strdup("lib/os-release");
	if (str_has_prefix(path, "usr/"))
		return strdup(path + strlen("usr/"));
	return str_has_prefix(path, "etc/") ? str_printf(FACTORY "%s", path) : NULL;
}

/* Return: 1 the same; 0 another; -ENOENT /usr has none there; what reading returns */
static int compare(struct fs_reader *usr, const struct initrd_file *f, struct err *e)
{
	_cleanup_free_ char *place = place_in_usr(f->path);
	_cleanup_buf_ struct buf content = BUF_INIT;
	struct fs_stat st;
	uint64_t ino;

	if (!place)
		return -ENOENT;
	int r = fs_reader_lookup(usr, place, &ino, e);
	if (r == 0)
		r = usr->ops->stat(usr, ino, &st, e);
	if (r < 0)
		return r == -ENOTDIR ? -ENOENT : r;
	if ((st.mode & S_IFMT) != (f->mode & S_IFMT) || st.size_bytes != f->len)
		return 0;
	if (!S_ISREG(f->mode) && !S_ISLNK(f->mode))
		return 1;
	r = fs_reader_append(usr, &st, &content, e);
	if (r < 0)
		return r;
	return content.len == f->len && (f->len == 0 || memcmp(content.data, f->data, f->len) == 0);
}

static bool is_program(const struct initrd_file *f)
{
	if (!S_ISREG(f->mode))
		return false;
	return (f->mode & 0111) || (f->len >= 4 && memcmp(f->data, "\177ELF", 4) == 0) ||
	       strstr(f->path, ".ko") != NULL;
}

/* Its own: does the policy, or else what it is, let it in? */
static int judge_own(const struct policy *p, const struct initrd_file *f, bool instead,
		     struct initrd_origins *o, struct err *e)
{
	_cleanup_free_ char *path = str_printf("/%s", f->path);
	bool good = path && (p->has_initrd_files ? policy_matches_path(&p->initrd_files, path)
						 : !is_program(f));

	if (!path || strv_addf(good ? &o->own : &o->refused, "%s%s%s", path,
			       instead ? " instead of /usr's" : "",
			       good		     ? ""
			       : p->has_initrd_files ? " is not allowed"
						     : " is a program that /usr has not") < 0)
		return err_oom(e);
	return 0;
}

int verify_initrd_file(const struct policy *p, struct fs_reader *usr, const struct initrd_file *f,
		       struct initrd_origins *o, struct err *e)
{
	if (S_ISDIR(f->mode))
		return 0;
	int r = compare(usr, f, e);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 1)
		o->n_same++;
	else if (is_made(f))
		o->n_made++;
	else
		return judge_own(p, f, r == 0, o, e);
	return 0;
}

int verify_initrd_origins(struct verify *v, struct initrd_origins *o, struct err *e)
{
	_cleanup_buf_ struct buf good = BUF_INIT;

	strv_sort(&o->own);
	buf_printf(&good, "%zu as in /usr, %zu made for it, %zu of its own", o->n_same, o->n_made,
		   o->own.n);
	for (size_t i = 0; i < o->own.n; i++)
		buf_printf(&good, "%s %s", i ? "," : ":", o->own.v[i]);
	if (buf_failed(&good))
		return err_oom(e);
	return verify_found(v, VERIFY_UKI_INITRD_FILES, &o->refused, buf_str(&good), e);
}

void initrd_origins_done(struct initrd_origins *o)
{
	strv_done(&o->own);
	strv_done(&o->refused);
}
