/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Detached OpenPGP signatures: made by gpg or by a program of the team's own, checked by gpgv. */
#include "base/buf.h"
#include "base/err.h"

/* One of the first two is set. */
struct publish_signer {
	const char *gpg_key; /* as gpg --local-user takes it */
	const char *
		command; /* a program: gets the file's path, writes the signature to standard output */
	const char
		*keyring; /* what nodes accept signatures by; NULL with gpg_key: that key alone */
	const char *const *env; /* for gpg and the command: where keys, agent and token are */
};

/* Keys in a file of their own, for gpgv. */
struct publish_keyring {
	char *path; /* NULL: none */
	char *name; /* for messages */
	bool temporary;
};

/**
 * publish_keyring_open() - a keyring that is a file
 * Return: 0; -ENOENT and the like; -ENOMEM
 */
int publish_keyring_open(const char *path, struct publish_keyring *ret, struct err *e) must_check;

/**
 * publish_keyring_export() - the public half of gpg's key
 * @tmp_dir: where a file may be put
 * Return: 0; -ENOKEY gpg has no such key; -ENOENT no gpg; -EIO; -ENOMEM
 */
int publish_keyring_export(const struct publish_signer *s, const char *tmp_dir,
			   struct publish_keyring *ret, struct err *e) must_check;
void publish_keyring_done(struct publish_keyring *k);

/**
 * publish_sign() - sign a file
 * @ret: the signature is appended
 * Return: 0; -ENOENT no such program; -EIO it failed, with what it said; -ENOMEM
 */
int publish_sign(const struct publish_signer *s, const char *path, struct buf *ret,
		 struct err *e) must_check;

/**
 * publish_verify() - is it a good signature of a file by a key of the keyring?
 * @ret_key: fingerprint of the primary key, on the heap
 * Return: 0; -EKEYREJECTED; -ENOENT no gpgv; -ENOMEM
 */
int publish_verify(const struct publish_keyring *keyring, const char *path,
		   const char *signature_path, char **ret_key, struct err *e) must_check;
