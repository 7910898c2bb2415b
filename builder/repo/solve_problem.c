/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/near.h"
#include "builder/repo/solve_work.h"

#define MAX_NAMED    8
#define MAX_PROBLEMS 8

/* Real packages that provide a name of which there is no package. */
static size_t list_providers(struct solve_work *w, const char *name, struct buf *out)
{
	Pool *pool = w->pool; /* the macro's own */
	Id id = pool_str2id(pool, name, 0), p, pp;
	size_t n = 0;

	if (!id)
		return 0;
	FOR_PROVIDES(p, pp, id)
	{
		if (n < MAX_NAMED)
			buf_printf(out, "%s%s", n ? ", " : "",
				   pool_id2str(pool, pool_id2solvable(pool, p)->name));
		n++;
	}
	if (n > MAX_NAMED)
		buf_append_str(out, ", …");
	return n;
}

static const char *near(struct solve_work *w, const char *name)
{
	_cleanup_free_ const char **names = calloc(MAX(w->n_candidates, 1), sizeof(*names));

	for (size_t i = 0; names && i < w->n_candidates; i++)
		names[i] = pool_id2str(w->pool, pool_id2solvable(w->pool, w->first + (Id)i)->name);
	return names ? near_name(name, names, w->n_candidates) : NULL;
}

int solve_unknown(struct solve_work *w, const char *name, struct err *e)
{
	_cleanup_buf_ struct buf providers = BUF_INIT;

	if (list_providers(w, name, &providers))
		return err_set(e, -ENOENT,
			       "package %s is only a name that others provide: take one of %s",
			       name, buf_str(&providers));
	const char *like = near(w, name);
	return err_set(e, -ENOENT, "no suite of the recipe has a package %s%s%s%s", name,
		       like ? "; is it " : "", like ? like : "", like ? "?" : "");
}

/* A rule that only says that something was asked for explains nothing. */
static bool explains(SolverRuleinfo type)
{
	return type != SOLVER_RULE_JOB && type != SOLVER_RULE_UNKNOWN;
}

static void add_problem(Solver *solver, Id problem, struct buf *out)
{
	Queue rules;
	bool any = false;

	queue_init(&rules);
	solver_findallproblemrules(solver, problem, &rules);
	for (int i = 0; i < rules.count && i < MAX_PROBLEMS; i++) {
		Id from, to, dep;
		SolverRuleinfo type = solver_ruleinfo(solver, rules.elements[i], &from, &to, &dep);
		if (!explains(type))
			continue;
		buf_printf(out, "%s%s", out->len ? "; " : "",
			   solver_problemruleinfo2str(solver, type, from, to, dep));
		any = true;
	}
	if (!any)
		buf_printf(out, "%s%s", out->len ? "; " : "", solver_problem2str(solver, problem));
	queue_free(&rules);
}

int solve_problems(Solver *solver, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	Id problem = 0;

	for (int i = 0; i < MAX_PROBLEMS && (problem = solver_next_problem(solver, problem)); i++)
		add_problem(solver, problem, &text);
	return err_set(e, -EXDEV, "the packages cannot be had together: %s", buf_str(&text));
}
