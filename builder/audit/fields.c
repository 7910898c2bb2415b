/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structures as tables of their fields. */
#include "builder/audit/compare.h"

#include <inttypes.h>

#include "base/utc.h"

#define STRUCTURE_BYTES_MAX 4096
#define TEXT_CHARS	    80
#define BYTES_SHOWN	    24

void field_time(int64_t t, char *out)
{
	char utc[UTC_CHARS];

	utc_format(t < 0 ? 0 : (uint64_t)t, utc);
	snprintf(out, 64, "%" PRId64 " (%s)", t, t < 0 ? "before 1970" : utc);
}

static uint64_t number(const uint8_t *p, size_t len)
{
	uint8_t wide[8] = { 0 };

	memcpy(wide, p, MIN(len, sizeof(wide)));
	return get_le64(wide);
}

/* @out: 128 characters */
static void format(const struct field *f, const uint8_t *p, char *out)
{
	uint8_t uuid[16];

	switch (f->form) {
	case FIELD_NUMBER:
		snprintf(out, 128, "%" PRIu64, number(p, f->len));
		break;
	case FIELD_HEX:
		snprintf(out, 128, "%#" PRIx64, number(p, f->len));
		break;
	case FIELD_BYTES:
		hex_encode(p, MIN(f->len, BYTES_SHOWN), out);
		break;
	case FIELD_UUID:
		uuid_format(p, out);
		break;
	case FIELD_GUID:
		gpt_guid(p, uuid);
		uuid_format(uuid, out);
		break;
	case FIELD_TEXT:
		snprintf(out, 128, "%.*s", (int)strnlen((const char *)p, MIN(f->len, TEXT_CHARS)),
			 (const char *)p);
		break;
	case FIELD_TIME:
		field_time((int64_t)number(p, f->len), out);
		break;
	}
}

enum diff_kind compare_as_cause(enum diff_kind k)
{
	switch (k) {
	case DIFF_CHECKSUM:
	case DIFF_HASH_TREE:
		return DIFF_DAMAGE;
	case DIFF_OTHER_TIME:
		return DIFF_TIME;
	case DIFF_SIZE:
		return DIFF_PLACEMENT;
	case DIFF_SIGNED:
		return DIFF_SIGNATURE;
	default:
		return k;
	}
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i = 0;

	while (i < len && a[i] == b[i])
		i++;
	return i;
}

/* Of long bytes, and of text that ends before it differs, the bytes from where they differ. */
static int add_field(struct compare *c, const struct field *f, const uint8_t *a, const uint8_t *b,
		     struct err *e)
{
	char text_a[128], text_b[128], name[96];
	size_t at = first_difference(a, b, f->len);
	struct field rest = { name, 0, (uint16_t)(f->len - at), FIELD_BYTES, f->kind };

	format(f, a, text_a);
	format(f, b, text_b);
	if (!str_eq(text_a, text_b))
		return compare_add(c, &(struct finding){ f->kind, f->name, text_a, text_b }, e);
	snprintf(name, sizeof(name), "%s, from its byte %zu on", f->name, at);
	format(&rest, a + at, text_a);
	format(&rest, b + at, text_b);
	return compare_add(c, &(struct finding){ f->kind, name, text_a, text_b }, e);
}

/* The first byte that no field accounts for. */
static int compare_rest(struct compare *c, size_t bytes, const bool *known,
			const uint8_t *const pair[2], struct err *e)
{
	for (size_t i = 0; i < bytes; i++) {
		char name[32];
		const struct field f = { name, 0, 1, FIELD_HEX, DIFF_FORMAT };
		if (known[i] || pair[0][i] == pair[1][i])
			continue;
		snprintf(name, sizeof(name), "byte %zu", i);
		return add_field(c, &f, pair[0] + i, pair[1] + i, e);
	}
	return 0;
}

/* Does anything differ but checksums? */
static bool content_differs(const struct field_table *t, const uint8_t *const pair[2])
{
	uint8_t a[STRUCTURE_BYTES_MAX];

	memcpy(a, pair[0], t->bytes);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == DIFF_CHECKSUM)
			memcpy(a + t->v[i].at, pair[1] + t->v[i].at, t->v[i].len);
	return memcmp(a, pair[1], t->bytes) != 0;
}

/* Does a value follow from a root hash of the image that it is in? A volume id is the start of a UUID. */
static bool is_derived(const struct compare *c, int which, const struct field *f,
		       const uint8_t *value)
{
	uint8_t uuid[16];

	if (f->form == FIELD_GUID)
		gpt_guid(value, uuid);
	else if (f->len == 4)
		put_be32(uuid, get_le32(value));
	else
		return false;
	return compare_is_derived(c, which, uuid, f->len);
}

int compare_fields(struct compare *c, const struct field_table *t, const uint8_t *const pair[2],
		   bool alone, struct err *e)
{
	bool known[STRUCTURE_BYTES_MAX] = { false }, content = content_differs(t, pair);
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		struct field f = t->v[i];
		if (alone && !(f.kind == DIFF_CHECKSUM && content))
			f.kind = compare_as_cause(f.kind);
		if (f.kind == DIFF_DERIVED && is_derived(c, 0, &f, pair[0] + f.at) &&
		    is_derived(c, 1, &f, pair[1] + f.at))
			f.kind = DIFF_ROOT_HASH;
		memset(known + f.at, true, f.len);
		if (memcmp(pair[0] + f.at, pair[1] + f.at, f.len) != 0)
			r = add_field(c, &f, pair[0] + f.at, pair[1] + f.at, e);
	}
	return r < 0 ? r : compare_rest(c, t->bytes, known, pair, e);
}
