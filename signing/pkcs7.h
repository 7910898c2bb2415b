/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * PKCS#7 SignedData, the form that the kernel and firmware read: SHA-256 with RSA PKCS#1 v1.5, one
 * signer, the same bytes every time.
 * Spec: RFC 2315
 */
#include "signing/openssl.h"
#include "signing/signer.h"

struct pkcs7_params {
	const void *content; /* what is signed */
	size_t len;
	bool certificate; /* put the signer's certificate in */
	/* NULL: content is data, detached, without signed attributes. Else content is in there, DER of
	 * this type, and is signed by the attributes contentType and messageDigest. */
	const char *content_type_oid;
};

/**
 * pkcs7_sign() - make a signature
 * @ret: PKCS7_free() by the caller; signed data within a ContentInfo
 * Return: 0; -EIO the key refused; -ENOMEM
 */
int pkcs7_sign(const struct signer *s, const struct pkcs7_params *p, PKCS7 **ret,
	       struct err *e) must_check;

/** buf_append_pkcs7() - DER, of the whole ContentInfo or of its SignedData only */
int buf_append_pkcs7(struct buf *b, PKCS7 *p7, bool content_info, struct err *e) must_check;

/**
 * pkcs7_parse() - read signed data
 * @strict: nothing may follow it; else zeros may
 * Return: 0; -EBADMSG
 */
int pkcs7_parse(const void *der, size_t len, bool strict, PKCS7 **ret, struct err *e) must_check;

/**
 * pkcs7_verify() - was this content signed by the certificate's key, with SHA-256?
 * @content: what was signed (without the DER header if it is embedded content)
 * Return: 0; -EKEYREJECTED with the reason
 */
int pkcs7_verify(PKCS7 *p7, X509 *cert, const void *content, size_t len, struct err *e) must_check;

/**
 * pkcs7_check_canonical() - are these the bytes that pkcs7_sign() would make with this certificate?
 * @p7: parsed from @der
 * Return: 0; -EBADMSG if anything but the signature's value differs
 */
int pkcs7_check_canonical(PKCS7 *p7, X509 *cert, const struct pkcs7_params *p, const void *der,
			  size_t len, struct err *e) must_check;
