/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/release.h"

#include "base/deb822.h"

/* An index may be this far ahead of the clock before it is not believed. */
#define FUTURE_SECONDS (24 * 60 * 60)

void release_free(struct release *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_files; i++)
		free(r->files[i].path);
	free(r->files);
	free(r->suite);
	free(r->codename);
	strv_done(&r->architectures);
	strv_done(&r->components);
	strv_done(&r->signers);
	free(r);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, in which March begins the year. */
static int64_t days_from_date(int64_t year, unsigned int month, unsigned int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * (int64_t)((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int parse_month(struct span s, unsigned int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned int i = 0; i < 12; i++)
		if (s.len == 3 && memcmp(names + 3 * i, s.p, 3) == 0) {
			*ret = i + 1;
			return 0;
		}
	return -EINVAL;
}

/* hh:mm:ss */
static int parse_clock(struct span s, uint64_t *ret)
{
	uint64_t h, m, sec;

	if (s.len != 8 || s.p[2] != ':' || s.p[5] != ':' ||
	    span_u64((struct span){ s.p, 2 }, &h) < 0 ||
	    span_u64((struct span){ s.p + 3, 2 }, &m) < 0 ||
	    span_u64((struct span){ s.p + 6, 2 }, &sec) < 0 || h > 23 || m > 59 || sec > 60)
		return -EINVAL;
	*ret = (h * 60 + m) * 60 + sec;
	return 0;
}

int release_date(const char *s, size_t len, uint64_t *ret)
{
	struct span in = { s, len }, weekday, day, month, year, clock, zone;
	uint64_t d, y, seconds;
	unsigned int m;

	if (!span_word(&in, &weekday) || !span_word(&in, &day) || !span_word(&in, &month) ||
	    !span_word(&in, &year) || !span_word(&in, &clock) || !span_word(&in, &zone))
		return -EINVAL;
	if (span_u64(day, &d) < 0 || d < 1 || d > 31 || parse_month(month, &m) < 0 ||
	    span_u64(year, &y) < 0 || y < 1970 || y > 9999 || parse_clock(clock, &seconds) < 0)
		return -EINVAL;
	if (!span_eq(zone, "UTC") && !span_eq(zone, "GMT") && !span_eq(zone, "+0000"))
		return -EINVAL;
	*ret = (uint64_t)days_from_date((int64_t)y, m, (unsigned int)d) * 86400 + seconds;
	return 0;
}

static int add_file(struct release *r, size_t *cap, struct span line, struct err *e)
{
	struct span hex, size, path;
	struct release_file f = { 0 };
	char text[SHA256_HEX];

	if (!span_word(&line, &hex) || !span_word(&line, &size) || !span_word(&line, &path) ||
	    span_trim(line).len || hex.len != SHA256_HEX - 1 || span_u64(size, &f.size_bytes) < 0)
		return err_set(e, -EBADMSG, "malformed line in SHA256");
	memcpy(text, hex.p, hex.len);
	text[hex.len] = '\0';
	if (hex_decode(text, f.sha256, sizeof(f.sha256)) < 0)
		return err_set(e, -EBADMSG, "malformed digest in SHA256");
	if (r->n_files == *cap) {
		size_t n = *cap ? 2 * *cap : 256;
		struct release_file *files = reallocarray(r->files, n, sizeof(*files));
		if (!files)
			return err_oom(e);
		r->files = files, *cap = n;
	}
	f.path = span_dup(path);
	if (!f.path)
		return err_oom(e);
	r->files[r->n_files++] = f;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct release_file *)a)->path,
		      ((const struct release_file *)b)->path);
}

static int parse_files(struct release *r, struct span stanza, struct err *e)
{
	struct span value, line;
	size_t cap = 0;

	if (!deb822_get(stanza, "SHA256", &value))
		return err_set(e, -EBADMSG, "the index has no SHA256 field");
	while (span_line(&value, &line)) {
		if (!span_trim(line).len)
			continue;
		int rc = add_file(r, &cap, line, e);
		if (rc < 0)
			return rc;
	}
	if (r->n_files)
		qsort(r->files, r->n_files, sizeof(*r->files), by_path);
	return 0;
}

