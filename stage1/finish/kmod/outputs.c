/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that depmod makes. The binary ones have the bytes of kmod 34's. The text ones too, but for
 * modules.symbols, where depmod's order of lines is that of its hash table; ours is sorted. kmod reads
 * the text files only where the binary ones are missing.
 */
#include "stage1/finish/kmod/internal.h"

/* Entries for an index; their strings are borrowed. */
struct entries {
	struct index_entry *list;
	size_t n, cap;
};

static int entries_add(struct entries *x, const char *key, const char *value, size_t priority,
		       struct err *e)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 1024;
		struct index_entry *list = reallocarray(x->list, cap, sizeof(*list));
		if (!list)
			return err_oom(e);
		x->list = list;
		x->cap = cap;
	}
	x->list[x->n] = (struct index_entry){ key, value, (uint32_t)priority, (uint32_t)x->n };
	x->n++;
	return 0;
}

/* Writes the index and lets go of the entries. */
static int entries_finish(struct entries *x, int r, enum index_layout layout, struct buf *out,
			  struct err *e)
{
	if (r >= 0)
		r = index_file_write(x->list, x->n, layout, out, e);
	free(x->list);
	return r;
}

/* Calls fn with the line of modules.dep of each module, without its newline. */
static int each_dep_line(const struct module_index *x,
			 int (*fn)(void *ctx, size_t module, const char *line, struct err *e),
			 void *ctx, struct err *e)
{
	_cleanup_free_ uint32_t *deps = calloc(x->n_modules + 1, sizeof(*deps));
	_cleanup_free_ uint8_t *seen = calloc(x->n_modules + 1, 1);
	int r = deps && seen ? 0 : err_oom(e);

	for (size_t i = 0; i < x->n_modules && r >= 0; i++) {
		_cleanup_buf_ struct buf line = BUF_INIT;
		size_t n = module_all_deps(x, i, deps, seen);
		buf_printf(&line, "%s:", x->modules[i].path);
		for (size_t k = 0; k < n; k++) {
			buf_append_str(&line, " ");
			buf_append_str(&line, x->modules[deps[k]].path);
		}
		r = buf_failed(&line) ? err_oom(e) : fn(ctx, i, buf_str(&line), e);
	}
	return r;
}

static int put_line(void *ctx, size_t module unused_, const char *line, struct err *e unused_)
{
	buf_append_str(ctx, line);
	buf_append_str(ctx, "\n");
	return 0;
}

static int make_dep(const struct module_index *x, enum index_layout layout unused_, struct buf *out,
		    struct err *e)
{
	return each_dep_line(x, put_line, out, e);
}

static int list_line(void *ctx, size_t module unused_, const char *line, struct err *e unused_)
{
	names_add(ctx, line, strlen(line));
	return 0;
}

static int make_dep_bin(const struct module_index *x, enum index_layout layout, struct buf *out,
			struct err *e)
{
	_cleanup_buf_ struct buf lines = BUF_INIT;
	struct entries entries = { 0 };
	size_t i = 0;

	int r = each_dep_line(x, list_line, &lines, e);
	if (r >= 0 && buf_failed(&lines))
		r = err_oom(e);
	if (r >= 0)
		names_for_each (&lines, line) {
			r = entries_add(&entries, x->modules[i].name, line, i, e);
			if (r < 0)
				break;
			i++;
		}
	return entries_finish(&entries, r, layout, out, e);
}

static int make_alias(const struct module_index *x, enum index_layout layout unused_,
		      struct buf *out, struct err *e unused_)
{
	buf_append_str(out, "# Aliases extracted from modules themselves.\n");
	for (size_t i = 0; i < x->n_modules; i++)
		names_for_each (&x->modules[i].aliases, s)
			buf_printf(out, "alias %s %s\n", s, x->modules[i].name);
	return 0;
}

/* Normalized aliases, with the keys' storage; those with unmatched brackets are left out, as by kmod. */
static int add_normalized(struct entries *entries, struct buf *keys, const char *alias,
			  const char *value, size_t priority, struct err *e)
{
	char normal[MODULE_NAME_BYTES];

	if (alias_normalize(alias, normal) < 0)
		return 0;
	/* The storage was reserved: it does not move. */
	const char *key = (const char *)keys->data + keys->len;
	names_add(keys, normal, strlen(normal));
	return entries_add(entries, key, value, priority, e);
}

static int make_alias_bin(const struct module_index *x, enum index_layout layout, struct buf *out,
			  struct err *e)
{
	_cleanup_buf_ struct buf keys = BUF_INIT;
	struct entries entries = { 0 };
	size_t total = 1;
	int r = 0;

	for (size_t i = 0; i < x->n_modules; i++)
		total += x->modules[i].aliases.len;
	if (!buf_grow(&keys, total))
		return err_oom(e);
	for (size_t i = 0; i < x->n_modules && r >= 0; i++)
		names_for_each (&x->modules[i].aliases, s) {
			r = add_normalized(&entries, &keys, s, x->modules[i].name, i, e);
			if (r < 0)
				break;
		}
	return entries_finish(&entries, r, layout, out, e);
}

