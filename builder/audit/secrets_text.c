/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and credentials that are text. The words that programs have to write and read them are none: a key has a body. */
#include <openssl/evp.h>

#include "builder/audit/secrets_internal.h"

#define PEM_KIND_MAX	32 /* "ENCRYPTED " and its kin */
#define PEM_LINE_MIN	40 /* of base64: shorter than any key's first line */
#define PEM_HEADERS_MAX 16
#define PEM_HEADER_MAX	200
#define PEM_BEGIN	"-----BEGIN "
#define PACKED_MAX	512 /* of base64 that are unpacked: all of a head */
#define AGE_CHARS	58
#define COMMENT_MAX	1024
#define SIGNIFY_CHARS	140 /* minisign has 212 */
#define AUTHS_MAX	4096
#define AUTH_MAX	1024

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

/* Of Bech32, in capitals. */
static bool is_bech32(char c)
{
	return c && strchr("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", c);
}

/* How many there are at the start, up to @max. */
static size_t count(struct span s, bool (*is)(char c), size_t max)
{
	size_t n = 0;

	while (n < s.len && n < max && is(s.p[n]))
		n++;
	return n;
}

static void skip_blanks(struct span *s)
{
	while (s->len && (*s->p == ' ' || *s->p == '\t'))
		*s = secret_behind(*s, 1);
}

/* The end of a line, also as JSON writes it into a string, and how the next one is indented. */
static bool take_line_end(struct span *s)
{
	skip_blanks(s);
	if (!secret_take(s, "\n") && !secret_take(s, "\r\n") && !secret_take(s, "\\n") &&
	    !secret_take(s, "\\r\\n"))
		return false;
	skip_blanks(s);
	return true;
}

/* "Version: 1", up to its end; or an empty line. */
static bool take_header(struct span *s)
{
	size_t n = 0;

	while (n < s->len && n < PEM_HEADER_MAX && (uint8_t)s->p[n] >= ' ' && s->p[n] != '\\')
		n++;
	if (n && !memchr(s->p, ':', n))
		return false;
	*s = secret_behind(*s, n);
	return true;
}

/* Headers, an empty line, and the key. Spec: RFC 1421, 4.4; RFC 7468; RFC 9580, 6.2 */
static bool has_body(struct span s)
{
	for (int i = 0; i < PEM_HEADERS_MAX && take_line_end(&s); i++) {
		if (count(s, is_base64, PEM_LINE_MIN) == PEM_LINE_MIN)
			return true;
		if (!take_header(&s))
			return false;
	}
	return false;
}

static size_t pem_id_len(struct span pem)
{
	size_t n = MIN(pem.len, (size_t)SECRET_ID_MAX);
	const char *end = memmem(pem.p, n, "-----END", strlen("-----END"));

	return end ? (size_t)(end - pem.p) : n;
}

static bool is_pem(struct span in, size_t at, struct secret_found *ret)
{
	static const char key[] = "PRIVATE KEY";
	struct span s = secret_behind(in, at + strlen(PEM_BEGIN));
	const char *p = memmem(s.p, MIN(s.len, PEM_KIND_MAX + strlen(key)), key, strlen(key));

	if (!p)
		return false;
	s = secret_behind(s, (size_t)(p - s.p) + strlen(key));
	bool openpgp = secret_take(&s, " BLOCK");
	if (!secret_take(&s, "-----") || !has_body(s))
		return false;
	*ret = (struct secret_found){ openpgp ? "an OpenPGP private key" : "a private key (PEM)",
				      at, pem_id_len(secret_behind(in, at)) };
	return true;
}

/* What a kubeconfig or a Secret of Kubernetes has: PEM once more in base64. */
static bool is_packed_pem(struct span in, size_t at, struct secret_found *ret)
{
	uint8_t text[PACKED_MAX / 4 * 3];
	struct secret_found pem;
	struct span packed = secret_behind(in, at);
	size_t n = count(packed, is_base64, PACKED_MAX) / 4 * 4;
	int len = EVP_DecodeBlock(text, (const uint8_t *)packed.p, (int)n);

	if (len <= 0 || !is_pem((struct span){ (const char *)text, (size_t)len }, 0, &pem))
		return false;
	*ret = (struct secret_found){ "a private key (PEM in base64)", at,
				      MIN(n, (size_t)SECRET_ID_MAX) };
	return true;
}

