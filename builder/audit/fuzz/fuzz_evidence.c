/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: what lies beside an image, of any bytes. Built by `make fuzz`. The first byte picks
 * what the rest is: an [e]nvelope, a [s]tatement in a good one, a channel's [i]ndex, a [p]olicy, two
 * [v]ersions.
 */
#include <sys/mman.h>

#include "builder/attest/provenance.h"
#include "builder/audit/policy.h"
#include "builder/publish/index.h"
#include "builder/publish/version.h"
#include "builder/recipe/fuzz/yaml_leak.h"
#include "signing/dsse.h"
#include "signing/openssl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of an elliptic curve, which signs a hundred times as fast as RSA: the envelope takes either. */
static const struct signer *signer(void)
{
	static struct signer s;

	if (s.cert)
		return &s;
	s.key = EVP_EC_gen("P-256");
	s.cert = X509_new();
	if (!s.key || !s.cert || !X509_set_pubkey(s.cert, s.key) ||
	    !X509_gmtime_adj(X509_getm_notBefore(s.cert), 0) ||
	    !X509_gmtime_adj(X509_getm_notAfter(s.cert), 0) ||
	    !X509_sign(s.cert, s.key, EVP_sha256()))
		abort();
	return &s;
}

static void use_provenance(const uint8_t *data, size_t size)
{
	_cleanup_(provenance_free) struct provenance *p = NULL;
	struct source file;
	struct err e;

	if (provenance_open(data, size, &signer()->cert, 1, &p, &e) < 0)
		return;
	source_init_bytes(&file, data, size);
	for (size_t i = 0; i < p->n_outputs; i++)
		(void)!provenance_check(p, p->outputs[i].name, &file, NULL, &e);
}

static void use_statement(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf envelope = BUF_INIT;
	_cleanup_dsse_ struct dsse opened = DSSE_INIT;
	struct err e;

	if (dsse_sign(signer(), PROVENANCE_PAYLOAD_TYPE, data, size, &envelope, &e) < 0)
		abort();
	use_provenance(envelope.data, envelope.len);
	if (dsse_open(envelope.data, envelope.len, PROVENANCE_PAYLOAD_TYPE, &signer()->cert, 1,
		      &opened, &e) < 0 ||
	    !opened.our_form || opened.payload.len != size ||
	    (size && memcmp(opened.payload.data, data, size) != 0))
		abort();
}

/* One that is taken is written in a form that is taken for the same. */
static void use_index(const uint8_t *data, size_t size)
{
	_cleanup_(publish_index_free) struct publish_index *i = NULL, *second = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT, again = BUF_INIT;
	struct err e;

	if (publish_index_parse(data, size, &i, &e) < 0)
		return;
	if (publish_index_format(i, &text, &e) < 0 ||
	    publish_index_parse(text.data, text.len, &second, &e) < 0 ||
	    publish_index_format(second, &again, &e) < 0 || again.len != text.len ||
	    memcmp(again.data, text.data, text.len) != 0)
		abort();
}

static void use_policy(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("policy", MFD_CLOEXEC);
	_cleanup_policy_ struct policy p;
	char path[64];
	struct err e;

	policy_init(&p);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size && policy_load(path, &p, &e) == 0)
		(void)policy_matches(&p.forbidden_paths, "/usr/bin/env");
}

static int sign_of(int n)
{
	return (n > 0) - (n < 0);
}

/* On two lines. */
static void use_versions(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *a = strndup((const char *)data, size);
	char *b = a ? strchr(a, '\n') : NULL;

	if (!b)
		return;
	*b++ = '\0';
	if (sign_of(version_compare(a, b)) != -sign_of(version_compare(b, a)) ||
	    version_compare(a, a) != 0)
		abort();
	(void)version_is_valid(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		char letter;
		void (*use)(const uint8_t *data, size_t size);
	} uses[] = { { 'e', use_provenance },
		     { 's', use_statement },
		     { 'i', use_index },
		     { 'p', use_policy },
		     { 'v', use_versions } };

	if (size < 2)
		return 0;
	_cleanup_free_ uint8_t *copy = malloc(size - 1); /* exact: a byte too far is seen */
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (*data == uses[i].letter)
			uses[i].use(copy, size - 1);
	return 0;
}
