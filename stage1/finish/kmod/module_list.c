/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules there are, in which order, and what is built in. */
#include "stage1/finish/kmod/internal.h"

#define MODULES_MAX 65535

struct lister {
	struct module_index *x;
	size_t dir_len;
};

static bool preferred(const char *path)
{
	return str_has_prefix(path, "updates/");
}

static int add_module(struct module_index *x, struct module *m, struct err *e)
{
	if (x->n_modules == x->cap_modules) {
		size_t cap = x->cap_modules ? x->cap_modules * 2 : 256;
		struct module *list = reallocarray(x->modules, cap, sizeof(*list));
		if (!list)
			return err_oom(e);
		x->modules = list;
		x->cap_modules = cap;
	}
	if (x->n_modules == MODULES_MAX)
		return err_set(e, -EFBIG, "more than %d modules", MODULES_MAX);
	x->modules[x->n_modules++] = *m;
	*m = (struct module){ 0 };
	return 0;
}

static int take_node(struct module_index *x, const struct tree_node *n, const char *path,
		     struct err *e)
{
	char name[MODULE_NAME_BYTES];

	if (module_name_normalize(n->name, strlen(n->name), name) < 0)
		return err_set(e, -EBADMSG, "%s/%s: not a module's name", x->dir, path);
	struct module m = { .name = strdup(name), .path = strdup(path), .blob = n->inode->blob };
	int r = m.name && m.path ? add_module(x, &m, e) : err_oom(e);
	free(m.name);
	free(m.path);
	return r;
}

/* As kmod, not below directories called build or source. */
static bool is_hidden(const char *path)
{
	return str_has_prefix(path, "build/") || str_has_prefix(path, "source/") ||
	       strstr(path, "/build/") || strstr(path, "/source/");
}

static int visit(struct tree_node *n, void *ctx, struct err *e)
{
	struct lister *l = ctx;

	if (!tree_is_file(n) || !module_suffix(n->name))
		return 0;
	_cleanup_free_ char *whole = tree_path(n);
	if (!whole)
		return err_oom(e);
	const char *path = whole + l->dir_len + 1;
	return is_hidden(path) ? 0 : take_node(l->x, n, path, e);
}

static int by_name_and_preference(const void *pa, const void *pb)
{
	const struct module *a = pa, *b = pb;
	int c = strcmp(a->name, b->name);

	if (c)
		return c;
	if (preferred(a->path) != preferred(b->path))
		return preferred(a->path) ? -1 : 1;
	return strcmp(a->path, b->path);
}

static void module_done(struct module *m)
{
	free(m->name);
	free(m->path);
	free(m->deps);
	buf_done(&m->exports);
	buf_done(&m->imports);
	buf_done(&m->aliases);
	buf_done(&m->softdeps);
	buf_done(&m->weakdeps);
}

/* Of one name, the file in updates/ is the module, else the first by path. */
static void drop_doubles(struct module_index *x)
{
	size_t kept = 0;

	if (x->n_modules)
		qsort(x->modules, x->n_modules, sizeof(*x->modules), by_name_and_preference);
	for (size_t i = 0; i < x->n_modules; i++) {
		if (kept && str_eq(x->modules[i].name, x->modules[kept - 1].name))
			module_done(&x->modules[i]);
		else
			x->modules[kept++] = x->modules[i];
	}
	x->n_modules = kept;
}

static int file_text(const struct module_index *x, const char *name, const struct blob **ret,
		     struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", x->dir, name);

	if (!path)
		return err_oom(e);
	*ret = tree_file_blob(x->tree, path);
	if (!*ret)
		return err_set(e, -ENOENT, "%s is missing: the kernel package brings it", path);
	return 0;
}

/* Calls fn for each line, without its newline. */
static int each_line(const struct blob *b, struct module_index *x,
		     int (*fn)(struct module_index *x, const char *line, size_t len, struct err *e),
		     struct err *e)
{
	int r = 0;

	for (uint64_t at = 0; at < b->len && r >= 0;) {
		const char *line = (const char *)b->data + at;
		const char *end = memchr(line, '\n', b->len - at);
		size_t len = end ? (size_t)(end - line) : b->len - at;
		r = fn(x, line, len, e);
		at += len + 1;
	}
	return r;
}

/* The length of a path without a compression suffix. */
static size_t plain_len(const char *path)
{
	const char *suffix = module_suffix(path);

	return strlen(path) - strlen(suffix) + strlen(".ko");
}

