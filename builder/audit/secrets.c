/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/secrets.h"

#include "base/digest.h"

#define PEM_BEGIN     "-----BEGIN "
#define PEM_KEY	      "PRIVATE KEY-----"
#define PEM_KIND_MAX  32 /* "ENCRYPTED " and its kin */
#define PEM_LINE_MIN  40 /* of base64: shorter than any key's first line */
#define PEM_ENCRYPTED "Proc-Type:"
#define ID_BYTES      ((size_t)64) /* of a key: beyond its head, which others have too */

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
	"8c5603ceb20563b0", "a135cf15fce064d6", "68c815210dc5eefd", "9f5fa4b99bd58d42",
	"4628d2998b3a290c", "3ef1804ea8bdf535", "1dbd7ca4219e8dee", "6c928c7c99db0940",
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

static struct bytes behind(struct bytes b, size_t n)
{
	n = MIN(n, b.len);
	return (struct bytes){ b.p + n, b.len - n };
}

static bool begins_with(struct bytes b, const char *text)
{
	return b.len >= strlen(text) && memcmp(b.p, text, strlen(text)) == 0;
}

static bool is_base64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

/* Behind "-----BEGIN ". */
static bool is_pem_key(struct bytes b)
{
	const struct bytes start = { b.p, MIN(b.len, PEM_KIND_MAX + strlen(PEM_KEY)) };
	const uint8_t *key = memmem(start.p, start.len, PEM_KEY, strlen(PEM_KEY));
	size_t n = 0;

	if (!key)
		return false;
	b = behind(b, (size_t)(key - b.p) + strlen(PEM_KEY));
	if (begins_with(b, "\r"))
		b = behind(b, 1);
	if (!begins_with(b, "\n"))
		return false;
	b = behind(b, 1);
	while (n < b.len && n < PEM_LINE_MIN && is_base64(b.p[n]))
		n++;
	return n == PEM_LINE_MIN || begins_with(b, PEM_ENCRYPTED);
}

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

static int found_key(const struct search *s, const char *what, size_t at, struct err *e)
{
	struct secret key = { .what = what, .at = at, .is_key = true };
	uint8_t sha256[SHA256_BYTES];

	sha256_bytes(s->in.p + at, MIN(s->in.len - at, ID_BYTES), sha256);
	hex_encode(sha256, sizeof(key.id) / 2, key.id);
	return s->fn(s->ctx, &key, e);
}

static int find_pem(const struct search *s, struct err *e)
{
	size_t n = strlen(PEM_BEGIN), at = 0;
	int r = 0;

	for (; r == 0 && find(s->in, at, PEM_BEGIN, n, &at); at += n)
		if (is_pem_key(behind(s->in, at + n)))
			r = found_key(s, "a private key (PEM)", at, e);
	return r;
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
				r = found_key(s, der_keys[i].what, at - der_keys[i].version, e);
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
	int r = find_pem(&s, e);

	if (r == 0)
		r = find_der(&s, e);
	for (size_t i = 0; r == 0 && words && i < words->n; i++)
		r = find_word(&s, words->v[i], e);
	return r;
}
