/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/scripts_print.h"

#include "stage1/finish/ledger_diff.h"

/* Foreign bytes on a terminal: what is not plain text is shown as \xNN. */
static char *printable(const void *data, size_t len)
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

static const char *verdict(const struct scripts_report *r, size_t i)
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

/* "units, users"; or what the ledger says instead. */
static void append_answer(struct buf *b, const struct ledger_entry *n)
{
	for (size_t i = 0; i < n->by.n; i++)
		buf_printf(b, "%s%s", i ? ", " : " [", n->by.v[i]);
	if (n->by.n)
		buf_append_str(b, "]");
}

static bool is_repeated(const struct ledger_finding *f, size_t part)
{
	for (size_t i = 0; i < part; i++)
		if (f->parts[i] == f->parts[part])
			return true;
	return false;
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
		if (is_repeated(f, k))
			continue;
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
	cli_note(c, "%-28s %-9s %-7s %s", f->package->name, f->script, verdict(r, i), text);
	return 0;
}

/* How it differs from what is known, or all of it. */
static int append_text(const struct scripts_report *r, const struct ledger_finding *f,
		       struct buf *b)
{
	const struct ledger_lines *known;
	_cleanup_buf_ struct buf diff = BUF_INIT;
	char hex[SHA256_HEX];

	int rc = ledger_diff(r->ledger, f, &diff, &known);
	_cleanup_free_ char *text = rc < 0  ? NULL
				    : known ? printable(diff.data, diff.len)
					    : printable(f->rest.data, f->rest.len);
	if (!text)
		return -ENOMEM;
	if (known) {
		hex_encode(known->sha256, SHA256_BYTES, hex);
		buf_printf(b, "what changed since the known one, %.12s…:\n", hex);
	}
	buf_append_str(b, text);
	if (*text && text[strlen(text) - 1] != '\n')
		buf_append_str(b, "\n");
	return 0;
}

static int print_unknown(const struct cli *c, const struct scripts_report *r, size_t i,
			 struct err *e)
{
	const struct ledger_finding *f = &r->findings[i];
	_cleanup_buf_ struct buf b = BUF_INIT;
	char hex[SHA256_HEX];

	if (append_text(r, f, &b) < 0 || buf_failed(&b))
		return err_oom(e);
	hex_encode(f->sha256, SHA256_BYTES, hex);
	cli_note(c, "\n==== %s %s: %s\n%s", f->package->name, f->package->version, f->script,
		 buf_str(&b));
	cli_note(c,
		 "In the recipe, once you have read it:\n\nscripts:\n"
		 "  - package: %s\n    script: %s\n    sha256: %s\n    why: \"\"",
		 f->package->name, f->script, hex);
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
			printf("\n%sdoes:\nby:\nbecause:\n", text);
	}
	return rc < 0 ? err_oom(e) : 0;
}

static struct json_object *entry(const struct ledger_entry *n)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "name", n->name);
	json_put_str(o, "does", n->does);
	json_put_strings(o, "by", &n->by);
	json_put_str(o, "because", n->because);
	return o;
}

static struct json_object *parts(const struct ledger_finding *f)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < f->n_parts; i++)
		if (!is_repeated(f, i))
			json_object_array_add(list, entry(f->parts[i]));
	return list;
}

static struct json_object *script(const struct scripts_report *r, size_t i)
{
	const struct ledger_finding *f = &r->findings[i];
	struct json_object *o = json_object_new_object();

	json_put_str(o, "package", f->package->name);
	json_put_str(o, "version", f->package->version);
	json_put_str(o, "script", f->script);
	json_put_hex(o, "sha256", f->sha256, SHA256_BYTES);
	json_put_str(o, "verdict", verdict(r, i));
	json_put(o, "parts", parts(f));
	if (f->entry)
		json_put(o, "entry", entry(f->entry));
	if (r->settled[i])
		json_put_str(o, "why", r->settled[i]->why);
	json_put_strings(o, "remarks", &f->remarks);
	return o;
}

struct json_object *json_of_scripts(const struct scripts_report *r)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; list && i < r->n; i++)
		json_object_array_add(list, script(r, i));
	json_put_u64(o, "unknown", r->n_unknown);
	json_put(o, "scripts", list);
	return o;
}