static int make_softdep(const struct module_index *x, enum index_layout layout unused_,
			struct buf *out, struct err *e unused_)
{
	buf_append_str(out, "# Soft dependencies extracted from modules themselves.\n");
	for (size_t i = 0; i < x->n_modules; i++)
		names_for_each (&x->modules[i].softdeps, s)
			buf_printf(out, "softdep %s %s\n", x->modules[i].name, s);
	return 0;
}

static int make_weakdep(const struct module_index *x, enum index_layout layout unused_,
			struct buf *out, struct err *e unused_)
{
	buf_append_str(out, "# Weak dependencies extracted from modules themselves.\n");
	for (size_t i = 0; i < x->n_modules; i++)
		names_for_each (&x->modules[i].weakdeps, s)
			buf_printf(out, "weakdep %s %s\n", x->modules[i].name, s);
	return 0;
}

static int make_symbols(const struct module_index *x, enum index_layout layout unused_,
			struct buf *out, struct err *e unused_)
{
	buf_append_str(out, "# Aliases for symbols, used by symbol_request().\n");
	for (size_t i = 0; i < x->n_symbols; i++)
		buf_printf(out, "alias symbol:%s %s\n", x->symbols[i].name,
			   x->modules[x->symbols[i].module].name);
	return 0;
}

static int make_symbols_bin(const struct module_index *x, enum index_layout layout, struct buf *out,
			    struct err *e)
{
	_cleanup_buf_ struct buf keys = BUF_INIT;
	struct entries entries = { 0 };
	size_t i = 0;
	int r = 0;

	for (size_t k = 0; k < x->n_symbols; k++) {
		buf_printf(&keys, "symbol:%s", x->symbols[k].name);
		buf_append_zero(&keys, 1);
	}
	if (buf_failed(&keys))
		return err_oom(e);
	names_for_each (&keys, key) {
		uint32_t module = x->symbols[i++].module;
		r = entries_add(&entries, key, x->modules[module].name, module, e);
		if (r < 0)
			break;
	}
	return entries_finish(&entries, r, layout, out, e);
}

static int make_builtin_bin(const struct module_index *x, enum index_layout layout, struct buf *out,
			    struct err *e)
{
	struct entries entries = { 0 };
	int r = 0;

	names_for_each (&x->builtin, s) {
		r = entries_add(&entries, s, "", 0, e);
		if (r < 0)
			break;
	}
	return entries_finish(&entries, r, layout, out, e);
}

/* Empty where the kernel tells nothing, as depmod leaves it. */
static int make_builtin_alias_bin(const struct module_index *x, enum index_layout layout,
				  struct buf *out, struct err *e)
{
	_cleanup_buf_ struct buf keys = BUF_INIT;
	struct entries entries = { 0 };
	const char *alias = NULL;
	int r = 0;

	if (!x->has_builtin_modinfo)
		return 0;
	if (!buf_grow(&keys, x->builtin_aliases.len + 1))
		return err_oom(e);
	names_for_each (&x->builtin_aliases, s) {
		if (alias)
			r = add_normalized(&entries, &keys, alias, s, 0, e);
		alias = alias ? NULL : s;
		if (r < 0)
			break;
	}
	return entries_finish(&entries, r, layout, out, e);
}

struct device {
	const char *name;
	char type; /* 'c', 'b' or 0 */
	unsigned int major, minor;
};

/* "char-major-10-200": the numbers, of which either may be a pattern instead. */
static bool parse_major(const char *alias, const char *prefix, struct device *d)
{
	unsigned int major, minor;

	if (!str_has_prefix(alias, prefix) ||
	    sscanf(alias + strlen(prefix), "%u-%u", &major, &minor) != 2)
		return false;
	d->type = *prefix;
	d->major = major;
	d->minor = minor;
	return true;
}

static struct device device_of(const struct module *m)
{
	static const char devname[] = "devname:";
	struct device d = { 0 };

	names_for_each (&m->aliases, s) {
		if (str_has_prefix(s, devname))
			d.name = s + strlen(devname);
		else if (!parse_major(s, "char-major-", &d))
			parse_major(s, "block-major-", &d);
		if (d.name && d.type)
			break;
	}
	return d;
}

static int make_devname(const struct module_index *x, enum index_layout layout unused_,
			struct buf *out, struct err *e unused_)
{
	for (size_t i = 0; i < x->n_modules; i++) {
		struct device d = device_of(&x->modules[i]);
		if (!d.name || !d.type)
			continue;
		if (out->len == 0)
			buf_append_str(out,
				       "# Device nodes to trigger on-demand module loading.\n");
		buf_printf(out, "%s %s %c%u:%u\n", x->modules[i].name, d.name, d.type, d.major,
			   d.minor);
	}
	return 0;
}

const struct module_output *module_outputs(void)
{
	static const struct module_output outputs[] = {
		{ "modules.dep", make_dep },
		{ "modules.dep.bin", make_dep_bin },
		{ "modules.alias", make_alias },
		{ "modules.alias.bin", make_alias_bin },
		{ "modules.softdep", make_softdep },
		{ "modules.weakdep", make_weakdep },
		{ "modules.symbols", make_symbols },
		{ "modules.symbols.bin", make_symbols_bin },
		{ "modules.builtin.bin", make_builtin_bin },
		{ "modules.builtin.alias.bin", make_builtin_alias_bin },
		{ "modules.devname", make_devname },
		{ NULL, NULL },
	};
	return outputs;
}
