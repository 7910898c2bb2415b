/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The signature of a root hash, as dm-verity in the kernel checks it when a device is opened, and the
 * partition that carries it for everybody else.
 *
 * Signed are the 64 lowercase hex digits of the root hash. The signature is PKCS#7 SignedData in DER:
 * detached, SHA-256 with RSA, no signed attributes, no certificates.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "signing/signer.h"

/**
 * root_hash_sign() - sign a root hash
 * @ret_der: the signature is appended; base64_encode() makes the text for root-hash-signature=base64:
 * Return: 0; -EIO the key refused; -ENOMEM
 * Spec: drivers/md/dm-verity-verify-sig.c of Linux; RFC 2315
 */
int root_hash_sign(const struct signer *s, const uint8_t root_hash[SHA256_BYTES],
		   struct buf *ret_der, struct err *e) must_check;

/**
 * root_hash_verify() - is this a signature of that root hash by that certificate's key?
 * Return: 0 yes; -EBADMSG not a signature of that form; -EKEYREJECTED by another key, or of another
 * root hash
 */
int root_hash_verify(X509 *cert, const uint8_t root_hash[SHA256_BYTES], const void *der, size_t len,
		     struct err *e) must_check;

/**
 * verity_sig_build() - content of a verity-sig partition: JSON, then NUL up to a multiple of 4 KiB
 * @der: what root_hash_sign() made
 * @ret: the bytes are appended
 * Spec: Discoverable Partitions Specification
 */
int verity_sig_build(X509 *cert, const uint8_t root_hash[SHA256_BYTES], const void *der, size_t len,
		     struct buf *ret, struct err *e) must_check;

struct verity_sig {
	uint8_t root_hash[SHA256_BYTES];
	uint8_t fingerprint[SHA256_BYTES]; /* of the certificate */
	struct buf der;
};

#define VERITY_SIG_INIT                \
	{                              \
		{ 0 }, { 0 }, BUF_INIT \
	}
#define _cleanup_verity_sig_ __attribute__((cleanup(verity_sig_done)))

/**
 * verity_sig_parse() - read such a partition
 * @data: all of it, NUL padding included
 * Return: 0; -EBADMSG with what is wrong; -ENOMEM
 */
int verity_sig_parse(const void *data, size_t len, struct verity_sig *ret,
		     struct err *e) must_check;
void verity_sig_done(struct verity_sig *s);
