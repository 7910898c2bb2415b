/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Paths: their parts, and as people read them. */
#include "base/util.h"

/**
 * path_tidy() - the same file by a shorter path: no ".", no "//", no "x/.."
 *
 * "x/.." stays where it cannot be left out: behind a symlink it leads elsewhere, and where there is no
 * x, nothing is below it.
 *
 * Return: on the heap; NULL when out of memory
 */
char *path_tidy(const char *path) must_check;

/** path_last() - its last name, inside of it; all of it if there is no "/" */
const char *path_last(const char *path);

/** path_dir() - the directory that it lies in, on the heap: "." if it names none; NULL when out of memory */
char *path_dir(const char *path) must_check;

/**
 * path_quote() - a name out of foreign input as it may be shown: printable UTF-8 as it is, other bytes
 *                as in "\x1b", a backslash as "\\"
 *
 * Characters that are not seen but turn the order of what is around them are not printable.
 *
 * Return: on the heap; NULL when out of memory
 */
char *path_quote(const char *path) must_check;

/** path_quote_message() - a text that has such names in it: the same, but a backslash stays as it is */
char *path_quote_message(const char *text) must_check;
