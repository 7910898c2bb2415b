/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/preset.h"

#include <fnmatch.h>

#include "stage1/finish/text.h"

static const char *const preset_dirs[][4] = {
	[UNIT_SYSTEM] = { "etc/systemd/system-preset", "usr/local/lib/systemd/system-preset",
			  "usr/lib/systemd/system-preset", NULL },
	[UNIT_USER] = { "etc/systemd/user-preset", "usr/local/lib/systemd/user-preset",
			"usr/lib/systemd/user-preset", NULL },
};

void presets_done(struct presets *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->rules[i].pattern);
		strv_done(&p->rules[i].instances);
	}
	free(p->rules);
	*p = (struct presets)PRESETS_INIT;
}

static int add_rule(struct presets *p, const struct strv *words, bool overlay, struct err *e)
{
	struct preset_rule *rules = reallocarray(p->rules, p->n + 1, sizeof(*rules));

	if (!rules)
		return err_oom(e);
	p->rules = rules;
	struct preset_rule *rule = &rules[p->n++];
	*rule = (struct preset_rule){ .enable = !str_eq(words->v[0], "disable"),
				      .overlay = overlay && !str_eq(words->v[0], "ignore"),
				      .pattern = strdup(words->v[1]) };
	int r = rule->pattern ? 0 : -ENOMEM;
	for (size_t i = 2; r == 0 && i < words->n; i++)
		r = strv_add(&rule->instances, words->v[i]);
	return r < 0 ? err_oom(e) : 0;
}

/* Of "ignore", a third verb, nothing follows: the unit is as its package's script would have it. */
static int read_line(struct presets *p, const char *line, bool overlay, const char *where,
		     struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;

	int r = text_split_words(line, &words);
	if (r == -ENOMEM)
		return err_oom(e);
	if (r < 0 || words.n < 2 ||
	    (!str_eq(words.v[0], "enable") && !str_eq(words.v[0], "disable") &&
	     !str_eq(words.v[0], "ignore")))
		return err_set(e, -EBADMSG, "%s: neither \"enable UNIT\" nor \"disable UNIT\"",
			       where);
	return add_rule(p, &words, overlay, e);
}

static int read_file(const struct tree *t, const char *path, struct presets *p, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	int r = text_read(t, path, &text, e);
	if (r < 0)
		return r;
	enum tree_origin_kind kind = tree_resolve(t, path)->inode->origin->kind;
	char *rest = text, *line;
	for (unsigned int number = 1; r == 0 && (line = text_next_line(&rest)); number++) {
		if (text_is_comment(line))
			continue;
		_cleanup_free_ char *where = str_printf("%s:%u", path, number);
		r = where ? read_line(p, line, kind != TREE_ORIGIN_PACKAGE, where, e) : err_oom(e);
	}
	return r;
}

int presets_read(const struct tree *t, enum unit_scope scope, struct presets *p, struct err *e)
{
	_cleanup_strv_ struct strv paths = STRV_INIT;

	int r = text_conf_files(t, preset_dirs[scope], ".preset", &paths, e);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = read_file(t, paths.v[i], p, e);
	return r;
}

/* A rule with instances is for those of its template, and for the template itself. */
static bool rule_matches(const struct preset_rule *r, const char *unit)
{
	if (!r->instances.n || strstr(unit, "@."))
		return fnmatch(r->pattern, unit, FNM_NOESCAPE) == 0;
	_cleanup_free_ char *template = unit_template_name(unit);
	if (!template || fnmatch(r->pattern, template, FNM_NOESCAPE) != 0)
		return false;
	const char *at = strchr(unit, '@') + 1, *dot = strrchr(unit, '.');
	for (size_t i = 0; i < r->instances.n; i++)
		if (strlen(r->instances.v[i]) == (size_t)(dot - at) &&
		    memcmp(r->instances.v[i], at, (size_t)(dot - at)) == 0)
			return true;
	return false;
}

const struct preset_rule *presets_find(const struct presets *p, const char *unit)
{
	for (size_t i = 0; i < p->n; i++)
		if (rule_matches(&p->rules[i], unit))
			return &p->rules[i];
	return NULL;
}
