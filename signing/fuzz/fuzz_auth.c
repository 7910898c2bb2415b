/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: an .auth file of any bytes, its signature checked with the certificates that it brings.
 * Built by `make fuzz`.
 */
#include "signing/efi_auth.h"
#include "signing/openssl.h"

#define CERTIFICATES_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
	const uint8_t *data;
	size_t len;
	int n; /* certificates that were seen */
};

static int use(void *ctx, const uint8_t *der, size_t len, struct err *e)
{
	struct file *f = ctx;
	const uint8_t *at = der;

	if (der < f->data || der + len > f->data + f->len)
		abort();
	_cleanup_(X509_free) X509 *cert = d2i_X509(NULL, &at, (long)len);
	for (enum efi_variable v = EFI_VARIABLE_PK; cert && v <= EFI_VARIABLE_DB; v++)
		(void)!efi_auth_verify(v, f->data, f->len, cert, e);
	return ++f->n >= CERTIFICATES_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size ? size : 1); /* exact: a byte too far is seen */
	struct file f = { copy, size, 0 };
	const uint8_t *lists;
	struct err e;
	size_t len;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (efi_auth_content(copy, size, &lists, &len, &e) == 0 &&
	    (lists < copy || lists + len != copy + size))
		abort();
	(void)!efi_auth_certificates(copy, size, use, &f, &e);
	return 0;
}
