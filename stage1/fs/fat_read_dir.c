/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a directory of a possibly damaged image. A long name must fit its short one. */
#include <time.h>

#include "stage1/fs/fat_read.h"

#define LONG_PIECES_MAX 20
#define CASE_BASE	0x08 /* the short name is meant in small letters */
#define CASE_EXT	0x10

/* A long name on its way, pieces last first. */
struct long_name {
	uint16_t units[LONG_PIECES_MAX * FAT_LONG_UNITS];
	unsigned int n_pieces, next; /* next: the number the next entry must have; 0: complete */
	uint8_t checksum;
};

int fat_add_node(struct fat_reader *r, struct fat_node n, struct err *e)
{
	if (n.name && r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct fat_node *v = reallocarray(r->v, cap, sizeof(*v));
		if (!v) {
			free(n.name);
			return err_oom(e);
		}
		r->v = v;
		r->cap = cap;
	}
	if (!n.name)
		return err_oom(e);
	r->v[r->n++] = n;
	return 0;
}

static int64_t decode_time(const uint8_t *entry)
{
	uint16_t time = get_le16(entry + 22), date = get_le16(entry + 24);
	struct tm tm = { .tm_year = 80 + (date >> 9),
			 .tm_mon = (date >> 5 & 15) - 1,
			 .tm_mday = date & 31,
			 .tm_hour = time >> 11,
			 .tm_min = time >> 5 & 63,
			 .tm_sec = (time & 31) * 2 };

	return date ? (int64_t)timegm(&tm) : 0;
}

static int add_piece(struct long_name *l, const uint8_t *entry, struct err *e)
{
	static const uint8_t at[FAT_LONG_UNITS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned int number = entry[0] & 0x3f;

	if (entry[0] & 0x40)
		*l = (struct long_name){ .n_pieces = number,
					 .next = number,
					 .checksum = entry[13] };
	if (!number || number > LONG_PIECES_MAX || number != l->next || entry[13] != l->checksum)
		return err_set(e, -EINVAL, "bad long name");
	for (size_t i = 0; i < FAT_LONG_UNITS; i++)
		l->units[(number - 1) * FAT_LONG_UNITS + i] = get_le16(entry + at[i]);
	l->next--;
	return 0;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf00 >> n) | c);
	return n;
}

/* Return: on the heap; NULL: no name, or no memory */
static char *long_to_utf8(const struct long_name *l)
{
	size_t max = l->n_pieces * FAT_LONG_UNITS, n = 0;
	char *out = malloc(3 * max + 1);

	for (size_t i = 0; out && i < max && l->units[i]; i++) {
		uint32_t c = l->units[i];
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < max && l->units[i + 1] >= 0xdc00 &&
		    l->units[i + 1] < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + (l->units[++i] - 0xdc00u);
		if (c == '/' || (c >= 0xd800 && c < 0xe000)) {
			free(out);
			return NULL;
		}
		n += put_utf8(out + n, c);
	}
	if (out)
		out[n] = 0;
	if (out && (!n || str_eq(out, ".") || str_eq(out, ".."))) {
		free(out);
		return NULL;
	}
	return out;
}

/* Return: length, 0 if there is a character that only a code page could tell */
static size_t short_part(const uint8_t *from, size_t max, bool small, char *out)
{
	size_t n = max;

	while (n && from[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < n; i++) {
		if (from[i] < 0x20 || from[i] >= 0x7f || from[i] == '/' || from[i] == '.')
			return 0;
		out[i] = small && from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32)
								   : (char)from[i];
	}
	return n;
}

static char *short_name(const uint8_t *entry)
{
	char name[FAT_SHORT_BYTES + 2];
	bool has_ext = entry[8] != ' ';
	size_t n = short_part(entry, 8, entry[12] & CASE_BASE, name);

	if (!n)
		return NULL;
	if (has_ext) {
		name[n] = '.';
		size_t ext = short_part(entry + 8, 3, entry[12] & CASE_EXT, name + n + 1);
		if (!ext)
			return NULL;
		n += 1 + ext;
	}
	return strndup(name, n);
}

/*
 * The chain of a file has room for it, that of a directory is as long as it is. More room than that is what the kernel
 * leaves when power is cut while it writes: the entry gets its size last.
 */
