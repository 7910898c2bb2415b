/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a UEFI program of any bytes: its sections, digests and signatures. Built by
 * `make fuzz`. What is taken must survive what is done to it.
 */
#include "signing/authenticode.h"
#include "signing/openssl.h"
#include "signing/pcr.h"
#include "signing/pkcs7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int sum; /* of all that was given: a sanitizer sees what is none of it */

static void take(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = 31 * sum + data[i];
}

/* The signers' own certificates, as who looks at the file would find them. */
static void use_signature(const uint8_t *pe, size_t size, const uint8_t *der, size_t len)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	struct err e;

	take(der, len);
	if (pkcs7_parse(der, len, false, &p7, &e) < 0)
		return;
	STACK_OF(X509) *certs = p7->d.sign->cert;
	for (int i = 0; i < sk_X509_num(certs) && i < 3; i++) {
		uint8_t fingerprint[SHA256_BYTES];
		(void)!certificate_fingerprint(sk_X509_value(certs, i), fingerprint, &e);
		(void)!authenticode_verify(pe, size, sk_X509_value(certs, i), &e);
	}
}

/* Signatures are no part of the digest; neither is a checksum that is made right. */
static void use_digest(const struct pe *pe)
{
	uint8_t digest[SHA256_BYTES], again[SHA256_BYTES];
	_cleanup_free_ uint8_t *copy = malloc(pe->len);
	struct pe other;
	struct err e;

	if (!copy || pe_digest(pe, digest, &e) < 0)
		return;
	memcpy(copy, pe->data, pe->len);
	pe_update_checksum(pe, copy, pe->len);
	if (pe_parse(&other, copy, pe->len, &e) < 0 || pe_digest(&other, again, &e) < 0 ||
	    memcmp(digest, again, sizeof(digest)) != 0)
		abort();
}

static void use_sections(const struct pe *pe)
{
	static const uint8_t text[] = "a=b";
	const struct pe_new_section add = { ".osrel", text, sizeof(text), false };
	_cleanup_buf_ struct buf larger = BUF_INIT;
	struct pe other;
	struct err e;
	size_t len;

	for (size_t i = 0; i < pe->n_sections; i++) {
		const uint8_t *p = pe_content(pe, &pe->sections[i], &len);
		take(p, len);
	}
	if (pe_add_sections(pe, &add, 1, 0, &larger, &e) < 0)
		return;
	if (pe_parse(&other, larger.data, larger.len, &e) < 0 || !pe_find(&other, ".osrel"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const phases[] = { "enter-initrd", "ready" };
	_cleanup_free_ uint8_t *file = malloc(size ? size : 1); /* exact: a byte too far is seen */
	uint8_t pcr[SHA256_BYTES];
	const uint8_t *der;
	size_t at = 0, len;
	struct pe pe;
	struct err e;

	if (!file)
		return 0;
	memcpy(file, data, size);
	(void)!pcr_predict(file, size, phases, ARRAY_SIZE(phases), pcr, &e);
	if (pe_parse(&pe, file, size, &e) < 0)
		return 0;
	use_sections(&pe);
	use_digest(&pe);
	while (pe_certificate(&pe, &at, &der, &len, &e) > 0)
		use_signature(file, size, der, len);
	return sum == 0x5eed ? -1 : 0;
}
