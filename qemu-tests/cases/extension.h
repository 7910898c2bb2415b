/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* System extension images, made as Slipway makes /usr: EROFS, hash tree, signature, partitions. */
#include "qemu-tests/cases/cases.h"

/* An extension's name is that of its file. */
#define EXTENSION_NAME	  "slipway-test"
#define EXTENSION_IN_USR  "bin/slipway-extension"
#define EXTENSION_PROGRAM "/usr/" EXTENSION_IN_USR

enum extension_protection {
	EXTENSION_BARE,	  /* a file system */
	EXTENSION_HASHED, /* with a hash tree that nobody signed */
	EXTENSION_SIGNED,
};

struct extension_params {
	enum extension_protection protection;
	const struct signer *signer; /* of EXTENSION_SIGNED */
	const char *id, *version_id; /* of the system that it is for, by its os-release */
	bool usr;		     /* a partition of /usr's type, instead of root's */
	const char *note; /* a file in it: one of another content has another root hash */
};

/**
 * extension_make() - an image with one program, EXTENSION_PROGRAM, which is that of guest.c
 * @path: a new file
 * Return: 0; negative errno of what makes its parts
 * Specs: systemd-sysext(8), os-release(5); UAPI Discoverable Disk Image
 */
int extension_make(const struct extension_params *p, const char *path, struct err *e) must_check;
