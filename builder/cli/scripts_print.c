/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/scripts_print.h"

#include "stage1/finish/ledger_diff.h"

char *printable(const void *data, size_t len)
{
	const uint8_t *p = data;
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "");
	for (size_t i = 0; i < len; i++) {
		if ((p[i] >= 0x20 && p[i] < 0x7f) || p[i] == '\t' || p[i] == '\n')
			buf_append(&b, &p[i], 1);
		else
			buf_printf(&b, "\\x%02x", p[i]);
	}
	return buf_take_str(&b);
}

const char *scripts_verdict(const struct scripts_report *r, size_t i)
{
	static const char *const names[] = {
		[LEDGER_NOTHING] = "nothing",
		[LEDGER_PARTS] = "blocks",
		[LEDGER_LISTED] = "ledger",
		[LEDGER_UNKNOWN] = "UNKNOWN",
	};

	return r->settled[i] ? "recipe" : names[r->findings[i].verdict];
}

static bool is_unknown(const struct scripts_report *r, size_t i)
{
	return r->findings[i].verdict == LEDGER_UNKNOWN && !r->settled[i];
}

/* " [units, users]" */
static void append_answer(struct buf *b, const struct ledger_entry *n)
{
	for (size_t i = 0; i < n->by.n; i++)
		buf_printf(b, "%s%s", i ? ", " : " [", n->by.v[i]);
	if (n->by.n)
		buf_append_str(b, "]");
}

static int print_row(const struct cli *c, const struct scripts_report *r, size_t i, struct err *e)
{
	const struct ledger_finding *f = &r->findings[i];
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *between = "";

	if (f->entry) {
		buf_append_str(&b, f->entry->does);
		append_answer(&b, f->entry);
		between = "; ";
	}
	for (size_t k = 0; k < f->n_parts; k++) {
		buf_printf(&b, "%s%s", between, f->parts[k]->name);
		append_answer(&b, f->parts[k]);
		between = ", ";
	}
	for (size_t k = 0; k < f->remarks.n; k++) {
		buf_printf(&b, "%s%s", between, f->remarks.v[k]);
		between = "; ";
	}
	if (r->settled[i])
		buf_printf(&b, "%s%s", between, r->settled[i]->why);
	_cleanup_free_ char *text = buf_failed(&b) ? NULL : printable(b.data, b.len);
	if (!text)
		return err_oom(e);
	cli_note(c, "%-28s %-9s %-7s %s", f->package->name, f->script, scripts_verdict(r, i), text);
	return 0;
}

#define FIELDS "does:\nby:\nbecause:\n"

static int add_stanza(struct strv *stanzas, const char *kind, const char *name, const char *script,
		      const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX];

	hex_encode(sha256, SHA256_BYTES, hex);
	return strv_addf(stanzas, "%s: %s\nscript: %s\nsha256: %s\n", kind, name, script, hex);
}

/* Blocks and triggers come first: with entries for them there may be nothing left to account for. */
static int add_stanzas(const struct ledger_finding *f, struct strv *stanzas)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->n_strangers; i++) {
		const struct ledger_stranger *s = &f->strangers[i];
		_cleanup_free_ char *tool = span_dup(s->block.tool);
		r = tool ? add_stanza(stanzas, "block", tool, f->script, s->sha256) : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < f->strange_triggers.n; i++)
		r = strv_addf(stanzas, "trigger: %s\n", f->strange_triggers.v[i]);
	if (r == 0 && !f->n_strangers && !f->strange_triggers.n)
		r = add_stanza(stanzas, "package", f->name, f->script, f->sha256);
	return r;
}

char *scripts_text(const struct scripts_report *r, const struct ledger_finding *f)
{
	const struct ledger_lines *known;
	_cleanup_buf_ struct buf diff = BUF_INIT;
	char hex[SHA256_HEX];

	if (ledger_diff(r->ledger, f, &diff, &known) < 0)
		return NULL;
	_cleanup_free_ char *text =
		known ? printable(diff.data, diff.len) : printable(f->rest.data, f->rest.len);
	if (!text || !known)
		return TAKE_PTR(text);
	hex_encode(known->sha256, SHA256_BYTES, hex);
	return str_printf("what changed since the known one, %.12s…:\n%s", hex, text);
}

static int print_unknown(const struct cli *c, const struct scripts_report *r, size_t i,
			 struct err *e)
{
	const struct ledger_finding *f = &r->findings[i];
	_cleanup_strv_ struct strv stanzas = STRV_INIT;
	_cleanup_free_ char *text = scripts_text(r, f);
	char hex[SHA256_HEX];

	if (!text || add_stanzas(f, &stanzas) < 0)
		return err_oom(e);
	hex_encode(f->sha256, SHA256_BYTES, hex);
	cli_note(c, "\n==== %s %s: %s\n%s", f->package->name, f->package->version, f->script, text);
	cli_note(c,
		 "In the recipe, once you have read it:\n\nscripts:\n"
		 "  - package: %s\n    script: %s\n    sha256: %s\n    why: \"\"\n\n"
		 "Or in stage1/finish/scripts.ledger, for everybody:",
		 f->package->name, f->script, hex);
	for (size_t k = 0; k < stanzas.n; k++) {
		_cleanup_free_ char *stanza = printable(stanzas.v[k], strlen(stanzas.v[k]));
		if (!stanza)
			return err_oom(e);
		cli_note(c, "\n%s" FIELDS, stanza);
	}
	return 0;
}

int scripts_print(const struct cli *c, const struct scripts_report *r, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->n; i++)
		rc = print_row(c, r, i, e);
	for (size_t i = 0; rc == 0 && i < r->n; i++)
		if (is_unknown(r, i))
			rc = print_unknown(c, r, i, e);
	return rc;
}

int scripts_print_template(const struct scripts_report *r, struct err *e)
{
	_cleanup_strv_ struct strv stanzas = STRV_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->n; i++)
		if (is_unknown(r, i))
			rc = add_stanzas(&r->findings[i], &stanzas);
	strv_sort(&stanzas);
	strv_uniq(&stanzas);
	for (size_t i = 0; rc == 0 && i < stanzas.n; i++) {
		_cleanup_free_ char *text = printable(stanzas.v[i], strlen(stanzas.v[i]));
		rc = text ? 0 : -ENOMEM;
		if (text)
			printf("\n%s" FIELDS, text);
	}
	return rc < 0 ? err_oom(e) : 0;
}
