/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a recipe names outside of itself: layout, key and certificate, enrolment files, keyrings. */
#include "base/blob.h"
#include "base/strv.h"
#include "builder/recipe/recipe.h"

#define N_ENROLMENT 3 /* PK.auth, KEK.auth, db.auth */

/**
 * inputs_load_enrolment() - the files that enrol the recipe's keys in a new machine
 * @ret: in the order above; all NULL when the recipe enrols nothing
 * Return: 0; errors of open
 */
int inputs_load_enrolment(const struct recipe *r, struct blob *ret[N_ENROLMENT],
			  struct err *e) must_check;

/**
 * inputs_load_update_key() - the keyring that updates are signed by
 * @ret: NULL when the recipe has none
 * Return: 0; errors of open
 */
int inputs_load_update_key(const struct recipe *r, struct blob **ret, struct err *e) must_check;

/**
 * inputs_check() - everything that can be wrong with what a recipe names, its lock and packages aside
 * @now: seconds since 1970: the certificate must be valid then
 * @problems: a message for each is appended
 * Return: 0, problems or not; -ENOMEM
 */
int inputs_check(const struct recipe *r, int64_t now, struct strv *problems,
		 struct err *e) must_check;
