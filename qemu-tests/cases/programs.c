/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/programs.h"

#include <fnmatch.h>
#include <sys/stat.h>

static const struct {
	const char *pattern, *what;
} known[] = {
	{ "sh", "a shell" },
	{ "*bash", "a shell" },
	{ "dash", "a shell" },
	{ "*ash.static", "a shell" },
	{ "ash", "a shell" },
	{ "zsh*", "a shell" },
	{ "*ksh*", "a shell" },
	{ "yash", "a shell" },
	{ "fish", "a shell" },
	{ "*csh", "a shell" },
	{ "busybox*", "a shell" },
	{ "toybox*", "a shell" },
	{ "perl*", "an interpreter" },
	{ "python*", "an interpreter" },
	{ "pypy*", "an interpreter" },
	{ "ruby*", "an interpreter" },
	{ "lua*", "an interpreter" },
	{ "php*", "an interpreter" },
	{ "node", "an interpreter" },
	{ "nodejs", "an interpreter" },
	{ "tclsh*", "an interpreter" },
	{ "expect", "an interpreter" },
	{ "guile*", "an interpreter" },
	{ "*awk", "an interpreter" },
	{ "gdb*", "an interpreter" },
	{ "apt", "a package manager" },
	{ "apt-*", "a package manager" },
	{ "aptitude*", "a package manager" },
	{ "dpkg*", "a package manager" },
	{ "rpm*", "a package manager" },
	{ "*dnf*", "a package manager" },
	{ "yum*", "a package manager" },
	{ "zypper", "a package manager" },
	{ "apk", "a package manager" },
	{ "pacman*", "a package manager" },
	{ "opkg*", "a package manager" },
	{ "snap", "a package manager" },
	{ "flatpak", "a package manager" },
	{ "pip", "a package manager" },
	{ "pip[0-9]*", "a package manager" },
	{ "gem", "a package manager" },
	{ "npm", "a package manager" },
	{ "cargo", "a package manager" },
};

void programs_done(struct programs *p)
{
	strv_done(&p->findings);
	strv_done(&p->wrong);
	strv_done(&p->names);
	strv_done(&p->scripts);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_program(const struct artefact_file *f)
{
	return S_ISLNK(f->mode) || (S_ISREG(f->mode) && f->mode & 0111);
}

static const char *what_is(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (fnmatch(known[i].pattern, name, 0) == 0)
			return known[i].what;
	return NULL;
}

/* "#!/usr/bin/env perl -w": perl. NULL with 0: not a script. */
static int script_interpreter(const struct artefact_file *f, char **ret, struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;
	size_t n = 2;

	*ret = NULL;
	if (!S_ISREG(f->mode) || f->len < 3 || memcmp(f->data, "#!", 2) != 0)
		return 0;
	while (n < f->len && n < 256 && f->data[n] != '\n' && f->data[n] != '\0')
		n++;
	_cleanup_free_ char *line = strndup((const char *)f->data + 2, n - 2);
	if (!line || strv_split(&words, line, " \t") < 0)
		return err_oom(e);
	if (words.n == 0)
		return 0;
	bool env = str_eq(base_name(words.v[0]), "env") && words.n > 1;
	*ret = strdup(base_name(words.v[env ? 1 : 0]));
	return *ret ? 0 : err_oom(e);
}

static int look_initrd(struct programs *p, const struct artefact_file *f, const char *what,
		       const char *interpreter)
{
	if (what)
		return strv_addf(&p->wrong, "initrd: /%s is %s", f->path, what);
	if (interpreter)
		return strv_addf(&p->wrong, "initrd: /%s is a script for %s", f->path, interpreter);
	return 0;
}

static int look_usr(struct programs *p, const struct artefact_file *f, const char *what,
		    const char *interpreter)
{
	int r = 0;

	if (fnmatch("bin/*", f->path, 0) == 0 || fnmatch("sbin/*", f->path, 0) == 0)
		r = strv_add(&p->names, base_name(f->path));
	if (r == 0 && what)
		r = strv_addf(&p->findings, "program /usr/%s", f->path);
	if (r == 0 && interpreter)
		r = strv_addf(&p->scripts, "%s /usr/%s", interpreter, f->path);
	return r;
}

int programs_look(struct programs *p, const struct artefact_file *f, struct err *e)
{
	bool initrd = f->place == ARTEFACT_INITRD;
	_cleanup_free_ char *interpreter = NULL;

	if ((!initrd && f->place != ARTEFACT_USR) || !is_program(f))
		return 0;
	int r = script_interpreter(f, &interpreter, e);
	if (r < 0)
		return r;
	const char *what = what_is(base_name(f->path));
	r = initrd ? look_initrd(p, f, what, interpreter) : look_usr(p, f, what, interpreter);
	return r < 0 ? err_oom(e) : 0;
}

int programs_end(struct programs *p, struct err *e)
{
	for (size_t i = 0; i < p->scripts.n; i++) {
		const char *path = strchr(p->scripts.v[i], ' ');
		_cleanup_free_ char *name =
			strndup(p->scripts.v[i], (size_t)(path - p->scripts.v[i]));
		if (!name)
			return err_oom(e);
		if (!strv_contains(&p->names, name) &&
		    strv_addf(&p->wrong, "%s is a script for %s, which is not there", path + 1,
			      name) < 0)
			return err_oom(e);
	}
	return 0;
}
