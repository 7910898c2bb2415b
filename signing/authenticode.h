/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Signatures of PE files as UEFI Secure Boot checks them: Authenticode with SHA-256.
 * Spec: Windows Authenticode Portable Executable Signature Format; UEFI 2.10, 32.2
 */
#include "base/buf.h"
#include "signing/pe.h"
#include "signing/signer.h"

/**
 * authenticode_sign() - add a signature to a PE file, after those it has
 * @pe: the file; grows by the signature, untouched on failure. No signing time goes in: the same file
 *      and RSA key give the same bytes.
 * Return: 0; -EBADMSG not a PE file that can be signed; -EIO the key refused; -ENOMEM
 */
int authenticode_sign(const struct signer *s, struct buf *pe, struct err *e) must_check;

/**
 * authenticode_verify() - is one of the signatures by this very certificate's key, of this content?
 * @cert: the signer's own certificate, not one that issued it; dates are not looked at
 * Return: 0 yes; -ENODATA there is no signature; -EBADMSG the file or its signatures are malformed;
 * -EKEYREJECTED no signature is by this certificate, or the content has been changed
 */
int authenticode_verify(const void *pe, size_t len, X509 *cert, struct err *e) must_check;

/**
 * authenticode_check_canonical() - is all that the signature does not cover as authenticode_sign()
 *                                  writes it, of one signature by this certificate?
 *
 * That is the certificate table with its padding and its place in the headers, and the checksum.
 * Return: 0; -EBADMSG with what is not; -ENOMEM
 */
int authenticode_check_canonical(const void *pe, size_t len, X509 *cert, struct err *e) must_check;

/**
 * pe_certificate() - the next signature of a PE file, whatever it is worth
 * @at: 0 at first; moved to the next one
 * @ret_der: PKCS#7 in the file, with padding after it
 * Return: 1 there is one; 0 there is no further one; -EBADMSG the certificate table is malformed
 */
int pe_certificate(const struct pe *pe, size_t *at, const uint8_t **ret_der, size_t *ret_len,
		   struct err *e) must_check;