static struct module *find_module(struct module_index *x, const char *name)
{
	size_t lo = 0, hi = x->n_modules;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, x->modules[mid].name);
		if (c == 0)
			return &x->modules[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* While the list is sorted by name: rank holds the line's number for now. */
static int take_order(struct module_index *x, const char *line, size_t len, struct err *e unused_)
{
	char name[MODULE_NAME_BYTES];
	const char *slash = memrchr(line, '/', len);
	const char *base = slash ? slash + 1 : line;

	if (module_name_normalize(base, len - (size_t)(base - line), name) < 0)
		return 0;
	struct module *m = find_module(x, name);
	if (!m || m->ordered || plain_len(m->path) != len || memcmp(m->path, line, len) != 0)
		return 0;
	m->ordered = true;
	m->rank = x->n_ordered++;
	return 0;
}

static int by_order(const void *pa, const void *pb)
{
	const struct module *a = pa, *b = pb;

	if (a->ordered != b->ordered)
		return a->ordered ? -1 : 1;
	if (a->ordered)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->path, b->path);
}

int module_list_read(struct module_index *x, struct err *e)
{
	struct lister l = { .x = x, .dir_len = strlen(x->dir) };
	struct tree_node *dir = tree_lookup(x->tree, x->dir);
	const struct blob *order;

	if (!dir || !tree_is_dir(dir))
		return err_set(e, -ENOENT, "%s: no such directory", x->dir);
	int r = tree_walk(dir, visit, &l, e);
	if (r >= 0)
		r = file_text(x, "modules.order", &order, e);
	if (r < 0)
		return r;
	drop_doubles(x);
	r = each_line(order, x, take_order, e);
	if (r >= 0 && x->n_modules)
		qsort(x->modules, x->n_modules, sizeof(*x->modules), by_order);
	return r;
}

static int take_builtin(struct module_index *x, const char *line, size_t len, struct err *e)
{
	char name[MODULE_NAME_BYTES];
	const char *slash = memrchr(line, '/', len);
	const char *base = slash ? slash + 1 : line;

	if (len == 0)
		return 0;
	if (module_name_normalize(base, len - (size_t)(base - line), name) < 0)
		return err_set(e, -EBADMSG, "%s/modules.builtin: \"%.*s\" names no module", x->dir,
			       (int)MIN(len, 200), line);
	names_add(&x->builtin, name, strlen(name));
	return 0;
}

/* "module.alias=value" and NUL, between entries of other keys. */
static int read_builtin_modinfo(struct module_index *x, const struct blob *b, struct err *e)
{
	static const char key[] = "alias=";

	for (uint64_t at = 0; at < b->len;) {
		const char *s = (const char *)b->data + at;
		size_t len = strnlen(s, b->len - at);
		const char *dot = memchr(s, '.', len);
		if (at + len == b->len)
			return err_set(e, -EBADMSG,
				       "%s/modules.builtin.modinfo: its end is missing", x->dir);
		at += len + 1;
		if (!dot || dot == s || !str_has_prefix(dot + 1, key))
			continue;
		const char *alias = dot + 1 + strlen(key);
		names_add(&x->builtin_aliases, alias, strlen(alias));
		names_add(&x->builtin_aliases, s, (size_t)(dot - s));
	}
	return 0;
}

int module_builtin_read(struct module_index *x, struct err *e)
{
	const struct blob *builtin, *modinfo;
	struct err none = { 0 };
	int r = file_text(x, "modules.builtin", &builtin, e);

	if (r >= 0)
		r = each_line(builtin, x, take_builtin, e);
	/* Kernels before 5.2 have none. */
	x->has_builtin_modinfo = file_text(x, "modules.builtin.modinfo", &modinfo, &none) >= 0;
	if (r >= 0 && x->has_builtin_modinfo)
		r = read_builtin_modinfo(x, modinfo, e);
	if (r >= 0 && (buf_failed(&x->builtin) || buf_failed(&x->builtin_aliases)))
		r = err_oom(e);
	return r;
}

void module_index_free(struct module_index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n_modules; i++)
		module_done(&x->modules[i]);
	free(x->modules);
	free(x->symbols);
	buf_done(&x->builtin);
	buf_done(&x->builtin_aliases);
	free(x->dir);
	free(x);
}
