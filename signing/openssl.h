/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* OpenSSL's errors and destructors in this project's terms. */
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"

DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_CLEANUP(PKCS7 *, PKCS7_free)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(X509_EXTENSION *, X509_EXTENSION_free)
DEFINE_CLEANUP(ASN1_TYPE *, ASN1_TYPE_free)
DEFINE_CLEANUP(ASN1_STRING *, ASN1_STRING_free)

/**
 * openssl_err() - start a message that ends in OpenSSL's own words; empties its error queue
 * Return: @code
 */
int openssl_err(struct err *e, int code, const char *fmt, ...) printf_format(3, 4);

/** buf_append_x509() - the certificate's DER form; Return: 0; -ENOMEM */
int buf_append_x509(struct buf *b, X509 *cert, struct err *e) must_check;
