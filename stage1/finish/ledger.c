/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ledger.h"

/* Put into the program by ledger_data.S. */
extern const char scripts_ledger_start[], scripts_ledger_end[];
extern const char scripts_lines_start[], scripts_lines_end[];

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_entries; i++) {
		free(l->entries[i].name);
		free(l->entries[i].script);
		free(l->entries[i].sha256);
		free(l->entries[i].does);
		free(l->entries[i].because);
		strv_done(&l->entries[i].by);
	}
	for (size_t i = 0; i < l->n_lines; i++) {
		free(l->lines[i].package);
		free(l->lines[i].script);
		free(l->lines[i].hashes);
	}
	free(l->entries);
	free(l->lines);
	free(l);
}

int ledger_open(struct ledger **ret, struct err *e)
{
	_cleanup_(ledger_free) struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return err_oom(e);
	int r = ledger_parse(l, "scripts.ledger", scripts_ledger_start,
			     (size_t)(scripts_ledger_end - scripts_ledger_start), e);
	if (r == 0)
		r = ledger_parse_lines(l, "scripts.lines", scripts_lines_start,
				       (size_t)(scripts_lines_end - scripts_lines_start), e);
	if (r == 0)
		*ret = TAKE_PTR(l);
	return r;
}

static int compare(const struct ledger_entry *a, enum ledger_kind kind, const char *name,
		   const char *script)
{
	int c = (a->kind > kind) - (a->kind < kind);

	if (c == 0)
		c = strcmp(a->name, name);
	return c == 0 && script ? strcmp(a->script, script) : c;
}

/* The first entry of this subject, of which there may be several. */
static size_t find_first(const struct ledger *l, enum ledger_kind kind, const char *name,
			 const char *script)
{
	size_t low = 0, high = l->n_entries;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (compare(&l->entries[mid], kind, name, script) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct ledger_entry *ledger_find(const struct ledger *l, enum ledger_kind kind,
				       const char *name, const char *script,
				       const uint8_t sha256[SHA256_BYTES])
{
	for (size_t i = find_first(l, kind, name, script);
	     i < l->n_entries && compare(&l->entries[i], kind, name, script) == 0; i++)
		for (size_t k = 0; k < l->entries[i].n_sha256; k++)
			if (memcmp(l->entries[i].sha256[k], sha256, SHA256_BYTES) == 0)
				return &l->entries[i];
	return NULL;
}

const struct ledger_entry *ledger_find_trigger(const struct ledger *l, const char *name)
{
	size_t i = find_first(l, LEDGER_TRIGGER, name, NULL);

	return i < l->n_entries && compare(&l->entries[i], LEDGER_TRIGGER, name, NULL) == 0
		       ? &l->entries[i]
		       : NULL;
}
