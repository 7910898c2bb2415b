/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/pam_profile.h"

#include "stage1/finish/text.h"

#define DIR "usr/share/pam-configs"

static void profile_free(struct pam_profile *p)
{
	free(p->name);
	strv_done(&p->keys);
	strv_done(&p->values);
	free(p);
}

void pam_profiles_done(struct pam_profiles *l)
{
	for (size_t i = 0; i < l->n; i++)
		profile_free(l->all[i]);
	free(l->all);
	free(l->enabled);
	*l = (struct pam_profiles){ 0 };
}

static const char *find(const struct pam_profile *p, const char *key)
{
	/* From the end: of two fields with a name the later one counts. */
	for (size_t i = p->keys.n; i-- > 0;)
		if (str_eq(p->keys.v[i], key))
			return p->values.v[i];
	return NULL;
}

const char *pam_profile_field(const struct pam_profile *p, const char *stack, const char *suffix)
{
	static const char both[] = "-noninteractive";
	char key[64];

	/* What is not only for interactive sessions is for the other ones too. */
	if (str_has_suffix(stack, both)) {
		if (find(p, "Session-Interactive-Only"))
			return NULL;
		snprintf(key, sizeof(key), "%.*s%s", (int)(strlen(stack) - strlen(both)), stack,
			 suffix);
	} else {
		snprintf(key, sizeof(key), "%s%s", stack, suffix);
	}
	return find(p, key);
}

static int add_field(struct pam_profile *p, const char *key, size_t len, const char *value)
{
	static const char old[] = "-Final"; /* of the first version of the format */

	if (len > strlen(old) && memcmp(key + len - strlen(old), old, strlen(old)) == 0)
		len -= strlen(old);
	int r = strv_addf(&p->keys, "%.*s", (int)len, key);
	return r < 0 ? r : strv_add(&p->values, value);
}

/* A line that belongs to the last field. */
static int append_line(struct pam_profile *p, const char *line)
{
	if (!*line || !p->values.n)
		return 0;
	char **last = &p->values.v[p->values.n - 1];
	char *longer = str_printf("%s%s%s", *last, **last ? "\n" : "", line);
	if (!longer)
		return -ENOMEM;
	free(*last);
	*last = longer;
	return 0;
}

static int parse_line(struct pam_profile *p, char *line)
{
	size_t len = strcspn(line, " \t\n:");

	if (len && line[len] == ':' && strchr(" \t", line[len + 1]))
		return add_field(p, line, len, text_strip(line + len + 1));
	return append_line(p, text_strip(line));
}

static int parse_profile(struct pam_profile *p, char *text, struct err *e)
{
	char *line;
	uint64_t priority = 0;

	while ((line = text_next_line(&text)))
		if (parse_line(p, line) < 0)
			return err_oom(e);
	const char *s = find(p, "Priority"), *by_default = find(p, "Default");
	bool negative = s && *s == '-';
	if (s && (parse_u64(s + negative, 10, &priority) < 0 || priority > INT32_MAX))
		return err_set(e, -EBADMSG, "%s/%s: priority \"%s\" is no number", DIR, p->name, s);
	p->priority = negative ? -(int64_t)priority : (int64_t)priority;
	p->by_default = by_default && str_eq(by_default, "yes");
	return 0;
}

static int read_profile(const struct tree *t, const char *name, struct pam_profile *p,
			struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", DIR, name), *text = NULL;

	p->name = strdup(name);
	if (!path || !p->name)
		return err_oom(e);
	int r = text_read(t, path, &text, e);
	return r < 0 ? r : parse_profile(p, text, e);
}

static int compare(const void *a, const void *b)
{
	const struct pam_profile *x = *(struct pam_profile *const *)a;
	const struct pam_profile *y = *(struct pam_profile *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? 1 : -1;
	return strcmp(y->name, x->name);
}

static bool conflicts(const struct pam_profile *p, const char *name)
{
	const char *list = find(p, "Conflicts");
	size_t len = strlen(name);

	for (const char *c = list; c && *c; c += strcspn(c, ", ")) {
		c += strspn(c, ", ");
		if (strcspn(c, ", ") == len && memcmp(c, name, len) == 0)
			return true;
	}
	return false;
}

static void enable_defaults(struct pam_profiles *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pam_profile *p = l->all[i];
		bool ok = p->by_default;
		for (size_t k = 0; ok && k < l->n_enabled; k++)
			ok = !conflicts(l->enabled[k], p->name) &&
			     !conflicts(p, l->enabled[k]->name);
		if (ok)
			l->enabled[l->n_enabled++] = p;
	}
}

static bool is_profile(const struct tree_node *n)
{
	size_t len = strlen(n->name);

	return !tree_is_dir(n) && n->name[len - 1] != '~' &&
	       !(n->name[0] == '#' && n->name[len - 1] == '#');
}

int pam_profiles_read(const struct tree *t, struct pam_profiles *l, struct err *e)
{
	const struct tree_node *dir = tree_resolve(t, DIR), *n;

	if (!dir || !tree_is_dir(dir) || !dir->n_children)
		return 0;
	l->all = calloc(dir->n_children, sizeof(struct pam_profile *));
	l->enabled = calloc(dir->n_children, sizeof(struct pam_profile *));
	if (!l->all || !l->enabled)
		return err_oom(e);
	tree_for_each_child (dir, n) {
		if (!is_profile(n))
			continue;
		struct pam_profile *p = calloc(1, sizeof(*p));
		if (!p)
			return err_oom(e);
		l->all[l->n++] = p;
		int r = read_profile(t, n->name, p, e);
		if (r < 0)
			return r;
	}
	qsort(l->all, l->n, sizeof(struct pam_profile *), compare);
	enable_defaults(l);
	return 0;
}
