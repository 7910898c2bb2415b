/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/fs/fat.h"

#include "base/utf8.h"

static bool short_char(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'()-@^_`{}~", c));
}

static unsigned char to_upper(unsigned char c)
{
	return c >= 'a' && c <= 'z' ? (unsigned char)(c - 'a' + 'A') : c;
}

static int put_units(uint32_t c, uint16_t *out, size_t *n)
{
	size_t need = c >= 0x10000 ? 2 : 1;

	if (*n + need > FAT_NAME_UNITS_MAX)
		return -ENAMETOOLONG;
	if (need == 2) {
		out[(*n)++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	out[(*n)++] = (uint16_t)c;
	return 0;
}

int fat_name_utf16(const char *name, uint16_t *out, size_t *ret_n, struct err *e)
{
	size_t n = 0, step;
	uint32_t c = 0;

	for (const char *s = name; *s; s += step) {
		step = utf8_next(s, &c);
		if (!step)
			return err_set(e, -EINVAL, "the name is not UTF-8");
		if (c < 0x20 || c == 0x7f || (c < 0x80 && strchr("\"*/:<>?\\|", (int)c)))
			return err_set(e, -EINVAL, "FAT allows no character 0x%02x in names", c);
		if (put_units(c, out, &n) < 0)
			return err_set(e, -EINVAL, "the name is longer than %d units of UTF-16",
				       FAT_NAME_UNITS_MAX);
	}
	if (c == '.' || c == ' ')
		return err_set(e, -EINVAL, "FAT allows no name that ends in a dot or a space");
	*ret_n = n;
	return 0;
}

bool fat_name_is_short(const char *name, uint8_t out[FAT_SHORT_BYTES])
{
	const char *dot = strchr(name, '.');
	size_t base = dot ? (size_t)(dot - name) : strlen(name);
	size_t ext = dot ? strlen(dot + 1) : 0;
	uint8_t packed[FAT_SHORT_BYTES];

	if (!base || base > 8 || ext > 3 || (dot && !ext))
		return false;
	memset(packed, ' ', sizeof(packed));
	memcpy(packed, name, base);
	if (ext)
		memcpy(packed + 8, dot + 1, ext);
	for (size_t i = 0; i < base + ext; i++) {
		if (!short_char(packed[i < base ? i : 8 + i - base]))
			return false;
	}
	memcpy(out, packed, sizeof(packed));
	return true;
}

uint8_t fat_name_checksum(const uint8_t name[FAT_SHORT_BYTES])
{
	uint8_t sum = 0;

	for (size_t i = 0; i < FAT_SHORT_BYTES; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + name[i]);
	return sum;
}

int fat_label(const char *label, uint8_t out[FAT_SHORT_BYTES], struct err *e)
{
	if (strlen(label) > FAT_SHORT_BYTES)
		return err_set(e, -EINVAL, "vfat: label longer than %d bytes: %s", FAT_SHORT_BYTES,
			       label);
	uint8_t packed[FAT_SHORT_BYTES];
	memset(packed, ' ', sizeof(packed));
	for (size_t i = 0; label[i]; i++) {
		packed[i] = to_upper((unsigned char)label[i]);
		if (!short_char(packed[i]) && (packed[i] != ' ' || i == 0))
			return err_set(e, -EINVAL, "vfat: not a label: %s", label);
	}
	memcpy(out, packed, sizeof(packed));
	return 0;
}

/* A hash table of short names in use, and of stems with the last number that followed them. */
struct fat_name_slot {
	uint8_t key[FAT_SHORT_BYTES + 1]; /* and its kind: 0 free slot, 1 name, 2 stem */
	uint32_t last;
};

int fat_names_init(struct fat_names *s, size_t n_names, struct err *e)
{
	s->n_slots = 16;
	while (s->n_slots < 4 * n_names)
		s->n_slots *= 2;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	return s->slots ? 0 : err_oom(e);
}

void fat_names_done(struct fat_names *s)
{
	free(s->slots);
}

static struct fat_name_slot *find_slot(struct fat_names *s, const uint8_t *name, uint8_t kind,
				       bool *ret_new)
{
	uint8_t key[FAT_SHORT_BYTES + 1];
	uint32_t h = 2166136261u;

	memcpy(key, name, FAT_SHORT_BYTES);
	key[FAT_SHORT_BYTES] = kind;
	for (size_t i = 0; i < sizeof(key); i++)
		h = (h ^ key[i]) * 16777619u;
	for (size_t i = h & (s->n_slots - 1);; i = (i + 1) & (s->n_slots - 1)) {
		struct fat_name_slot *slot = &s->slots[i];
		*ret_new = !slot->key[FAT_SHORT_BYTES];
		if (*ret_new)
			memcpy(slot->key, key, sizeof(key));
		if (*ret_new || memcmp(slot->key, key, sizeof(key)) == 0)
			return slot;
	}
}

bool fat_names_reserve(struct fat_names *s, const uint8_t name[FAT_SHORT_BYTES])
{
	bool is_new;

	(void)find_slot(s, name, 1, &is_new);
	return is_new;
}

/* What a short name can keep of these bytes: no dots and spaces, capitals, "_" for all else. */
static size_t squeeze(const char *from, const char *end, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (; from < end && n < max; from++) {
		unsigned char c = to_upper((unsigned char)*from);
		if (c == '.' || c == ' ' || (c & 0xc0) == 0x80)
			continue;
		out[n++] = short_char(c) ? c : '_';
	}
	return n;
}

/* A name that is short but for its capitals needs no number. */
static bool take_capitals(struct fat_names *s, const char *name, uint8_t out[FAT_SHORT_BYTES])
{
	char upper[FAT_SHORT_BYTES + 2];
	size_t n = strlen(name);

	if (n >= sizeof(upper))
		return false;
	for (size_t i = 0; i <= n; i++)
		upper[i] = (char)to_upper((unsigned char)name[i]);
	return fat_name_is_short(upper, out) && fat_names_reserve(s, out);
}

void fat_names_alias(struct fat_names *s, const char *name, uint8_t out[FAT_SHORT_BYTES])
{
	if (take_capitals(s, name, out))
		return;
	const char *start = name + strspn(name, ". "), *end = name + strlen(name);
	const char *dot = strrchr(start, '.');
	uint8_t stem[FAT_SHORT_BYTES];
	char number[12];
	bool is_new;

	memset(stem, ' ', sizeof(stem));
	size_t base = squeeze(start, dot ? dot : end, stem, 6);
	if (!base)
		stem[base++] = '_';
	if (dot)
		squeeze(dot + 1, end, stem + 8, 3);
	struct fat_name_slot *slot = find_slot(s, stem, 2, &is_new);
	do {
		size_t digits = (size_t)snprintf(number, sizeof(number), "~%u", ++slot->last);
		memcpy(out, stem, sizeof(stem));
		memcpy(out + MIN(base, 8 - digits), number, digits);
	} while (!fat_names_reserve(s, out));
}