static int read_node_chain(struct fat_reader *r, struct fat_node *n, struct err *e)
{
	uint32_t n_clusters = 0;

	if (n->first_cluster || n->is_dir) {
		int ret = fat_read_chain(r, n->first_cluster, &n->first_run, &n->n_runs,
					 &n_clusters, e);
		if (ret < 0)
			return ret;
	}
	uint64_t bytes = (uint64_t)n_clusters * r->g.cluster_bytes;
	if (n->is_dir ? bytes > FAT_DIR_BYTES_MAX
		      : n_clusters < div_round_up(n->size_bytes, r->g.cluster_bytes))
		return err_set(e, -EINVAL, "%u bytes in %u clusters", n->size_bytes, n_clusters);
	return 0;
}

static int add_entry(struct fat_reader *r, size_t dir, const uint8_t *entry,
		     const struct long_name *l, struct err *e)
{
	struct fat_node n = { .is_dir = entry[11] & FAT_ATTR_DIR, .mtime = decode_time(entry) };

	if (l->next || (l->n_pieces && l->checksum != fat_name_checksum(entry)))
		return err_set(e, -EINVAL, "a long name that does not belong to its entry");
	memcpy(n.entry, entry, sizeof(n.entry));
	n.size_bytes = n.is_dir ? 0 : get_le32(entry + 28);
	n.first_cluster = get_le16(entry + 26);
	if (r->g.entry_bytes == 4)
		n.first_cluster |= (uint32_t)get_le16(entry + 20) << 16;
	n.name = l->n_pieces ? long_to_utf8(l) : short_name(entry);
	if (!n.name)
		return err_set(e, -EINVAL, "bad name in a directory");
	int ret = read_node_chain(r, &n, e);
	if (ret < 0) {
		err_wrap(e, ret, "%s", n.name);
		free(n.name);
		return ret;
	}
	r->v[dir].n_children++;
	return fat_add_node(r, n, e);
}

static bool is_dots(const uint8_t *entry)
{
	return memcmp(entry, ".          ", FAT_SHORT_BYTES) == 0 ||
	       memcmp(entry, "..         ", FAT_SHORT_BYTES) == 0;
}

static int load_dir(const struct fat_reader *r, const struct fat_node *dir, uint8_t **ret,
		    size_t *ret_len, struct err *e)
{
	bool fixed_root = dir == &r->v[0] && r->g.entry_bytes == 2;
	uint64_t len = fixed_root ? (uint64_t)r->g.root_sectors * r->g.sector_bytes : 0;

	for (size_t i = 0; i < dir->n_runs; i++)
		len += (uint64_t)r->runs[dir->first_run + i].n_clusters * r->g.cluster_bytes;
	if (len > FAT_DIR_BYTES_MAX)
		return err_set(e, -EINVAL, "a directory of %llu bytes", (unsigned long long)len);
	_cleanup_free_ uint8_t *data = malloc(len);
	if (!data)
		return err_oom(e);
	int n = fixed_root ? source_pread(r->src, r->g.root_at, data, len, e)
			   : fat_read_runs(r, dir, 0, data, len, e);
	if (n < 0)
		return n;
	*ret = TAKE_PTR(data);
	*ret_len = (size_t)len;
	return 0;
}

int fat_read_dir(struct fat_reader *r, size_t dir, struct err *e)
{
	_cleanup_free_ uint8_t *data = NULL;
	struct long_name l = { 0 };
	size_t len = 0;

	int n = load_dir(r, &r->v[dir], &data, &len, e);
	r->v[dir].first_child = r->n;
	for (size_t at = 0; n == 0 && at < len && data[at]; at += FAT_ENTRY_BYTES) {
		const uint8_t *entry = data + at;
		uint8_t attr = entry[11] & FAT_ATTR_MASK;
		if (attr == FAT_ATTR_LONG && entry[0] != 0xe5) {
			n = add_piece(&l, entry, e);
			continue;
		}
		if (entry[0] != 0xe5 && !(attr & FAT_ATTR_LABEL) && !(dir && is_dots(entry)))
			n = add_entry(r, dir, entry, &l, e);
		l = (struct long_name){ 0 };
	}
	return n;
}
