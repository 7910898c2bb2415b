/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel command lines. */
#include "builder/audit/compare.h"

#define WORD_START	  60   /* of two words that are equal that far the rest is shown */
#define CMDLINE_BYTES_MAX 8192 /* no longer ones are looked into */

/* "usrhash=" with the hex of a root hash that is in the image, or its signature, only follows. */
static enum diff_kind word_kind(const struct compare *c, int which, const char *word)
{
	uint8_t hash[VERITY_ROOT_HASH_BYTES];

	if (str_has_prefix(word, "usrhash=") && hex_decode(word + 8, hash, sizeof(hash)) == 0 &&
	    compare_is_root(c, which, hash, sizeof(hash)))
		return DIFF_ROOT_HASH;
	if (str_has_prefix(word, "systemd.verity_usr_options="))
		return DIFF_SIGNED;
	return DIFF_CMDLINE;
}

static int split(const struct source *s, struct strv *words, struct err *e)
{
	_cleanup_free_ char *text = strndup((const char *)s->bytes, s->size_bytes);

	return text && strv_split(words, text, " \n") == 0 ? 0 : err_oom(e);
}

static int compare_word(struct compare *c, const char *a, const char *b, bool root_follows,
			struct err *e)
{
	enum diff_kind ka = a ? word_kind(c, 0, a) : DIFF_CMDLINE,
		       kb = b ? word_kind(c, 1, b) : DIFF_CMDLINE;
	struct finding f = { ka == kb ? ka : DIFF_CMDLINE, "word", a, b };
	size_t same = 0;

	while (a && b && a[same] && a[same] == b[same])
		same++;
	if (same > WORD_START) { /* what is before says nothing */
		f.a += same;
		f.b += same;
		f.field = f.kind == DIFF_SIGNED ? "root hash signature, from where it differs"
						: "word, from where it differs";
	}
	if (f.kind == DIFF_SIGNED && !root_follows)
		f.kind = DIFF_SIGNATURE;
	return compare_add(c, &f, e);
}

/* The word of the same key ("usrhash=") that the other command line has and this one has not. */
static const char *find_partner(const char *word, const struct strv *words, const struct strv *own)
{
	size_t key = strcspn(word, "=");

	for (size_t i = 0; i < words->n; i++)
		if (strncmp(words->v[i], word, key) == 0 && strcspn(words->v[i], "=") == key &&
		    !strv_contains(own, words->v[i]))
			return words->v[i];
	return NULL;
}

static int compare_words(struct compare *c, const struct strv *a, const struct strv *b,
			 struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		/* The signature is of the root hash: it follows where that does, or the key. */
		bool follows = c->report->counts[DIFF_ROOT_HASH] || c->report->counts[DIFF_KEY];
		if (!strv_contains(b, a->v[i]))
			r = compare_word(c, a->v[i], find_partner(a->v[i], b, a), follows, e);
	}
	for (size_t i = 0; r == 0 && i < b->n; i++)
		if (!strv_contains(a, b->v[i]) && !find_partner(b->v[i], a, b))
			r = compare_word(c, NULL, b->v[i], false, e);
	return r;
}

/* The words that differ; or else their order, or what is between them. */
int compare_cmdline(struct compare *c, const struct source *a, const struct source *b,
		    struct err *e)
{
	_cleanup_strv_ struct strv wa = STRV_INIT, wb = STRV_INIT;
	size_t before = diff_report_total(c->report);

	if (MAX(a->size_bytes, b->size_bytes) > CMDLINE_BYTES_MAX)
		return compare_bytes(c, a, b, DIFF_CMDLINE, e);
	int r = split(a, &wa, e);
	if (r == 0)
		r = split(b, &wb, e);
	if (r == 0)
		r = compare_words(c, &wa, &wb, e);
	if (r == 0 && diff_report_total(c->report) == before)
		r = compare_bytes(c, a, b, DIFF_CMDLINE, e);
	return r;
}
