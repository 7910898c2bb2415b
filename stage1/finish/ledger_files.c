/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ledger_files.h"

#include <errno.h>

void ledger_files_done(struct ledger_files *f)
{
	free(f->paths);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int ledger_files_has(struct ledger_files *f, const char *path)
{
	size_t n = f->package->n_entries;

	if (!n)
		return 0;
	if (!f->paths) {
		f->paths = calloc(n, sizeof(*f->paths));
		if (!f->paths)
			return -ENOMEM;
		for (size_t i = 0; i < n; i++)
			f->paths[i] = f->package->entries[i].path;
		qsort(f->paths, n, sizeof(*f->paths), compare);
	}
	return bsearch(&path, f->paths, n, sizeof(*f->paths), compare) != NULL;
}

static int has_in(struct ledger_files *f, const char *const *dirs, const char *name)
{
	int r = 0;

	for (; r == 0 && *dirs; dirs++) {
		_cleanup_free_ char *path = str_printf("%s/%s", *dirs, name);
		r = path ? ledger_files_has(f, path) : -ENOMEM;
	}
	return r;
}

/* The name of the file that a block's word stands for: an instance's template, an init script's unit. */
static char *file_name(const char *word, bool is_init)
{
	const char *at = strchr(word, '@'), *suffix = strrchr(word, '.');

	if (is_init)
		return str_printf("%s.service", word);
	return at && suffix ? str_printf("%.*s@%s", (int)(at - word), word, suffix) : strdup(word);
}

/* One kind of words, and the directories, up to NULL, that have the files. */
struct need {
	const char *tool;
	const struct strv *words;
	bool are_inits;
	const char *const *dirs;
};

static int check_words(struct ledger_files *f, const struct need *need, struct strv *remarks)
{
	int all = 1;

	for (size_t i = 0; i < need->words->n; i++) {
		const char *word = need->words->v[i];
		_cleanup_free_ char *name = file_name(word, need->are_inits);
		int r = name ? has_in(f, need->dirs, name) : -ENOMEM;
		if (r == 0)
			r = strv_addf(remarks,
				      "a block of %s is about %s, and the package has no %s",
				      need->tool, word, name);
		else if (r > 0)
			continue;
		if (r < 0)
			return r;
		all = 0;
	}
	return all;
}

int ledger_files_check(struct ledger_files *f, const struct block *b, const struct block_words *w,
		       struct strv *remarks)
{
	static const char *const sysusers[] = { "usr/lib/sysusers.d", NULL };
	static const char *const tmpfiles[] = { "usr/lib/tmpfiles.d", NULL };
	static const char *const system[] = { "usr/lib/systemd/system", "lib/systemd/system",
					      NULL };
	static const char *const user[] = { "usr/lib/systemd/user", NULL };
	const struct need needs[] = {
		{ "dh_installsysusers", &w->confs, false, sysusers },
		{ "dh_installtmpfiles", &w->confs, false, tmpfiles },
		{ "dh_installsystemd", &w->units, false, system },
		{ "dh_installsystemd", &w->confs, false, tmpfiles },
		{ "dh_systemd_enable", &w->units, false, system },
		{ "dh_installsystemduser", &w->units, false, user },
		{ "dh_installinit", &w->inits, true, system },
	};

	int all = 1;

	for (size_t i = 0; all >= 0 && i < ARRAY_SIZE(needs); i++)
		if (span_eq(b->tool, needs[i].tool)) {
			int r = check_words(f, &needs[i], remarks);
			all = MIN(all, r);
		}
	return all;
}