static bool is_age(struct span in, size_t at, struct secret_found *ret)
{
	static const char head[] = "AGE-SECRET-KEY-1";

	if (count(secret_behind(in, at + strlen(head)), is_bech32, AGE_CHARS + 1) != AGE_CHARS)
		return false;
	*ret = (struct secret_found){ "an age identity", at, strlen(head) + AGE_CHARS };
	return true;
}

/* A line with any text, and one of base64: algorithm Ed, then how it is encrypted, Sc, nothing or BK. */
static bool is_signify(struct span in, size_t at, struct secret_found *ret)
{
	struct span s = secret_behind(in, at);
	const char *end = memchr(s.p, '\n', MIN(s.len, (size_t)COMMENT_MAX));

	if (!end)
		return false;
	struct span key = secret_behind(s, (size_t)(end - s.p) + 1), rest = key;
	if ((!secret_take(&rest, "RWRTY0Iy") && !secret_take(&rest, "RWQAAEIy") &&
	     !secret_take(&rest, "RWRCSwAA")) ||
	    count(key, is_base64, SIGNIFY_CHARS) < SIGNIFY_CHARS)
		return false;
	*ret = (struct secret_found){ "a private key of minisign or signify",
				      (size_t)(key.p - in.p), SIGNIFY_CHARS };
	return true;
}

/* "PuTTY-User-Key-File-3: ssh-ed25519" */
static bool is_putty(struct span in, size_t at, struct secret_found *ret)
{
	static const char head[] = "PuTTY-User-Key-File-";
	struct span s = secret_behind(in, at + strlen(head));

	if (!secret_begins_line(in, at) || !s.len || *s.p < '1' || *s.p > '9')
		return false;
	s = secret_behind(s, 1);
	if (!secret_take(&s, ": ssh-") && !secret_take(&s, ": ecdsa-"))
		return false;
	*ret = (struct secret_found){ "a private key of PuTTY", at,
				      MIN(in.len - at, (size_t)SECRET_ID_MAX) };
	return true;
}

/* The value is base64 of "user:password". */
static bool is_auth(struct span value)
{
	uint8_t text[AUTH_MAX / 4 * 3];
	size_t n = count(value, is_base64, AUTH_MAX);
	int len = n % 4 == 0 ? EVP_DecodeBlock(text, (const uint8_t *)value.p, (int)n) : -1;

	return n < value.len && value.p[n] == '"' && len > 0 && memchr(text, ':', (size_t)len);
}

/* {"auths": {"registry.example": {"auth": "dXNlcjpwYXNzd29yZA=="}}}, of Docker and its kin */
static bool is_registry(struct span in, size_t at, struct secret_found *ret)
{
	static const char auth[] = "\"auth\"";
	struct span s = secret_behind(in, at);

	s.len = MIN(s.len, (size_t)AUTHS_MAX);
	for (const char *p; (p = memmem(s.p, s.len, auth, strlen(auth)));) {
		s = secret_behind(s, (size_t)(p - s.p) + strlen(auth));
		struct span value = s;
		skip_blanks(&value);
		if (!secret_take(&value, ":"))
			continue;
		skip_blanks(&value);
		if (!secret_take(&value, "\"") || !is_auth(value))
			continue;
		*ret = (struct secret_found){ "a password for a registry", (size_t)(value.p - in.p),
					      count(value, is_base64, SECRET_ID_MAX) };
		return true;
	}
	return false;
}

const struct secret_form secret_text_forms[] = {
	{ PEM_BEGIN, is_pem },
	{ "LS0tLS1CRUdJTi", is_packed_pem }, /* "-----BEGIN " */
	{ "private-key", secret_is_sexp },
	{ "AGE-SECRET-KEY-1", is_age },
	{ "untrusted comment:", is_signify },
	{ "PuTTY-User-Key-File-", is_putty },
	{ "\"auths\"", is_registry },
};
const size_t secret_n_text_forms = ARRAY_SIZE(secret_text_forms);
