/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ca_cert.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(X509 *, X509_free)

#define MAX_PEM_BYTES (16 * MiB)

void ca_hashes_done(struct ca_hashes *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].name);
	free(h->v);
	*h = (struct ca_hashes){ 0 };
}

static int add(struct ca_hashes *h, const char *name, X509 *cert, struct err *e)
{
	struct ca_hash *v = reallocarray(h->v, h->n + 1, sizeof(*v));

	if (!v)
		return err_oom(e);
	h->v = v;
	struct ca_hash new = { .name = strdup(name),
			       .hash = (uint32_t)X509_subject_name_hash(cert) };
	if (!new.name || !X509_digest(cert, EVP_sha256(), new.fingerprint, NULL)) {
		free(new.name);
		return err_oom(e);
	}
	v[h->n++] = new;
	return 0;
}

int ca_hashes_add(struct ca_hashes *h, const char *name, const struct blob *pem, struct err *e)
{
	if (pem->len > MAX_PEM_BYTES)
		return err_set(e, -EBADMSG, "too large for a certificate");
	_cleanup_(BIO_vfree) BIO *bio =
		BIO_new_mem_buf(pem->len ? (const void *)pem->data : "", (int)pem->len);
	if (!bio)
		return err_oom(e);
	_cleanup_(X509_free) X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	if (!cert)
		return err_set(e, -EBADMSG, "no PEM certificate");
	_cleanup_(X509_free) X509 *second = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	return second ? 0 : add(h, name, cert, e);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct ca_hash *)a)->name, ((const struct ca_hash *)b)->name);
}

void ca_hashes_number(struct ca_hashes *h)
{
	if (h->n)
		qsort(h->v, h->n, sizeof(*h->v), compare);
	for (size_t i = 0; i < h->n; i++)
		for (size_t k = 0; k < i; k++) {
			if (h->v[k].hash != h->v[i].hash || h->v[k].repeated)
				continue;
			if (memcmp(h->v[k].fingerprint, h->v[i].fingerprint, SHA256_BYTES) == 0)
				h->v[i].repeated = true;
			h->v[i].number++;
		}
}
