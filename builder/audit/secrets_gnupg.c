/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys as GnuPG keeps them: S-expressions in private-keys-v1.d/, and the packets of OpenPGP of a secring.gpg
 * or an export that is not armoured. A key that is on a card (shadowed-private-key) is not in the file.
 */
#include "builder/audit/secrets_internal.h"

static const char what[] = "an OpenPGP private key";

/* "3:rsa" */
static bool take_atom(struct span *s)
{
	size_t n = 0, digits = 0;

	while (digits < s->len && digits < 5 && s->p[digits] >= '0' && s->p[digits] <= '9')
		n = 10 * n + (size_t)(s->p[digits++] - '0');
	if (!digits || digits + 1 + n > s->len || s->p[digits] != ':')
		return false;
	*s = secret_behind(*s, digits + 1 + n);
	return true;
}

/* Behind the word: "(3:rsa(1:n257:…", or "(3:ecc(5:curve7:Ed25519)…" */
static bool has_numbers(struct span s)
{
	return secret_take(&s, "(") && take_atom(&s) && secret_take(&s, "(") && take_atom(&s) &&
	       take_atom(&s);
}

/* The canonical form, and the one with lines, of files that begin with "Created:". */
bool secret_is_sexp(struct span in, size_t at, struct secret_found *ret)
{
	static const char word[] = "private-key", locked[] = "protected-";
	struct span s = secret_behind(in, at + strlen(word));
	bool is_locked = secret_precedes(in, at, locked), is_key = false;
	size_t begin = at - (is_locked ? strlen(locked) : 0);

	if (secret_precedes(in, begin, is_locked ? "(21:" : "(11:")) {
		begin -= strlen("(11:");
		is_key = has_numbers(s);
	} else if (secret_precedes(in, begin, "Key: (")) {
		begin -= strlen("Key: (");
		is_key = secret_begins_line(in, begin) && secret_take(&s, " (");
	}
	if (is_key)
		*ret = (struct secret_found){ what, begin,
					      MIN(in.len - begin, (size_t)SECRET_ID_MAX) };
	return is_key;
}

static bool take_bytes(struct span *s, size_t n, const uint8_t **ret)
{
	if (s->len < n)
		return false;
	*ret = (const uint8_t *)s->p;
	*s = secret_behind(*s, n);
	return true;
}

/* A number, of as many bits as it says. Spec: RFC 9580, 3.2 */
static bool take_mpi(struct span *s, unsigned int min_bits, unsigned int max_bits)
{
	const uint8_t *head, *number;

	if (!take_bytes(s, 2, &head))
		return false;
	unsigned int bits = (unsigned int)head[0] << 8 | head[1];
	return bits >= min_bits && bits <= max_bits && take_bytes(s, (bits + 7) / 8, &number) &&
	       number[0] >> (bits - 1) % 8 == 1;
}

/* A curve's name, and a point on it. */
static bool take_point(struct span *s)
{
	const uint8_t *len, *oid;

	return take_bytes(s, 1, &len) && *len >= 3 && *len <= 16 && take_bytes(s, *len, &oid) &&
	       take_mpi(s, 200, 1100);
}

/* What is public of a key that can stand by itself. Spec: RFC 9580, 5.5.5 */
static bool take_public(struct span *s, uint8_t algorithm)
{
	const uint8_t *point;

	switch (algorithm) {
	case 1: /* RSA */
	case 3:
		return take_mpi(s, 1024, 16384) && take_mpi(s, 2, 4096);
	case 17: /* DSA */
		return take_mpi(s, 1024, 16384) && take_mpi(s, 160, 512) && take_mpi(s, 1, 16384) &&
		       take_mpi(s, 1, 16384);
	case 19: /* ECDSA */
	case 22: /* EdDSA */
		return take_point(s);
	case 27:
		return take_bytes(s, 32, &point); /* Ed25519 */
	case 28:
		return take_bytes(s, 57, &point); /* Ed448 */
	default:
		return false;
	}
}

/* The head of a packet with a secret key. Spec: RFC 9580, 4.2 */
static bool take_head(struct span *s)
{
	const uint8_t *tag, *len;

	if (!take_bytes(s, 1, &tag))
		return false;
	if (*tag >= 0x94 && *tag <= 0x96)
		return take_bytes(s, (size_t)1 << (*tag - 0x94), &len);
	if (*tag != 0xc5 || !take_bytes(s, 1, &len))
		return false;
	return *len < 192 || (*len < 224 && take_bytes(s, 1, &len)) ||
	       (*len == 255 && take_bytes(s, 4, &len));
}

bool secret_is_openpgp(struct span file, struct secret_found *ret)
{
	struct span s = file;
	const uint8_t *fixed, *len, *protection;

	/* Version, four bytes of time, algorithm. */
	if (!take_head(&s) || !take_bytes(&s, 6, &fixed) || fixed[0] < 4 || fixed[0] > 6)
		return false;
	if ((fixed[0] > 4 && !take_bytes(&s, 4, &len)) || !take_public(&s, fixed[5]) ||
	    !take_bytes(&s, 1, &protection) || (*protection != 0 && *protection < 253))
		return false;
	*ret = (struct secret_found){ what, 0, MIN(file.len, (size_t)SECRET_ID_MAX) };
	return true;
}
