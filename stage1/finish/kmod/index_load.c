/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index from the text files that the finisher made of the same tree: what takes a second to find
 * out again by unpacking all modules takes some milliseconds so.
 */
#include "stage1/finish/kmod/internal.h"

static const struct blob *made_file(const struct module_index *x, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", x->dir, name);
	const struct tree_node *n = path ? tree_lookup(x->tree, path) : NULL;

	if (!n || !tree_is_file(n) || n->inode->origin->kind != TREE_ORIGIN_FINISHER ||
	    !str_eq(n->inode->origin->name, MODULE_INDEX_ORIGIN))
		return NULL;
	return n->inode->blob;
}

bool module_index_is_made(const struct module_index *x)
{
	return made_file(x, "modules.dep") && made_file(x, "modules.softdep") &&
	       made_file(x, "modules.alias");
}

static int stale(const struct module_index *x, const char *name, struct err *e)
{
	return err_set(e, -EBADMSG, "%s/%s does not fit the modules that are there", x->dir, name);
}

/* Path (below the directory) or name of each module, sorted, to its number. */
struct lookup {
	struct symbol *list;
	size_t n;
};

static int by_name(const void *pa, const void *pb)
{
	return strcmp(((const struct symbol *)pa)->name, ((const struct symbol *)pb)->name);
}

static int lookup_init(struct lookup *l, const struct module_index *x, bool by_path, struct err *e)
{
	*l = (struct lookup){ calloc(x->n_modules + 1, sizeof(*l->list)), x->n_modules };
	if (!l->list)
		return err_oom(e);
	for (size_t i = 0; i < l->n; i++)
		l->list[i] = (struct symbol){ by_path ? x->modules[i].path : x->modules[i].name,
					      (uint32_t)i };
	qsort(l->list, l->n, sizeof(*l->list), by_name);
	return 0;
}

static struct module *lookup_find(const struct lookup *l, struct module_index *x, const char *name)
{
	struct symbol key = { name, 0 };
	const struct symbol *s = bsearch(&key, l->list, l->n, sizeof(*l->list), by_name);

	return s ? &x->modules[s->module] : NULL;
}

/* "path: path path …" */
static int load_dep_line(struct module_index *x, const struct lookup *l, char *line, struct err *e)
{
	char *save = NULL, *colon = strchr(line, ':');
	struct module *m;

	if (colon)
		*colon = '\0';
	m = colon ? lookup_find(l, x, line) : NULL;
	if (!m)
		return stale(x, "modules.dep", e);
	for (char *w = strtok_r(colon + 1, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const struct module *on = lookup_find(l, x, w);
		if (!on)
			return stale(x, "modules.dep", e);
		int r = module_add_dep(x, m, (uint32_t)(on - x->modules), e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "softdep module value" */
static int load_softdep_line(struct module_index *x, const struct lookup *l, char *line,
			     struct err *e)
{
	char *save = NULL;
	const char *word = strtok_r(line, " ", &save), *name = strtok_r(NULL, " ", &save);
	struct module *m = name ? lookup_find(l, x, name) : NULL;

	if (!m || !str_eq(word, "softdep"))
		return stale(x, "modules.softdep", e);
	names_add(&m->softdeps, save, strlen(save));
	return 0;
}

/* "alias value module"; the value may hold spaces */
static int load_alias_line(struct module_index *x, const struct lookup *l, char *line,
			   struct err *e)
{
	static const char word[] = "alias ";
	char *space = strrchr(line, ' ');
	struct module *m = space ? lookup_find(l, x, space + 1) : NULL;

	if (!m || !str_has_prefix(line, word) || space < line + strlen(word))
		return stale(x, "modules.alias", e);
	const char *value = line + strlen(word);
	names_add(&m->aliases, value, (size_t)(space - value));
	return 0;
}

static int load_file(struct module_index *x, const struct lookup *l, const char *name,
		     int (*load)(struct module_index *x, const struct lookup *l, char *line,
				 struct err *e),
		     struct err *e)
{
	const struct blob *b = made_file(x, name);
	_cleanup_free_ char *text = strndup(b->len ? (const char *)b->data : "", b->len);
	char *save = NULL;
	int r = text ? 0 : err_oom(e);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line && r >= 0;
	     line = strtok_r(NULL, "\n", &save))
		if (*line != '#')
			r = load(x, l, line, e);
	return r;
}

int module_index_load(struct module_index *x, struct err *e)
{
	struct lookup paths = { 0 }, names = { 0 };
	int r = lookup_init(&paths, x, true, e);

	if (r >= 0)
		r = lookup_init(&names, x, false, e);
	if (r >= 0)
		r = load_file(x, &paths, "modules.dep", load_dep_line, e);
	if (r >= 0)
		r = load_file(x, &names, "modules.softdep", load_softdep_line, e);
	if (r >= 0)
		r = load_file(x, &names, "modules.alias", load_alias_line, e);
	for (size_t i = 0; i < x->n_modules && r >= 0; i++)
		if (buf_failed(&x->modules[i].softdeps) || buf_failed(&x->modules[i].aliases))
			r = err_oom(e);
	free(paths.list);
	free(names.list);
	return r;
}
