/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What nodes that run already are to renew: boot loader and keys, as the recipe's signing: renew: says. */
#include "builder/stages/build.h"
#include "stage1/finish/finish.h"

struct renew {
	struct finish_renew files;
	struct blob *loader, **trust, **revoke; /* what @files is made of */
};

#define _cleanup_renew_ __attribute__((cleanup(renew_done)))

/**
 * renew_load() - sign the boot loader and read the .auth files
 * @b:   a merged tree, and the signer
 * @ret: zeros; to be given to renew_done() whatever follows
 * Return: 0; -EINVAL a file that is none, or revokes the key that signs this image; -EKEYREJECTED one that KEK
 * has not signed; errors of open and of signing
 */
int renew_load(const struct build *b, struct renew *ret, struct err *e) must_check;
void renew_done(struct renew *r);
