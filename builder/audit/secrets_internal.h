/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of the search for private keys: forms of them, each with its own tell. */
#include "base/span.h"

#define SECRET_ID_MAX 256 /* bytes of a key in text: beyond its head, which others have too */

/* A key that was found. */
struct secret_found {
	const char *what;
	size_t at, id_len; /* the bytes that tell it from others */
};

/* Keys of one form. */
struct secret_form {
	const char *anchor; /* stands in each of them */

	/* @at: of the anchor; Return: false: it is none, and @ret is untouched */
	bool (*is_key)(struct span in, size_t at, struct secret_found *ret);
};

/* secrets_text.c: keys and credentials that are text, in whatever file */
extern const struct secret_form secret_text_forms[];
extern const size_t secret_n_text_forms;

/* secrets_gnupg.c */
/** secret_is_sexp() - of libgcrypt, as private-keys-v1.d/ has them: for the anchor "private-key" */
bool secret_is_sexp(struct span in, size_t at, struct secret_found *ret);

/** secret_is_openpgp() - a file of OpenPGP's packets that begins with a secret key: RFC 9580, 5.5.3 */
bool secret_is_openpgp(struct span file, struct secret_found *ret);

/** secret_behind() - without its first @n bytes, or as many as there are */
static inline struct span secret_behind(struct span s, size_t n)
{
	n = MIN(n, s.len);
	return (struct span){ s.p + n, s.len - n };
}

/** secret_take() - take @text off the start; false if that is not there */
static inline bool secret_take(struct span *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->p, text, n) != 0)
		return false;
	*s = secret_behind(*s, n);
	return true;
}

/** secret_precedes() - does @text end where @at is? */
static inline bool secret_precedes(struct span in, size_t at, const char *text)
{
	size_t n = strlen(text);

	return at >= n && memcmp(in.p + at - n, text, n) == 0;
}

static inline bool secret_begins_line(struct span in, size_t at)
{
	return at == 0 || in.p[at - 1] == '\n';
}
