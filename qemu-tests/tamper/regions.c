/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk in pieces: what each byte of it is for. */
#include "qemu-tests/tamper/families.h"
#include "signing/root_hash.h"
#include "stage1/fs/fat.h"

struct regions {
	const struct tamper *t;
	struct tamper_region *v;
	size_t n;
};

static void add(struct regions *rs, const char *part, const char *what, uint64_t at, uint64_t end)
{
	if (at >= end || rs->n == TAMPER_REGIONS_MAX)
		return;
	struct tamper_region *x = &rs->v[rs->n++];
	snprintf(x->name, sizeof(x->name), "%s: %s", part, what);
	x->at = at;
	x->len = end - at;
}

static void add_part(struct regions *rs, const struct image_partition *p, const char *what,
		     uint64_t from, uint64_t to)
{
	add(rs, p->name, what, p->start_bytes + from, p->start_bytes + MIN(to, p->src.size_bytes));
}

static void add_table(struct regions *rs, const struct gpt *g, const char *name)
{
	uint64_t used = 0, entries = (uint64_t)g->n_entries * g->entry_bytes;
	struct gpt_entry x;

	for (uint32_t i = 0; i < g->n_entries; i++)
		if (gpt_entry(g, i, &x))
			used = (uint64_t)(i + 1) * g->entry_bytes;
	add(rs, name, "header", g->header_at, g->header_at + GPT_HEADER_BYTES);
	add(rs, name, "rest of the header's sector", g->header_at + GPT_HEADER_BYTES,
	    g->header_at + g->sector_bytes);
	add(rs, name, "entries in use", g->entries_at, g->entries_at + used);
	add(rs, name, "entries not in use", g->entries_at + used, g->entries_at + entries);
}

static int by_place(const void *a, const void *b)
{
	const struct image_partition *const *x = a, *const *y = b;

	return (*x)->start_bytes < (*y)->start_bytes ? -1 : (*x)->start_bytes > (*y)->start_bytes;
}

static void add_gaps(struct regions *rs)
{
	const struct image *image = rs->t->image;
	const struct image_partition *p[64];
	size_t n = MIN(image->n_partitions, ARRAY_SIZE(p));
	uint64_t end = image->primary.entries_at +
		       (uint64_t)image->primary.n_entries * image->primary.entry_bytes;

	for (size_t i = 0; i < n; i++)
		p[i] = &image->partitions[i];
	qsort(p, n, sizeof(p[0]), by_place);
	for (size_t i = 0; i < n; i++) {
		add(rs, "disk", "gap", end, p[i]->start_bytes);
		end = p[i]->start_bytes + p[i]->src.size_bytes;
	}
	add(rs, "disk", "tail", end, image->backup.entries_at);
}

/* Where the first free cluster lies: our writer leaves none free before it. */
static int fat_used_end(const struct image_partition *p, uint64_t fat_at, uint64_t data_at,
			uint32_t cluster_bytes, uint32_t entry_bytes, uint64_t *ret, struct err *e)
{
	uint8_t x[4] = { 1 };

	*ret = data_at;
	for (uint64_t i = 2; *ret < p->src.size_bytes; i++, *ret += cluster_bytes) {
		int r = source_pread(&p->src, fat_at + i * entry_bytes, x, entry_bytes, e);
		if (r < 0)
			return r;
		if (get_le16(x) == 0 && (entry_bytes == 2 || get_le16(x + 2) == 0))
			return 0;
	}
	return 0;
}

