/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Who signs: a private key and the certificate that speaks for it. The key may be a PEM or DER file or
 * any URI that an OpenSSL provider knows ("pkcs11:token=…"); it never leaves its store.
 *
 * RSA of 2048 bits or more, because that is what firmware and older kernels verify.
 */
#include <openssl/types.h>
#include <time.h>

#include "base/digest.h"
#include "base/err.h"

struct signer {
	EVP_PKEY *key;
	X509 *cert;
};

/**
 * signer_load() - open a key and its certificate
 * @key: path of an unencrypted private key (PEM or DER), or a URI of an OpenSSL provider
 * @cert: path of an X.509 certificate (PEM or DER), or a URI
 * @at: the certificate must be valid at this time; 0: its dates are not looked at
 * Return: 0; -ENOENT, -EACCES and the like for a file that cannot be read; -ENOKEY an encrypted key
 * (nobody is asked for a passphrase) or no key or certificate in there; -EKEYREJECTED the two do not
 * belong together, not RSA, under 2048 bits, a certificate that is not for signing code; -EKEYEXPIRED
 * not valid at @at; -ENOMEM
 */
int signer_load(const char *key, const char *cert, time_t at, struct signer **ret,
		struct err *e) must_check;

/** signer_new() - of a key and certificate at hand, of which it takes references of its own */
int signer_new(EVP_PKEY *key, X509 *cert, time_t at, struct signer **ret, struct err *e) must_check;

void signer_free(struct signer *s);
DEFINE_CLEANUP(struct signer *, signer_free)

/**
 * certificate_load() - a certificate without its key, for one who verifies
 * @path: PEM or DER file, the first certificate in it; or a URI
 * @ret: X509_free() by the caller
 */
int certificate_load(const char *path, X509 **ret, struct err *e) must_check;

/** certificate_fingerprint() - SHA-256 of its DER form */
int certificate_fingerprint(X509 *cert, uint8_t ret[SHA256_BYTES], struct err *e) must_check;
