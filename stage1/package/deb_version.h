/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Debian versions: [epoch:]upstream[-revision], their order, and relations to them. */
#include "base/err.h"

/**
 * deb_version_check() - is it a version?
 * Return: 0; -EINVAL with what is wrong
 * Spec: deb-version(7); Debian Policy 5.6.12
 */
int deb_version_check(const char *version, struct err *e) must_check;

/**
 * deb_version_compare() - the order of two versions; any strings have an order, valid or not
 * Return: <0, 0 or >0, as strcmp()
 */
int deb_version_compare(const char *a, const char *b);

/**
 * deb_version_satisfies() - does "version <relation> bound" hold?
 * @relation: "<<", "<=", "=", ">=" or ">>" ("<" and ">" are the old names of "<=" and ">=")
 * Return: false for any other relation
 */
bool deb_version_satisfies(const char *version, const char *relation, const char *bound);

/**
 * deb_relation_covers() - does a relation field name a package in this version?
 * @field: a Replaces, Conflicts or Breaks field: "a, b (<< 1.0), c:any"; NULL is empty. Real names
 *         only, never what a package provides. Alternatives ("a | b") each count.
 */
bool deb_relation_covers(const char *field, const char *package, const char *version);
