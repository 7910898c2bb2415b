/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/secrets.h"

#include "base/digest.h"
#include "builder/audit/secrets_internal.h"

#define DER_ID_MAX ((size_t)64) /* of a key: beyond its head, which others have too */

/* What stands in a key behind the head of its sequence: version, algorithm, length of the secret. */
struct der_key {
	const char *what;
	uint8_t bytes[20];
	size_t len;
	size_t head;	/* of the sequence, which begins with 0x30, in bytes before these */
	size_t then;	/* what stands this far behind their beginning … */
	uint8_t is;	/* … is this; 0: whatever */
	size_t version; /* where in these the version begins */
};

static const struct der_key der_keys[] = {
	{ "an RSA private key (PKCS#8)",
	  { 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04, 0x82 },
	  20,
	  4,
	  0,
	  0,
	  0 },
	{ "an RSA private key (PKCS#1)",
	  { 0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01, 0x00 },
	  8,
	  4,
	  0,
	  0,
	  0 },
	{ "an RSA private key (PKCS#1)",
	  { 0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x81, 0x00 },
	  8,
	  4,
	  0,
	  0,
	  0 },
	{ "an RSA private key (PKCS#1)",
	  { 0x02, 0x01, 0x00, 0x02, 0x82, 0x02, 0x01, 0x00 },
	  8,
	  4,
	  0,
	  0,
	  0 },
	{ "an EC private key (PKCS#8)",
	  { 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 },
	  14,
	  3,
	  0,
	  0,
	  0 },
	{ "an EC private key (PKCS#8)",
	  { 0x02, 0x01, 0x00, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 },
	  14,
	  3,
	  0,
	  0,
	  0 },
	{ "an EC private key (SEC 1)", { 0x77, 0x02, 0x01, 0x01, 0x04, 0x20 }, 6, 1, 38, 0xa0, 1 },
	{ "an EC private key (SEC 1)", { 0x02, 0x01, 0x01, 0x04, 0x30 }, 5, 3, 53, 0xa0, 0 },
	{ "an Ed25519 private key (PKCS#8)",
	  { 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 },
	  14,
	  2,
	  0,
	  0,
	  0 },
};

/* In libgnutls. */
static const char *const known_ids[] = {
	"ac115ee0c9acdd92", "eb3a393a358bbb3f", "c41dc6cc1361b41b", "ac1e3b0c79d47689",
	"d1dc75186fa035ad", "a3d8965527fc3e07", "533b2af41abee5fc", "9917b9ab1dbce9f5",
};

bool secret_is_known(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_ids); i++)
		if (str_eq(id, known_ids[i]))
			return true;
	return false;
}

struct bytes {
	const uint8_t *p;
	size_t len;
};

/* @at: of the version */
static bool is_der_key(const struct der_key *k, struct bytes in, size_t at)
{
	if (at < k->version + k->head)
		return false;
	at -= k->version;
	return in.p[at - k->head] == 0x30 && in.len - at >= k->len &&
	       memcmp(in.p + at, k->bytes, k->len) == 0 &&
	       (!k->is || (in.len - at > k->then && in.p[at + k->then] == k->is));
}

struct search {
	struct bytes in;
	int (*fn)(void *ctx, const struct secret *s, struct err *e);
	void *ctx;
};

static bool find(struct bytes in, size_t from, const void *what, size_t len, size_t *ret)
{
	const uint8_t *p = memmem(in.p + from, in.len - from, what, len);

	if (p)
		*ret = (size_t)(p - in.p);
	return p != NULL;
}

static int found_key(const struct search *s, const struct secret_found *f, struct err *e)
{
	struct secret key = { .what = f->what, .at = f->at, .is_key = true };
	uint8_t sha256[SHA256_BYTES];

	sha256_bytes(s->in.p + f->at, f->id_len, sha256);
	hex_encode(sha256, sizeof(key.id) / 2, key.id);
	return s->fn(s->ctx, &key, e);
}

static int find_text(const struct search *s, const struct secret_form *form, struct err *e)
{
	const struct span in = { (const char *)s->in.p, s->in.len };
	size_t n = strlen(form->anchor), at = 0;
	struct secret_found f;
	int r = 0;

	for (; r == 0 && find(s->in, at, form->anchor, n, &at); at += n)
		if (form->is_key(in, at, &f))
			r = found_key(s, &f, e);
	return r;
}

/* Packets have no mark: they begin the file. */
static int find_packets(const struct search *s, struct err *e)
{
	struct secret_found f;

	return secret_is_openpgp((struct span){ (const char *)s->in.p, s->in.len }, &f)
		       ? found_key(s, &f, e)
		       : 0;
}

static int found_der(const struct search *s, const struct der_key *k, size_t version, struct err *e)
{
	size_t at = version - k->version;
	const struct secret_found f = { k->what, at, MIN(s->in.len - at, DER_ID_MAX) };

	return found_key(s, &f, e);
}

/* The version of a key, which is in all of them: where it is, each form is looked for. */
static int find_der(const struct search *s, struct err *e)
{
	static const uint8_t version[] = { 0x02, 0x01 };
	size_t at = 0;
	int r = 0;

	for (; r == 0 && find(s->in, at, version, sizeof(version), &at); at++) {
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(der_keys); i++)
			if (is_der_key(&der_keys[i], s->in, at))
				r = found_der(s, &der_keys[i], at, e);
	}
	return r;
}

static int find_word(const struct search *s, const char *word, struct err *e)
{
	struct secret w = { .what = word };

	return find(s->in, 0, word, strlen(word), &w.at) ? s->fn(s->ctx, &w, e) : 0;
}

int secrets_find(const void *data, size_t len, const struct strv *words,
		 int (*fn)(void *ctx, const struct secret *s, struct err *e), void *ctx,
		 struct err *e)
{
	const struct search s = { .in = { data, len }, .fn = fn, .ctx = ctx };
	int r = find_packets(&s, e);

	for (size_t i = 0; r == 0 && i < secret_n_text_forms; i++)
		r = find_text(&s, &secret_text_forms[i], e);
	if (r == 0)
		r = find_der(&s, e);
	for (size_t i = 0; r == 0 && words && i < words->n; i++)
		r = find_word(&s, words->v[i], e);
	return r;
}
