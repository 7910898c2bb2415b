/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/programs.h"

#include "base/path.h"

#include <fnmatch.h>
#include <sys/stat.h>

static const struct {
	const char *pattern, *what;
	bool initrd_only;
} known[] = {
	{ "sh", "a shell", false },
	{ "*bash", "a shell", false },
	{ "dash", "a shell", false },
	{ "*ash.static", "a shell", false },
	{ "ash", "a shell", false },
	{ "zsh*", "a shell", false },
	{ "*ksh*", "a shell", false },
	{ "yash", "a shell", false },
	{ "fish", "a shell", false },
	{ "*csh", "a shell", false },
	{ "busybox*", "a shell", false },
	{ "toybox*", "a shell", false },
	{ "perl*", "an interpreter", false },
	{ "python*", "an interpreter", false },
	{ "pypy*", "an interpreter", false },
	{ "ruby*", "an interpreter", false },
	{ "lua*", "an interpreter", false },
	{ "php*", "an interpreter", false },
	{ "node", "an interpreter", false },
	{ "nodejs", "an interpreter", false },
	{ "tclsh*", "an interpreter", false },
	{ "expect", "an interpreter", false },
	{ "guile*", "an interpreter", false },
	{ "*awk", "an interpreter", false },
	{ "gdb*", "an interpreter", false },
	{ "apt", "a package manager", false },
	{ "apt-*", "a package manager", false },
	{ "aptitude*", "a package manager", false },
	{ "dpkg*", "a package manager", false },
	{ "rpm*", "a package manager", false },
	{ "*dnf*", "a package manager", false },
	{ "yum*", "a package manager", false },
	{ "zypper", "a package manager", false },
	{ "apk", "a package manager", false },
	{ "pacman*", "a package manager", false },
	{ "opkg*", "a package manager", false },
	{ "snap", "a package manager", false },
	{ "flatpak", "a package manager", false },
	{ "pip", "a package manager", false },
	{ "pip[0-9]*", "a package manager", false },
	{ "gem", "a package manager", false },
	{ "npm", "a package manager", false },
	{ "cargo", "a package manager", false },
	{ "su", "what lets people in", true },
	{ "runuser", "what lets people in", true },
	{ "sulogin", "what lets people in", true },
	{ "systemd-sulogin-shell", "what lets people in", true },
	{ "login", "what lets people in", true },
	{ "*getty", "what lets people in", true },
	{ "sshd*", "what lets people in", true },
};

void programs_done(struct programs *p)
{
	strv_done(&p->findings);
	strv_done(&p->wrong);
	strv_done(&p->names);
	strv_done(&p->scripts);
}

static bool is_program(const struct artefact_file *f)
{
	return S_ISLNK(f->mode) || (S_ISREG(f->mode) && f->mode & 0111);
}

static const char *what_is(const char *name, bool initrd)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if ((initrd || !known[i].initrd_only) && fnmatch(known[i].pattern, name, 0) == 0)
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
	bool env = str_eq(path_last(words.v[0]), "env") && words.n > 1;
	*ret = strdup(path_last(words.v[env ? 1 : 0]));
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
		r = strv_add(&p->names, path_last(f->path));
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
	const char *what = what_is(path_last(f->path), initrd);
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
