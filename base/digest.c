/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>

/* Fetching an algorithm takes longer than hashing a small file: it is done once. */
static pthread_once_t md_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256_fetched, *sha1_fetched;

static void fetch_md(void)
{
	sha256_fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha1_fetched = EVP_MD_fetch(NULL, "SHA1", NULL);
}

static const EVP_MD *fetched(EVP_MD *const *md)
{
	pthread_once(&md_once, fetch_md);
	if (!*md)
		abort();
	return *md;
}

static const EVP_MD *sha256_md(void)
{
	return fetched(&sha256_fetched);
}

struct sha256 {
	EVP_MD_CTX *ctx;
};

static void check(int ok)
{
	if (!ok)
		abort();
}

struct sha256 *sha256_new(void)
{
	struct sha256 *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ctx = EVP_MD_CTX_new();
	if (!s->ctx) {
		free(s);
		return NULL;
	}
	check(EVP_DigestInit_ex(s->ctx, sha256_md(), NULL));
	return s;
}

void sha256_free(struct sha256 *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

void sha256_update(struct sha256 *s, const void *data, size_t len)
{
	check(EVP_DigestUpdate(s->ctx, data, len));
}

void sha256_final(struct sha256 *s, uint8_t out[SHA256_BYTES])
{
	check(EVP_DigestFinal_ex(s->ctx, out, NULL));
	check(EVP_DigestInit_ex(s->ctx, NULL, NULL));
}

void sha256_bytes(const void *data, size_t len, uint8_t out[SHA256_BYTES])
{
	check(EVP_Digest(data, len, out, NULL, sha256_md(), NULL));
}

void uuid_derive(const void *from, size_t len, const char *what, uint8_t uuid[16])
{
	uint8_t in[SHA256_BYTES + 64] = { 0 }, digest[SHA256_BYTES];

	assert(strlen(what) < sizeof(in) - SHA256_BYTES);
	sha256_bytes(from, len, in);
	strcpy((char *)in + SHA256_BYTES, what);
	sha256_bytes(in, sizeof(in), digest);
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

void sha1_bytes(const void *data, size_t len, uint8_t out[SHA1_BYTES])
{
	check(EVP_Digest(data, len, out, NULL, fetched(&sha1_fetched), NULL));
}
