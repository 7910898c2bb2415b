/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of scripts.lines. */
#include <errno.h>

#include "stage1/finish/ledger_diff.h"

#define A_LINE 14 /* hashes */

static void print_head(struct buf *b, const char *package, const char *script,
		       const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX];

	hex_encode(sha256, SHA256_BYTES, hex);
	buf_printf(b, "%s %s %s", package, script, hex);
}

static void print_hash(struct buf *b, size_t i, uint32_t hash)
{
	buf_printf(b, "%s%06x", i % A_LINE ? " " : "\n ", hash);
}

static int take_record(struct buf *b, struct strv *records)
{
	buf_append_str(b, "\n");
	return strv_take(records, buf_take_str(b));
}

static int add_known(const struct ledger_lines *n, struct strv *records)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	print_head(&b, n->package, n->script, n->sha256);
	for (size_t i = 0; i < n->n; i++)
		print_hash(&b, i, n->hashes[i]);
	return take_record(&b, records);
}

static int add_found(const struct ledger_finding *f, struct strv *records)
{
	struct span rest = { buf_str(&f->rest), f->rest.len }, line;
	_cleanup_buf_ struct buf b = BUF_INIT;

	print_head(&b, f->name, f->script, f->sha256);
	for (size_t i = 0; span_line(&rest, &line); i++)
		print_hash(&b, i, ledger_line_hash(line));
	return take_record(&b, records);
}

int ledger_print_lines(const struct ledger *l, const struct ledger_finding *findings, size_t n,
		       struct buf *out)
{
	_cleanup_strv_ struct strv records = STRV_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n_lines; i++) {
		const struct ledger_lines *k = &l->lines[i];
		if (ledger_find(l, LEDGER_PACKAGE, k->package, k->script, k->sha256))
			r = add_known(k, &records);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		if (findings[i].verdict == LEDGER_LISTED || findings[i].verdict == LEDGER_UNKNOWN)
			r = add_found(&findings[i], &records);
	if (r < 0)
		return r;
	strv_sort(&records);
	strv_uniq(&records);
	buf_append_str(out,
		       "# Written by slipway scripts --fingerprints: a short hash of each line "
		       "of each script that\n# scripts.ledger has an entry for.\n");
	for (size_t i = 0; i < records.n; i++)
		buf_append_str(out, records.v[i]);
	return buf_failed(out) ? -ENOMEM : 0;
}
