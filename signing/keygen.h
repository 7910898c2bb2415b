/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Keys to develop and test with: unprotected files, marked as such in their names.
 */
#include <time.h>

#include "base/err.h"

struct keygen_params {
	const char *dir; /* is made if it is not there; its parent must exist */
	time_t now; /* start of validity, and the timestamp in the .auth files; at least 1998 */
	unsigned int valid_days;
};

/**
 * keygen() - write a development set of Secure Boot keys
 *
 * For each of PK, KEK and db: <name>.key (RSA-2048, PEM, mode 0600), <name>.crt in PEM and <name>.der (the
 * certificate, mode 0644), <name>.auth (for enrolment, mode 0644). db signs boot loader, UKI and root
 * hash.
 * Return: 0; -EEXIST if any of these files is there (nothing is written then); -EINVAL; negative errno
 * of the file system; -ENOMEM
 */
int keygen(const struct keygen_params *p, struct err *e) must_check;

/**
 * keygen_next() - another key that signs images, to take db's place on nodes that run already
 * @name: of its files; letters, digits, '-' and '_'
 *
 * The directory holds a set of keygen(). Written are <name>.key, .crt and .der; <name>.trust.auth, which appends
 * its certificate to db; <name>.revoke.auth and, unless it is there, db.revoke.auth, which append that
 * one's to dbx. KEK signs the last three.
 * Return: 0; -EEXIST a file of that name is there; -EINVAL the name; as signer_load() and keygen()
 */
int keygen_next(const struct keygen_params *p, const char *name, struct err *e) must_check;