static int add_esp(struct regions *rs, const struct image_partition *p, struct err *e)
{
	uint8_t b[512];
	int r = source_pread(&p->src, 0, b, sizeof(b), e);

	if (r < 0)
		return r;
	uint64_t sector = get_le16(b + 11), fat = get_le16(b + 14) * sector;
	uint64_t table = (get_le16(b + 22) ? get_le16(b + 22) : get_le32(b + 36)) * sector;
	uint64_t root = fat + 2 * table, data = root + get_le16(b + 17) * (uint64_t)FAT_ENTRY_BYTES;
	uint64_t total = (get_le16(b + 19) ? get_le16(b + 19) : get_le32(b + 32)) * sector, used;
	uint32_t entry = get_le16(b + 22) ? 2 : 4;

	r = fat_used_end(p, fat, data, (uint32_t)(b[13] * sector), entry, &used, e);
	if (r < 0)
		return r;
	uint64_t n_used = 2 + (used - data) / (b[13] * sector);
	add_part(rs, p, "boot sector", 0, sector);
	add_part(rs, p, "reserved sectors", sector, fat);
	add_part(rs, p, "first table", fat, fat + n_used * entry);
	add_part(rs, p, "first table, free clusters", fat + n_used * entry, fat + table);
	add_part(rs, p, "second table", fat + table, fat + table + n_used * entry);
	add_part(rs, p, "second table, free clusters", fat + table + n_used * entry, root);
	add_part(rs, p, "root directory", root, data);
	/* Directories come first. */
	add_part(rs, p, "directories", data, MIN(data + 4096, used));
	add_part(rs, p, "clusters in use", data, used);
	add_part(rs, p, "free clusters", used, total);
	add_part(rs, p, "behind the file system", total, p->src.size_bytes);
	return 0;
}

static void add_levels(struct regions *rs, const struct tamper_usr *u)
{
	uint64_t block = u->params.hash_block_bytes;

	for (unsigned int i = 0; i < u->geometry.n_levels; i++) {
		uint64_t below = i ? u->geometry.level_blocks[i - 1] : u->params.data_blocks;
		uint64_t at = u->geometry.level_first_block[i] * block;
		char what[32];
		snprintf(what, sizeof(what), "level %u", i);
		add_part(rs, u->hash, what, at, at + below * VERITY_ROOT_HASH_BYTES);
		snprintf(what, sizeof(what), "level %u, padding", i);
		add_part(rs, u->hash, what, at + below * VERITY_ROOT_HASH_BYTES,
			 at + u->geometry.level_blocks[i] * block);
	}
}

static int add_usr(struct regions *rs, struct err *e)
{
	struct tamper_usr u;
	int r = tamper_usr_open(rs->t, &u, e);

	if (r < 0)
		return r;
	add_part(rs, u.data, "file system", 0, u.geometry.data_bytes);
	add_part(rs, u.data, "its superblock", 1024, 2048);
	add_part(rs, u.data, "behind the data", u.geometry.data_bytes, UINT64_MAX);
	add_part(rs, u.hash, "superblock", 0, VERITY_SUPERBLOCK_BYTES);
	add_part(rs, u.hash, "behind the superblock", VERITY_SUPERBLOCK_BYTES,
		 u.params.hash_block_bytes);
	add_levels(rs, &u);
	add_part(rs, u.hash, "behind the tree", u.geometry.total_bytes, UINT64_MAX);
	return 0;
}

static int add_sig(struct regions *rs, const struct image_partition *p, struct err *e)
{
	char text[4097] = "";
	size_t len = (size_t)MIN(p->src.size_bytes, sizeof(text) - 1);
	int r = source_pread(&p->src, 0, text, len, e);

	if (r < 0)
		return r;
	add_part(rs, p, "JSON", 0, strlen(text));
	add_part(rs, p, "padding", strlen(text), len);
	add_part(rs, p, "behind the padding", len, UINT64_MAX);
	return 0;
}

int tamper_regions(const struct tamper *t, struct tamper_region *v, size_t *ret_n, struct err *e)
{
	static const char *const empty[] = { "usr-b", "usr-verity-b", "usr-verity-sig-b" };
	struct regions rs = { .t = t, .v = v };
	const struct image_partition *p;

	add(&rs, "disk", "protective MBR", 0, 512);
	add_table(&rs, &t->image->primary, "table");
	add_table(&rs, &t->image->backup, "backup table");
	add_gaps(&rs);
	int r = tamper_partition(t, "esp", &p, e);
	if (r == 0)
		r = add_esp(&rs, p, e);
	if (r == 0)
		r = add_usr(&rs, e);
	if (r == 0)
		r = tamper_partition(t, "usr-verity-sig-a", &p, e);
	if (r == 0)
		r = add_sig(&rs, p, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(empty); i++) {
		p = image_find(t->image, empty[i]);
		if (p)
			add_part(&rs, p, "empty slot", 0, UINT64_MAX);
	}
	*ret_n = rs.n;
	return r;
}
