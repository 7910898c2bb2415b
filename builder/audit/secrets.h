/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Private keys in any bytes, and words that must not stand there. */
#include "base/err.h"
#include "base/strv.h"

struct secret {
	const char *what; /* "a private key (PEM)", or the word */
	size_t at;
	bool is_key;
	char id[17]; /* of a key: hex, of its first bytes; "" for a word */
};

/** secret_is_known() - a private key that everybody has, since a library tests itself with it */
bool secret_is_known(const char *id);

/**
 * secrets_find() - look for private keys, wherever they begin
 *
 * PEM of any kind, also within JSON, indented, or once more in base64; DER of RSA and EC as PKCS#8, PKCS#1 or
 * SEC 1; OpenPGP armoured, as GnuPG keeps it, and as packets from the first byte on; age, minisign, signify,
 * PuTTY; a registry's password in a configuration of Docker. All of these are keys here.
 *
 * The words that programs have to write and read PEM are no key: a key has a body.
 * @words: looked for as well, as bytes; may be NULL
 * @fn: called for each key, and for each word once; not 0 ends the search
 * Return: 0; what @fn returned
 */
int secrets_find(const void *data, size_t len, const struct strv *words,
		 int (*fn)(void *ctx, const struct secret *s, struct err *e), void *ctx,
		 struct err *e) must_check;
