/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/linker_cache_file.h"

#define MAGIC		   "glibc-ld.so.cache1.1"
#define LITTLE_ENDIAN_FILE 2
#define HEADER_BYTES	   48
#define ENTRY_BYTES	   24
#define EXTENSION_MAGIC	   0xeaa42174u
#define TAG_GENERATOR	   0
#define TAG_HWCAPS	   1
#define HWCAP_EXTENSION	   (UINT64_C(1) << 62)

/* A string of the table, and where it lies in it. Distinct ones are kept once. */
struct string {
	const char *s;
	uint32_t len, offset;
};

struct strings {
	struct string *v; /* sorted by their ends */
	size_t n;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number at *p, which moves behind it; as ldconfig it wraps at 32 bits. */
static int32_t number(const char **p)
{
	uint32_t v = 0;

	while (is_digit(**p))
		v = v * 10 + (uint32_t)(*(*p)++ - '0');
	return (int32_t)v;
}

int linker_version_compare(const char *a, const char *b)
{
	while (*a) {
		if (is_digit(*a) != is_digit(*b))
			return is_digit(*a) ? 1 : -1;
		if (is_digit(*a)) {
			int32_t x = number(&a), y = number(&b);
			if (x != y)
				return x < y ? -1 : 1;
		} else if (*a != *b) {
			return (signed char)*a - (signed char)*b;
		} else {
			a++;
			b++;
		}
	}
	return (signed char)*a - (signed char)*b;
}

/* Names from high to low; then flags from high to low; what is for better CPUs first. */
static int compare_entries(const void *pa, const void *pb)
{
	const struct linker_entry *a = pa, *b = pb;

	int c = linker_version_compare(b->soname, a->soname);
	if (c)
		return c;
	if (a->flags != b->flags)
		return a->flags < b->flags ? 1 : -1;
	if (!a->hwcaps != !b->hwcaps)
		return a->hwcaps ? -1 : 1;
	c = a->hwcaps ? strcmp(a->hwcaps, b->hwcaps) : 0;
	if (c)
		return c;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* From the last character to the first, high to low, so that an end follows what it is the end of. */
static int compare_ends(const void *pa, const void *pb)
{
	const struct string *a = pa, *b = pb;
	uint32_t common = MIN(a->len, b->len);

	for (uint32_t i = 1; i <= common; i++) {
		uint8_t x = (uint8_t)a->s[a->len - i], y = (uint8_t)b->s[b->len - i];
		if (x != y)
			return y - x;
	}
	return a->len == b->len ? 0 : a->len < b->len ? 1 : -1;
}

static void collect(struct strings *t, const char *s)
{
	t->v[t->n++] = (struct string){ .s = s, .len = (uint32_t)strlen(s) };
}

/* All strings, sorted, each once, placed; those that end another one lie inside of it. */
static int strings_build(const struct linker_cache_params *p, struct strings *t, struct err *e)
{
	uint64_t end = 0;
	size_t k = 0;

	t->v = calloc(2 * p->n_entries + p->n_hwcaps + 1, sizeof(*t->v));
	if (!t->v)
		return err_oom(e);
	for (size_t i = 0; i < p->n_entries; i++) {
		collect(t, p->entries[i].soname);
		collect(t, p->entries[i].path);
	}
	for (size_t i = 0; i < p->n_hwcaps; i++)
		collect(t, p->hwcaps[i]);
	if (t->n == 0)
		return 0;
	qsort(t->v, t->n, sizeof(*t->v), compare_ends);
	for (size_t i = 0; i < t->n; i++) {
		struct string *s = &t->v[i], *last = k ? &t->v[k - 1] : NULL;
		if (last && compare_ends(last, s) == 0)
			continue;
		if (last && last->len >= s->len &&
		    memcmp(last->s + last->len - s->len, s->s, s->len) == 0) {
			s->offset = last->offset + last->len - s->len;
		} else {
			s->offset = (uint32_t)end;
			end += (uint64_t)s->len + 1;
		}
		if (end > INT32_MAX)
			return err_set(e, -EFBIG, "too many libraries for the linker's cache");
		t->v[k++] = *s;
	}
	t->n = k;
	return 0;
}

static uint32_t strings_offset(const struct strings *t, const char *s)
{
	const struct string key = { .s = s, .len = (uint32_t)strlen(s) };
	const struct string *found = bsearch(&key, t->v, t->n, sizeof(key), compare_ends);

	return found->offset; /* everything asked for was collected */
}

static void put32(struct buf *out, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	buf_append(out, b, sizeof(b));
}

static uint32_t strings_bytes(const struct strings *t)
{
	uint32_t end = 0;

	for (size_t i = 0; i < t->n; i++)
		end = MAX(end, t->v[i].offset + t->v[i].len + 1);
	return end;
}

static void put_strings(const struct strings *t, struct buf *out)
{
	uint32_t end = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].offset != end)
			continue;
		buf_append(out, t->v[i].s, t->v[i].len + 1);
		end += t->v[i].len + 1;
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names that entries use, sorted; an entry names one by its place. Needs room for n_hwcaps. */
static size_t used_hwcaps(const struct linker_cache_params *p, const char **used)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_hwcaps; i++)
		for (size_t k = 0; k < p->n_entries; k++)
			if (p->entries[k].hwcaps && str_eq(p->entries[k].hwcaps, p->hwcaps[i])) {
				used[n++] = p->hwcaps[i];
				break;
			}
	if (n == 0)
		return 0;
	qsort(used, n, sizeof(*used), compare_names);
	size_t kept = 1;
	for (size_t i = 1; i < n; i++)
		if (!str_eq(used[i], used[kept - 1]))
			used[kept++] = used[i];
	return kept;
}

