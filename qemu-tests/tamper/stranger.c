/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/stranger.h"

#include "qemu-tests/vm/private_dir.h"
#include "signing/keygen.h"
#include "signing/openssl.h"

/* Nobody looks at the dates of certificates that Secure Boot or dm-verity is asked about. */
#define VALID_FROM 1700000000

int stranger_new(const char *tmp_dir, struct signer **ret, struct err *e)
{
	struct private_dir dir = PRIVATE_DIR_INIT;
	int r = private_dir_make(&dir, tmp_dir, "slipway-stranger.", e);

	if (r < 0)
		return r;
	_cleanup_free_ char *key = str_printf("%s/db.key", dir.path);
	_cleanup_free_ char *certificate = str_printf("%s/db.crt", dir.path);
	const struct keygen_params p = { .dir = dir.path, .now = VALID_FROM, .valid_days = 3650 };
	r = key && certificate ? keygen(&p, e) : err_oom(e);
	if (r == 0)
		r = signer_load(key, certificate, 0, ret, e);
	private_dir_remove(&dir);
	return r;
}

int stranger_impostor(const struct signer *stranger, X509 *of, struct signer **ret, struct err *e)
{
	_cleanup_(X509_free) X509 *cert = X509_dup(of);

	if (!cert)
		return err_oom(e);
	if (!X509_set_pubkey(cert, stranger->key) ||
	    X509_sign(cert, stranger->key, EVP_sha256()) <= 0)
		return openssl_err(e, -EIO, "a certificate by the name of another");
	return signer_new(stranger->key, cert, 0, ret, e);
}
