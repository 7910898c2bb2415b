/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which packages it takes to have some others: the closure of dependencies, by libsolv. Of each name
 * only the newest version over all indices is looked at, as apt does. Recommends and Essential bring
 * nothing in. Of alternatives the first is preferred, of several providers the one of the higher
 * priority (required, important, standard), then the first by name.
 */
#include "builder/repo/index.h"

struct solve_params {
	const struct index *const *indices; /* the order does not matter */
	size_t n_indices;
	const char *arch;	    /* Debian's: amd64, arm64 */
	const struct strv *names;   /* packages asked for */
	const struct strv *without; /* taken as provided: neither installed nor required */
	struct strv *asked_without; /* those of @without that a chosen package asks for are added */
};

struct solve_result {
	const struct index_package **packages; /* borrowed from the indices; by name */
	size_t n;
};

#define SOLVE_RESULT_INIT \
	{                 \
		NULL, 0   \
	}
void solve_result_done(struct solve_result *r);
#define _cleanup_solve_result_ __attribute__((cleanup(solve_result_done)))

/**
 * solve_closure() - the packages asked for and all that they need
 * Return: 0; -ENOENT no package of such a name, with near ones or with those that provide it;
 *         -EXDEV no solution, with the problems in libsolv's words; -EINVAL asked for and without at
 *         once; -ENOMEM
 */
int solve_closure(const struct solve_params *p, struct solve_result *ret, struct err *e) must_check;

/**
 * solve_compare_versions() - of Debian packages, as dpkg orders them
 * @ret: less than, equal to or greater than 0, as @a is older than, the same as or newer than @b
 * Return: 0; -ENOMEM
 */
int solve_compare_versions(const char *a, const char *b, int *ret, struct err *e) must_check;
