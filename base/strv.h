/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A growing list of heap strings. */
#include "base/util.h"

struct strv {
	char **v; /* n strings, then NULL once anything was added */
	size_t n, cap;
};

#define STRV_INIT          \
	{                  \
		NULL, 0, 0 \
	}
#define _cleanup_strv_ __attribute__((cleanup(strv_done)))

void strv_done(struct strv *l);

/** strv_add() - append a copy; Return: 0 or -ENOMEM */
int strv_add(struct strv *l, const char *s) must_check;

/** strv_addf() - append a formatted string; Return: 0 or -ENOMEM */
int strv_addf(struct strv *l, const char *fmt, ...) printf_format(2, 3) must_check;

/** strv_take() - append @s itself, which is freed on failure (NULL is -ENOMEM); Return: 0 or -ENOMEM */
int strv_take(struct strv *l, char *s) must_check;

/** strv_contains() - is a string equal to @s in it? */
bool strv_contains(const struct strv *l, const char *s);

/** strv_sort() - in byte order (strcmp), the same in every locale */
void strv_sort(struct strv *l);

/** strv_uniq() - drop repeated neighbours; sort first */
void strv_uniq(struct strv *l);

/** strv_split() - append the non-empty pieces of @s between any of the characters in @sep */
int strv_split(struct strv *l, const char *s, const char *sep) must_check;