static int get_words(struct span stanza, const char *name, struct strv *ret, struct err *e)
{
	struct span value, word;

	if (!deb822_get(stanza, name, &value))
		return 0;
	while (span_word(&value, &word))
		if (strv_take(ret, span_dup(word)) < 0)
			return err_oom(e);
	return 0;
}

static int get_date(struct span stanza, const char *name, uint64_t *ret, struct err *e)
{
	struct span value;

	if (!deb822_get(stanza, name, &value))
		return 0;
	if (release_date(value.p, value.len, ret) < 0)
		return err_set(e, -EBADMSG, "malformed date in %s: %.*s", name,
			       (int)MIN(value.len, 60), value.p);
	return 1;
}

static int parse_dates(struct release *r, struct span stanza, uint64_t now, struct err *e)
{
	int rc = get_date(stanza, "Date", &r->date, e);
	struct span text;

	if (rc == 0)
		return err_set(e, -EBADMSG, "the index has no Date field");
	if (rc > 0)
		rc = get_date(stanza, "Valid-Until", &r->valid_until, e);
	if (rc < 0)
		return rc;
	if (rc > 0 && r->valid_until < now && deb822_get(stanza, "Valid-Until", &text))
		return err_set(e, -EBADMSG,
			       "the index is stale: it was valid until %.*s; the mirror is behind, "
			       "or someone holds updates back: take another mirror",
			       (int)MIN(text.len, 40), text.p);
	if (r->date > now && r->date - now > FUTURE_SECONDS && deb822_get(stanza, "Date", &text))
		return err_set(
			e, -EBADMSG,
			"the index is of a day to come, %.*s: is this machine's clock right?",
			(int)MIN(text.len, 40), text.p);
	return 0;
}

/* A suite is asked for by its name, stable, or by its code name, trixie. */
static int parse_names(struct release *r, struct span stanza, const char *suite, struct err *e)
{
	struct span is = { "", 0 }, codename = { "", 0 };

	deb822_get(stanza, "Suite", &is);
	deb822_get(stanza, "Codename", &codename);
	if (!span_eq(is, suite) && !span_eq(codename, suite))
		return err_set(e, -EBADMSG,
			       "the index is of another suite: \"%.*s\", code name \"%.*s\"; name "
			       "one of these in the recipe, or another mirror",
			       (int)MIN(is.len, 60), is.p, (int)MIN(codename.len, 60), codename.p);
	if (!codename.len)
		codename = is;
	for (size_t i = 0; i < codename.len; i++)
		if (codename.p[i] <= ' ' || codename.p[i] > '~')
			return err_set(e, -EBADMSG, "malformed code name in the index");
	r->suite = strdup(suite);
	r->codename = span_dup(codename);
	return r->suite && r->codename ? 0 : err_oom(e);
}

int release_parse(const char *text, size_t len, const char *suite, uint64_t now,
		  struct release **ret, struct err *e)
{
	_cleanup_(release_free) struct release *r = calloc(1, sizeof(*r));
	struct span in = { text, len }, stanza, more, value;
	int rc;

	if (!r)
		return err_oom(e);
	if (memchr(text, '\0', len) || !deb822_stanza(&in, &stanza) || deb822_stanza(&in, &more))
		return err_set(e, -EBADMSG, "the index is not one stanza of text");
	if ((rc = parse_names(r, stanza, suite, e)) < 0 ||
	    (rc = parse_dates(r, stanza, now, e)) < 0 ||
	    (rc = get_words(stanza, "Architectures", &r->architectures, e)) < 0 ||
	    (rc = get_words(stanza, "Components", &r->components, e)) < 0 ||
	    (rc = parse_files(r, stanza, e)) < 0)
		return rc;
	r->by_hash = deb822_get(stanza, "Acquire-By-Hash", &value) && span_eq(value, "yes");
	*ret = TAKE_PTR(r);
	return 0;
}

const struct release_file *release_find(const struct release *r, const char *path)
{
	const struct release_file key = { .path = (char *)path };

	return r->n_files ? bsearch(&key, r->files, r->n_files, sizeof(key), by_path) : NULL;
}