static void put_entries(const struct linker_cache_params *p, const struct strings *t,
			uint32_t string_base, const char *const *used, size_t n_used,
			struct buf *out)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		const struct linker_entry *en = &p->entries[i];
		uint64_t hwcap = 0;
		for (size_t k = 0; en->hwcaps && k < n_used; k++)
			if (str_eq(used[k], en->hwcaps))
				hwcap = HWCAP_EXTENSION | (uint64_t)en->isa_level << 32 | k;
		put32(out, en->flags);
		put32(out, string_base + strings_offset(t, en->soname));
		put32(out, string_base + strings_offset(t, en->path));
		put32(out, 0); /* an OS version, of old */
		put32(out, (uint32_t)hwcap);
		put32(out, (uint32_t)(hwcap >> 32));
	}
}

static void put_section(struct buf *out, uint32_t tag, size_t offset, size_t len)
{
	put32(out, tag);
	put32(out, 0);
	put32(out, (uint32_t)offset);
	put32(out, (uint32_t)len);
}

/* The directory of sections and then their contents: names of CPU levels, and who wrote the file. */
static void put_extensions(const struct linker_cache_params *p, const struct strings *t,
			   uint32_t string_base, const char *const *used, size_t n_used,
			   size_t start, struct buf *out)
{
	size_t n_sections = n_used ? 2 : 1;
	size_t names = start + 8 + 16 * n_sections, generator = names + 4 * n_used;

	put32(out, EXTENSION_MAGIC);
	put32(out, (uint32_t)n_sections);
	put_section(out, TAG_GENERATOR, generator, strlen(p->generator));
	if (n_used)
		put_section(out, TAG_HWCAPS, names, 4 * n_used);
	for (size_t i = 0; i < n_used; i++)
		put32(out, string_base + strings_offset(t, used[i]));
	buf_append_str(out, p->generator);
}

static void put_file(const struct linker_cache_params *p, const struct strings *t,
		     const char *const *used, size_t n_used, struct buf *out)
{
	uint32_t string_base = (uint32_t)(HEADER_BYTES + p->n_entries * ENTRY_BYTES);
	uint32_t extensions = (uint32_t)align_up(string_base + strings_bytes(t), 4);
	size_t start = out->len;

	buf_append_str(out, MAGIC);
	put32(out, (uint32_t)p->n_entries);
	put32(out, strings_bytes(t));
	put32(out, LITTLE_ENDIAN_FILE);
	put32(out, extensions);
	buf_append_zero(out, 12);
	put_entries(p, t, string_base, used, n_used, out);
	put_strings(t, out);
	if (!buf_failed(out))
		buf_append_zero(out, extensions - (out->len - start));
	put_extensions(p, t, string_base, used, n_used, extensions, out);
}

int linker_cache_encode(const struct linker_cache_params *p, struct buf *out, struct err *e)
{
	_cleanup_free_ const char **used = calloc(p->n_hwcaps + 1, sizeof(*used));
	struct strings t = { NULL, 0 };

	if (!used)
		return err_oom(e);
	if (p->n_entries > INT32_MAX / ENTRY_BYTES / 2)
		return err_set(e, -EFBIG, "too many libraries for the linker's cache");
	int r = strings_build(p, &t, e);
	if (r == 0) {
		if (p->n_entries)
			qsort(p->entries, p->n_entries, sizeof(*p->entries), compare_entries);
		put_file(p, &t, used, used_hwcaps(p, used), out);
		r = buf_failed(out) ? err_oom(e) : 0;
	}
	free(t.v);
	return r;
}
