/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The hashes of subjects' names by which OpenSSL finds a certificate in a directory. */
#include "base/blob.h"

struct ca_hash {
	char *name; /* of the file */
	uint32_t hash;
	unsigned int number; /* among those with the same hash */
	bool repeated;	     /* the same certificate has a link already */
	uint8_t fingerprint[SHA256_BYTES];
};

struct ca_hashes {
	struct ca_hash *v;
	size_t n;
};

void ca_hashes_done(struct ca_hashes *h);

/**
 * ca_hashes_add() - read a PEM file; one with several certificates is found by no hash and adds none
 * Return: 0; -EBADMSG no certificate in it, or one that cannot be read; -ENOMEM
 */
int ca_hashes_add(struct ca_hashes *h, const char *name, const struct blob *pem,
		  struct err *e) must_check;

/** ca_hashes_number() - sort by file name, find repetitions and number the rest, as openssl rehash does */
void ca_hashes_number(struct ca_hashes *h);
