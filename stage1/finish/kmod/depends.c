/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who exports a symbol, who uses whom, and an order in which users come before what they use. */
#include "stage1/finish/kmod/internal.h"

static int by_name_and_module(const void *pa, const void *pb)
{
	const struct symbol *a = pa, *b = pb;
	int c = strcmp(a->name, b->name);

	if (c)
		return c;
	return a->module < b->module ? -1 : a->module > b->module;
}

/* All exports, sorted. Where two modules export a name, the later one is who is used, as in kmod. */
static int collect_symbols(struct module_index *x, struct err *e)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < x->n_modules; i++)
		names_for_each (&x->modules[i].exports, s)
			n++;
	x->symbols = calloc(n + 1, sizeof(*x->symbols));
	if (!x->symbols)
		return err_oom(e);
	n = 0;
	for (size_t i = 0; i < x->n_modules; i++)
		names_for_each (&x->modules[i].exports, s)
			x->symbols[n++] = (struct symbol){ s, (uint32_t)i };
	qsort(x->symbols, n, sizeof(*x->symbols), by_name_and_module);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !str_eq(x->symbols[i].name, x->symbols[i + 1].name))
			x->symbols[kept++] = x->symbols[i];
	x->n_symbols = kept;
	return 0;
}

static const struct symbol *find_symbol(const struct module_index *x, const char *name)
{
	size_t lo = 0, hi = x->n_symbols;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, x->symbols[mid].name);
		if (c == 0)
			return &x->symbols[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

int module_add_dep(struct module_index *x, struct module *m, uint32_t on, struct err *e)
{
	for (size_t i = 0; i < m->n_deps; i++)
		if (m->deps[i] == on)
			return 0;
	if (m->n_deps == m->cap_deps) {
		size_t cap = m->cap_deps ? m->cap_deps * 2 : 4;
		uint32_t *deps = reallocarray(m->deps, cap, sizeof(*deps));
		if (!deps)
			return err_oom(e);
		m->deps = deps;
		m->cap_deps = cap;
	}
	m->deps[m->n_deps++] = on;
	x->modules[on].users++;
	return 0;
}

static int collect_deps(struct module_index *x, struct err *e)
{
	for (size_t i = 0; i < x->n_modules; i++) {
		names_for_each (&x->modules[i].imports, s) {
			/* PowerPC's ".foo" is foo. */
			const struct symbol *sym = find_symbol(x, *s == '.' ? s + 1 : s);
			int r = sym ? module_add_dep(x, &x->modules[i], sym->module, e) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* What is left in a circle, or between circles. */
static int report_circle(const struct module_index *x, const uint32_t *users, struct err *e)
{
	_cleanup_buf_ struct buf names = BUF_INIT;

	for (size_t i = 0; i < x->n_modules && names.len < 500; i++)
		if (users[i])
			buf_printf(&names, " %s", x->modules[i].path);
	return err_set(e, -ELOOP, "%s: modules depend on each other in a circle:%s", x->dir,
		       buf_str(&names));
}

/*
 * Topological order, with a stack, by which modules.dep lists dependencies: it is kmod's, so that the
 * files are equal. @stack: room for all modules; @users: a copy of theirs.
 */
static int rank_modules(struct module_index *x, uint32_t *stack, uint32_t *users, struct err *e)
{
	uint32_t n_stack = 0, n_ranked = 0;

	for (uint32_t i = 0; i < x->n_modules; i++) {
		users[i] = x->modules[i].users;
		if (users[i] == 0)
			stack[n_stack++] = i;
	}
	while (n_stack) {
		struct module *m = &x->modules[stack[--n_stack]];
		m->rank = n_ranked++;
		for (size_t i = 0; i < m->n_deps; i++)
			if (--users[m->deps[i]] == 0)
				stack[n_stack++] = m->deps[i];
	}
	return n_ranked == x->n_modules ? 0 : report_circle(x, users, e);
}

int module_depends(struct module_index *x, struct err *e)
{
	int r = collect_symbols(x, e);

	if (r >= 0)
		r = collect_deps(x, e);
	if (r < 0)
		return r;
	_cleanup_free_ uint32_t *stack = calloc(x->n_modules + 1, sizeof(*stack));
	_cleanup_free_ uint32_t *users = calloc(x->n_modules + 1, sizeof(*users));
	if (!stack || !users)
		return err_oom(e);
	return rank_modules(x, stack, users, e);
}

static int by_rank(const void *pa, const void *pb, void *ctx)
{
	const struct module_index *x = ctx;
	uint32_t a = x->modules[*(const uint32_t *)pa].rank;
	uint32_t b = x->modules[*(const uint32_t *)pb].rank;

	return a < b ? -1 : a > b;
}

size_t module_all_deps(const struct module_index *x, size_t module, uint32_t *ret, uint8_t *seen)
{
	const struct module *m = &x->modules[module];
	size_t n = 0;

	/* The list is its own queue; module itself cannot come up, as there are no circles. */
	for (size_t at = 0;; m = &x->modules[ret[at++]]) {
		for (size_t i = 0; i < m->n_deps; i++)
			if (!seen[m->deps[i]]) {
				seen[m->deps[i]] = 1;
				ret[n++] = m->deps[i];
			}
		if (at == n)
			break;
	}
	for (size_t i = 0; i < n; i++)
		seen[ret[i]] = 0;
	if (n)
		qsort_r(ret, n, sizeof(*ret), by_rank, (void *)(uintptr_t)x);
	return n;
}
