/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scripts.lines: for each version of a script a line "package script sha256", and below it, indented,
 * six hex digits for each of its lines.
 */
#include "stage1/finish/ledger.h"

#define HASH_DIGITS 6

uint32_t ledger_line_hash(struct span line)
{
	uint8_t d[SHA256_BYTES];

	sha256_bytes(line.p, line.len, d);
	return (uint32_t)d[0] << 16 | (uint32_t)d[1] << 8 | d[2];
}

static int parse_head(struct span line, struct ledger_lines *n)
{
	struct span package, script, digest;
	char hex[SHA256_HEX];

	if (!span_word(&line, &package) || !span_word(&line, &script) ||
	    !span_word(&line, &digest) || line.len || digest.len != SHA256_HEX - 1)
		return -EINVAL;
	memcpy(hex, digest.p, digest.len);
	hex[digest.len] = '\0';
	n->package = span_dup(package);
	n->script = span_dup(script);
	if (!n->package || !n->script)
		return -ENOMEM;
	return hex_decode(hex, n->sha256, SHA256_BYTES);
}

static int parse_hashes(struct span line, struct ledger_lines *n)
{
	struct span word;
	uint8_t v[HASH_DIGITS / 2];
	char hex[HASH_DIGITS + 1];

	while (span_word(&line, &word)) {
		if (word.len != HASH_DIGITS)
			return -EINVAL;
		memcpy(hex, word.p, HASH_DIGITS);
		hex[HASH_DIGITS] = '\0';
		if (hex_decode(hex, v, sizeof(v)) < 0)
			return -EINVAL;
		uint32_t *h = reallocarray(n->hashes, n->n + 1, sizeof(*h));
		if (!h)
			return -ENOMEM;
		n->hashes = h;
		h[n->n++] = (uint32_t)v[0] << 16 | (uint32_t)v[1] << 8 | v[2];
	}
	return 0;
}

static int parse_line(struct ledger *l, struct span line)
{
	if (line.p[0] == ' ')
		return l->n_lines ? parse_hashes(line, &l->lines[l->n_lines - 1]) : -EINVAL;
	struct ledger_lines *v = reallocarray(l->lines, l->n_lines + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->lines = v;
	v[l->n_lines] = (struct ledger_lines){ .n = 0 };
	return parse_head(line, &v[l->n_lines++]);
}

int ledger_parse_lines(struct ledger *l, const char *name, const char *text, size_t len,
		       struct err *e)
{
	struct span rest = { text, len }, line;

	for (size_t i = 1; span_line(&rest, &line); i++) {
		int r = line.len && line.p[0] != '#' ? parse_line(l, line) : 0;
		if (r == -ENOMEM)
			return err_oom(e);
		if (r < 0)
			return err_set(e, r,
				       "%s:%zu: neither \"package script sha256\" nor hashes of "
				       "lines, six hex digits each",
				       name, i);
	}
	return 0;
}
