/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Reading maintainer scripts as text. Nothing is run and no shell grammar is known beyond words,
 * quotes, comments, here-documents and operators: what is found are calls of one program with the
 * words that follow it. A word that the shell would expand keeps a '$', so that callers can refuse it.
 * Calls within "$(…)" are not found.
 */
#include "base/strv.h"
#include "stage1/package/package.h"

typedef int (*script_call_fn)(void *ctx, const struct strv *args, struct err *e);

/**
 * script_find_calls() - call @fn with the arguments of each call of @program, in the script's order
 * Return: 0; what @fn returned; -EBADMSG the script is no text, or its quotes are not closed; -ENOMEM
 */
int script_find_calls(const struct package *pkg, const char *script, const char *program,
		      script_call_fn fn, void *ctx, struct err *e) must_check;

/** script_find_calls_in() - the same for a text */
int script_find_calls_in(const char *text, const char *program, script_call_fn fn, void *ctx,
			 struct err *e) must_check;

/** script_is_literal() - would the shell leave this word as it is? */
static inline bool script_is_literal(const char *word)
{
	return !strpbrk(word, "$*?[");
}
