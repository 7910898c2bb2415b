/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/solve.h"

#include <solv/evr.h>
#include <solv/poolarch.h>

#include "builder/repo/solve_work.h"

void solve_result_done(struct solve_result *r)
{
	free(r->packages);
	*r = (struct solve_result)SOLVE_RESULT_INIT;
}

static int find(const struct solve_work *w, const char *name)
{
	const struct span key = span_of(name);
	size_t lo = 0, hi = w->n_candidates;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = span_cmp(w->candidates[mid]->name, key);
		if (c == 0)
			return (int)mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

static const struct index_package *package_of(const struct solve_work *w, Id solvable)
{
	return w->candidates[solvable - w->first];
}

/* Is the name itself, which may be one that packages only provide, under `without`? */
static size_t find_name(const struct solve_work *w, Id dep)
{
	while (ISRELDEP(dep))
		dep = GETRELDEP(w->pool, dep)->name;
	for (int i = 0; i < w->without.count; i++)
		if (w->without.elements[i] == dep)
			return (size_t)i + 1;
	return 0;
}

/* Does the image do without something that satisfies this? Return: 1 + its place in `without` */
static size_t is_given(const struct solve_work *w, Id dep)
{
	Pool *pool = w->pool; /* the macro's own */
	Id p, pp, rest = dep;
	size_t found = 0;

	while (!found && ISRELDEP(rest) && GETRELDEP(pool, rest)->flags == REL_OR) {
		found = find_name(w, GETRELDEP(pool, rest)->name);
		rest = GETRELDEP(pool, rest)->evr;
	}
	if (found || (found = find_name(w, rest)))
		return found;
	FOR_PROVIDES(p, pp, dep)
	if (w->without_of[p - w->first])
		return w->without_of[p - w->first];
	return 0;
}

static int mark_without(struct solve_work *w, struct err *e)
{
	w->without_of = calloc(MAX(w->n_candidates, 1), sizeof(*w->without_of));
	if (!w->without_of)
		return err_oom(e);
	for (size_t i = 0; i < w->p->without->n; i++) {
		const char *name = w->p->without->v[i];
		int k = find(w, name);
		if (k >= 0)
			w->without_of[k] = i + 1;
		queue_push(&w->without, pool_str2id(w->pool, name, 1));
		if (strv_contains(w->p->names, name))
			return err_set(
				e, -EINVAL,
				"package %s is both asked for and under without: leave it out "
				"of one",
				name);
	}
	return 0;
}

/* What a package requires, with the marker of pre-dependencies left out. */
static void requires_of(struct solve_work *w, Id solvable, Queue *ret)
{
	Queue all;

	queue_init(&all);
	queue_empty(ret);
	solvable_lookup_deparray(pool_id2solvable(w->pool, solvable), SOLVABLE_REQUIRES, &all, 0);
	for (int i = 0; i < all.count; i++)
		if (all.elements[i] != SOLVABLE_PREREQMARKER)
			queue_push(ret, all.elements[i]);
	queue_free(&all);
}

/* Requirements that a package under `without` satisfies are taken out, whoever has them. */
static void drop_given(struct solve_work *w)
{
	Queue deps, kept;

	queue_init(&deps);
	queue_init(&kept);
	for (size_t i = 0; w->p->without->n && i < w->n_candidates; i++) {
		Id s = w->first + (Id)i;
		requires_of(w, s, &deps);
		queue_empty(&kept);
		for (int k = 0; k < deps.count; k++) {
			size_t which = is_given(w, deps.elements[k]);
			if (which)
				queue_push2(&w->given, s, (Id)which - 1);
			else
				queue_push(&kept, deps.elements[k]);
		}
		if (kept.count != deps.count)
			solvable_set_deparray(pool_id2solvable(w->pool, s), SOLVABLE_REQUIRES,
					      &kept, 0);
	}
	queue_free(&deps);
	queue_free(&kept);
}

static int ask_for(struct solve_work *w, const char *name, struct err *e)
{
	Id id = pool_str2id(w->pool, name, 0);

	if (find(w, name) < 0)
		return solve_unknown(w, name, e);
	queue_push2(&w->job, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, id);
	return 0;
}

/* The first of "a | b | c". */
static Id first_choice(Pool *pool, Id dep)
{
	while (ISRELDEP(dep) && GETRELDEP(pool, dep)->flags == REL_OR)
		dep = GETRELDEP(pool, dep)->name;
	return dep;
}

/* Every package that could come in; the providers of a first alternative are marked in @favored. */
static void walk(struct solve_work *w, Map *reached, Map *favored)
{
	Pool *pool = w->pool; /* the macros' own */
	Queue todo, deps;
	Id p, pp;

	queue_init(&todo);
	queue_init(&deps);
	for (int i = 0; i < w->job.count; i += 2)
		FOR_JOB_SELECT(p, pp, SOLVER_SOLVABLE_NAME, w->job.elements[i + 1])
	queue_push(&todo, p);
	while (todo.count) {
		Id s = queue_pop(&todo);
		if (MAPTST(reached, s))
			continue;
		MAPSET(reached, s);
		requires_of(w, s, &deps);
		for (int i = 0; i < deps.count; i++) {
			Id first = first_choice(w->pool, deps.elements[i]);
			FOR_PROVIDES(p, pp, deps.elements[i])
			queue_push(&todo, p);
			if (first != deps.elements[i])
				FOR_PROVIDES(p, pp, first)
			MAPSET(favored, p);
		}
	}
	queue_free(&todo);
	queue_free(&deps);
}

/*
 * libsolv takes the packages that were favored last over those favored earlier. The order here is
 * by priority, then against the order of names; first alternatives go over all of them.
 */
static void favor(struct solve_work *w)
{
	Map reached, favored;

	map_init(&reached, w->pool->nsolvables);
	map_init(&favored, w->pool->nsolvables);
	walk(w, &reached, &favored);
	for (int rank = 0; rank < 8; rank++)
		for (Id s = w->pool->nsolvables - 1; s >= w->first; s--) {
			int is = (MAPTST(&favored, s) ? 4 : 0) + 3 - package_of(w, s)->priority;
			if (is == rank && MAPTST(&reached, s))
				queue_push2(&w->job, SOLVER_FAVOR | SOLVER_SOLVABLE, s);
		}
	map_free(&reached);
	map_free(&favored);
}

static int note_asked(struct solve_work *w, const Map *chosen)
{
	struct strv *to = w->p->asked_without;

	for (int i = 0; to && i < w->given.count; i += 2) {
		if (!MAPTST(chosen, w->given.elements[i]))
			continue;
		int rc = strv_add(to, w->p->without->v[w->given.elements[i + 1]]);
		if (rc < 0)
			return rc;
	}
	if (to) {
		strv_sort(to);
		strv_uniq(to);
	}
	return 0;
}

static int take_result(struct solve_work *w, Solver *solver, struct solve_result *ret,
		       struct err *e)
{
	_cleanup_solve_result_ struct solve_result r = SOLVE_RESULT_INIT;
	Map chosen;

	map_init(&chosen, w->pool->nsolvables);
	r.packages = calloc(MAX(w->n_candidates, 1), sizeof(*r.packages));
	for (size_t i = 0; r.packages && i < w->n_candidates; i++) {
		Id s = w->first + (Id)i;
		if (solver_get_decisionlevel(solver, s) <= 0)
			continue;
		MAPSET(&chosen, s);
		r.packages[r.n++] = w->candidates[i];
	}
	int rc = r.packages ? note_asked(w, &chosen) : -ENOMEM;
	map_free(&chosen);
	if (rc < 0)
		return err_oom(e);
	*ret = r;
	r = (struct solve_result)SOLVE_RESULT_INIT;
	return 0;
}

static int solve(struct solve_work *w, struct solve_result *ret, struct err *e)
{
	Solver *solver = solver_create(w->pool);

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	int problems = solver_solve(solver, &w->job);
	int rc = problems ? solve_problems(solver, e) : take_result(w, solver, ret, e);
	solver_free(solver);
	return rc;
}

static int run(struct solve_work *w, struct solve_result *ret, struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;
	int rc = solve_choose_candidates(w, e);

	if (rc == 0)
		rc = solve_fill_pool(w, e);
	if (rc < 0)
		return rc;
	pool_createwhatprovides(w->pool);
	rc = mark_without(w, e);
	for (size_t i = 0; rc == 0 && i < w->p->names->n; i++)
		rc = strv_add(&names, w->p->names->v[i]) < 0 ? err_oom(e) : 0;
	strv_sort(&names);
	strv_uniq(&names);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = ask_for(w, names.v[i], e);
	if (rc < 0)
		return rc;
	drop_given(w);
	favor(w);
	return solve(w, ret, e);
}

int solve_closure(const struct solve_params *p, struct solve_result *ret, struct err *e)
{
	struct solve_work w = { .p = p, .pool = pool_create() };

	pool_setdisttype(w.pool, DISTTYPE_DEB);
	pool_setarch(w.pool, p->arch);
	w.repo = repo_create(w.pool, "index");
	queue_init(&w.job);
	queue_init(&w.given);
	queue_init(&w.without);
	int rc = run(&w, ret, e);
	queue_free(&w.job);
	queue_free(&w.given);
	queue_free(&w.without);
	pool_free(w.pool);
	free(w.candidates);
	free(w.without_of);
	return rc;
}

int solve_compare_versions(const char *a, const char *b, int *ret, struct err *e)
{
	Pool *pool = pool_create();

	if (!pool)
		return err_oom(e);
	pool_setdisttype(pool, DISTTYPE_DEB);
	*ret = pool_evrcmp_str(pool, a, b, EVRCMP_COMPARE);
	pool_free(pool);
	return 0;
}
