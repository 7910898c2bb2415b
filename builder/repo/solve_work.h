/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the parts of solve_closure() share; nobody else's. */
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/solver.h>

#include "builder/repo/solve.h"

struct solve_work {
	const struct solve_params *p;
	Pool *pool;
	Repo *repo;
	const struct index_package **candidates; /* the newest of each name, by name */
	size_t n_candidates;
	Id first;	    /* solvable of candidates[0]; the others follow */
	Queue without;	    /* ids of the names under `without`, in its order */
	size_t *without_of; /* of each candidate: 1 + its place there; 0: it is not there */
	Queue given;	    /* pairs: a solvable, and the place of a name that it asks for */
	Queue job;
};

/** solve_choose_candidates() - the newest package of each name */
int solve_choose_candidates(struct solve_work *w, struct err *e) must_check;

/** solve_fill_pool() - the candidates as solvables, in their order */
int solve_fill_pool(struct solve_work *w, struct err *e) must_check;

/** solve_unknown() - -ENOENT with names that are near, or packages that provide @name */
int solve_unknown(struct solve_work *w, const char *name, struct err *e);

/** solve_problems() - -EXDEV with what stands in the way, in libsolv's words */
int solve_problems(Solver *solver, struct err *e);
