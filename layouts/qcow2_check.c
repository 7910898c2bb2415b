/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: every byte of the file accounted for, and every reference counted. */
#include <stdarg.h>

#include "layouts/qcow2.h"

#define EXTENSION_FEATURES 0x6803f857
#define FEATURE_BYTES	   48
#define TABLE_ENTRIES_MAX  (8 * MiB / 8) /* of the table of refcounts, as QEMU has it */
#define SCAN_BYTES	   (64 * KiB)

/* Something in the file: what of it has a meaning comes first, the rest of it nobody sees. */
struct stretch {
	uint64_t at, len, seen;
};

struct check {
	const struct qcow2 *q;
	container_finding_fn *fn;
	void *ctx;
	struct stretch *v;
	size_t n, cap;
	uint32_t *refs; /* to each cluster of the file */
	uint64_t n_refs;
};

static int printf_format(4, 5) must_check
	tell(const struct check *c, uint64_t offset, struct err *e, const char *fmt, ...)
{
	struct container_finding f = { .offset = offset };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.what, sizeof(f.what), fmt, ap);
	va_end(ap);
	return c->fn(c->ctx, &f, e);
}

static int add(struct check *c, const struct stretch *s, struct err *e)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 1024;
		struct stretch *v = reallocarray(c->v, cap, sizeof(*v));
		if (!v)
			return err_oom(e);
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n++] = *s;
	return 0;
}

/* A reference to each cluster that the bytes lie in. */
static void refer(struct check *c, uint64_t at, uint64_t len)
{
	uint64_t first = at >> c->q->cluster_bits, last = (at + len - 1) >> c->q->cluster_bits;

	for (uint64_t i = first; len && i <= last && i < c->n_refs; i++)
		c->refs[i]++;
}

static bool is_taken(const struct check *c, uint64_t at)
{
	uint64_t i = at >> c->q->cluster_bits;

	return i >= c->n_refs || c->refs[i];
}

static int add_clusters(struct check *c, uint64_t at, uint64_t len, uint64_t seen, struct err *e)
{
	refer(c, at, len);
	return add(c, &(struct stretch){ at, len, seen }, e);
}

static int check_features(const struct check *c, uint64_t at, uint32_t len, struct err *e)
{
	static const struct {
		uint8_t type, bit;
		const char *name;
	} known[] = { { 0, 0, "dirty bit" },
		      { 0, 1, "corrupt bit" },
		      { 0, 2, "external data file" },
		      { 0, 3, "compression type" },
		      { 0, 4, "extended L2 entries" },
		      { 1, 0, "lazy refcounts" },
		      { 2, 0, "bitmaps" },
		      { 2, 1, "raw external data" } };

	for (uint32_t i = 0; i < len; i += FEATURE_BYTES) {
		uint8_t x[FEATURE_BYTES] = { 0 }, want[FEATURE_BYTES];
		bool ok = false;
		int r = source_pread(c->q->c.file, at + i, x, MIN(sizeof(x), len - i), e);
		if (r < 0)
			return r;
		for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
			memset(want, 0, sizeof(want));
			want[0] = known[k].type;
			want[1] = known[k].bit;
			memcpy(want + 2, known[k].name, strlen(known[k].name));
			ok |= memcmp(x, want, sizeof(want)) == 0;
		}
		if (!ok)
			return tell(c, at + i, e, "the header names a feature that is not known");
	}
	return 0;
}

/* @ret_end: of the last one. */
static int check_extensions(const struct check *c, uint64_t *ret_end, struct err *e)
{
	uint64_t at = c->q->header_bytes,
		 limit = MIN(c->q->cluster_bytes, c->q->c.file->size_bytes);
	uint8_t head[8];
	int r = 0;

	while (r == 0 && limit - at >= sizeof(head)) {
		r = source_pread(c->q->c.file, at, head, sizeof(head), e);
		uint32_t type = get_be32(head), len = get_be32(head + 4);
		if (r < 0 || type == 0)
			break;
		if (len > limit - at - sizeof(head))
			return err_set(e, -EBADMSG, "an extension of its header of %u bytes", len);
		r = type == EXTENSION_FEATURES
			    ? check_features(c, at + sizeof(head), len, e)
			    : tell(c, at, e, "an extension of the header, of type %#x", type);
		at = MIN(limit, align_up(at + sizeof(head) + len, 8));
	}
	*ret_end = at;
	return r;
}

static int check_header(struct check *c, struct err *e)
{
	const uint8_t *h = c->q->header;
	uint64_t end = 0;
	size_t pad = QCOW2_COMPRESSION + 1;

	while (pad < QCOW2_HEADER_MAX && h[pad] == 0)
		pad++;
	const struct {
		bool bad;
		size_t at;
		const char *what;
	} findings[] = {
		{ get_be32(h + QCOW2_N_SNAPSHOTS) || get_be64(h + QCOW2_SNAPSHOTS_OFFSET),
		  QCOW2_N_SNAPSHOTS, "it holds snapshots of other states of the disk" },
		{ get_be64(h + QCOW2_INCOMPATIBLE) & QCOW2_INCOMPAT_DIRTY, QCOW2_INCOMPATIBLE,
		  "it is marked as in use, or as not closed since" },
		{ get_be64(h + QCOW2_COMPATIBLE) & ~UINT64_C(1), QCOW2_COMPATIBLE,
		  "compatible features that are not known" },
		{ get_be64(h + QCOW2_AUTOCLEAR), QCOW2_AUTOCLEAR,
		  "features of which programs keep data of their own in it" },
		{ pad < QCOW2_HEADER_MAX, pad, "bytes of the header are not zero" },
	};
	int r = check_extensions(c, &end, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(findings); i++)
		if (findings[i].bad)
			r = tell(c, findings[i].at, e, "%s", findings[i].what);
	return r ? r : add_clusters(c, 0, c->q->cluster_bytes, end, e);
}

static int refcount_table(const struct check *c, struct stretch *ret, struct err *e)
{
	const uint8_t *h = c->q->header;
	uint64_t at = get_be64(h + QCOW2_REFCOUNT_OFFSET);
	uint64_t len = (uint64_t)get_be32(h + QCOW2_REFCOUNT_CLUSTERS) << c->q->cluster_bits;

	if (at % c->q->cluster_bytes || len / 8 > TABLE_ENTRIES_MAX ||
	    at > c->q->c.file->size_bytes || len > c->q->c.file->size_bytes - at)
		return err_set(e, -EBADMSG,
			       "its table of refcounts is told to be %llu bytes at %llu",
			       (unsigned long long)len, (unsigned long long)at);
	*ret = (struct stretch){ at, len, len };
	return 0;
}

static int read_be64(const struct check *c, uint64_t at, uint64_t *ret, struct err *e)
{
	uint8_t raw[8];
	int r = source_pread(c->q->c.file, at, raw, sizeof(raw), e);

	*ret = r < 0 ? 0 : get_be64(raw);
	return r;
}

/* The table of refcounts and the blocks that it names. */
static int add_refcounts(struct check *c, const struct stretch *table, struct err *e)
{
	uint64_t cluster = c->q->cluster_bytes, size = c->q->c.file->size_bytes, block;

	int r = add_clusters(c, table->at, table->len, table->len, e);
	for (uint64_t i = 0; r == 0 && i < table->len; i += 8) {
		r = read_be64(c, table->at + i, &block, e);
		if (r < 0 || !block)
			continue;
		if (block % cluster || block > size || cluster > size - block)
			return err_set(e, -EBADMSG, "a block of refcounts is told to be at %#llx",
				       (unsigned long long)block);
		if (is_taken(c, block))
			r = tell(c, table->at + i, e,
				 "a block of refcounts lies where something else does");
		else
			r = add_clusters(c, block, cluster, cluster, e);
	}
	return r;
}

/* Tells also whether it says of itself to be the only reference; what is compressed never does. */
static int add_place(struct check *c, uint64_t number, uint64_t entry, uint64_t entry_at,
		     struct err *e)
{
	uint64_t disk_left = c->q->c.disk.size_bytes - number * c->q->cluster_bytes;
	struct qcow2_place p;

	int r = qcow2_place(c->q, entry, &p, e);
	if (r < 0 || !p.at)
		return r;
	if (((entry & QCOW2_ONLY) != 0) != (p.kind != QCOW2_IS_PACKED))
		r = tell(c, entry_at, e, "a cluster is told to be shared with a snapshot");
	if (r)
		return r;
	if (p.kind != QCOW2_IS_PACKED)
		return add_clusters(c, p.at, p.len,
				    p.kind == QCOW2_IS_ZERO ? 0 : MIN(p.len, disk_left), e);
	_cleanup_free_ uint8_t *data = malloc((size_t)c->q->cluster_bytes);
	size_t used = 0;
	if (!data)
		return err_oom(e);
	r = qcow2_unpack(c->q, &p, data, &used, e);
	if (r == 0 && align_up(p.at + used, QCOW2_SECTOR) != p.at + p.len)
		r = tell(c, entry_at, e, "a compressed cluster is told to be longer than it is");
	refer(c, p.at, p.len);
	return r ? r : add(c, &(struct stretch){ p.at, used, used }, e);
}

static int add_table(struct check *c, uint64_t l1_index, uint64_t table, struct err *e)
{
	uint64_t per_table = c->q->cluster_bytes / 8, first = l1_index * per_table, entry;
	int r = add_clusters(c, table, c->q->cluster_bytes, c->q->cluster_bytes, e);

	for (uint64_t i = 0; r == 0 && i < per_table; i++) {
		r = read_be64(c, table + 8 * i, &entry, e);
		if (r < 0 || !entry)
			continue;
		r = first + i < c->q->n_clusters
			    ? add_place(c, first + i, entry, table + 8 * i, e)
			    : tell(c, table + 8 * i, e, "a cluster behind the end of the disk");
	}
	return r;
}

static int add_disk(struct check *c, struct err *e)
{
	const struct qcow2 *q = c->q;
	uint64_t at = get_be64(q->header + QCOW2_L1_OFFSET), table = 0;
	uint64_t needed = div_round_up(q->n_clusters, q->cluster_bytes / 8);

	int r = add_clusters(c, at, q->l1_entries * 8, q->l1_entries * 8, e);
	for (uint64_t i = 0; r == 0 && i < q->l1_entries; i++) {
		uint64_t entry = get_be64(q->l1 + 8 * i);
		if (!entry)
			continue;
		r = qcow2_table(q, i, &table, e);
		if (r < 0)
			return r;
		if (i >= needed)
			r = tell(c, at + 8 * i, e, "a table behind the end of the disk");
		else if (is_taken(c, table))
			r = tell(c, at + 8 * i, e, "a table lies where something else does");
		else if (!(entry & QCOW2_ONLY))
			r = tell(c, at + 8 * i, e, "a table is told to be shared with a snapshot");
		else
			r = add_table(c, i, table, e);
	}
	return r;
}

static int cmp_stretch(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* The first byte that is not zero is told of each gap. */
static int check_gap(const struct check *c, uint64_t from, uint64_t to, struct err *e)
{
	uint8_t data[SCAN_BYTES];

	while (from < to) {
		size_t len = (size_t)MIN(sizeof(data), to - from), i = 0;
		int r = source_pread(c->q->c.file, from, data, len, e);
		if (r < 0)
			return r;
		while (i < len && !data[i])
			i++;
		if (i < len)
			return tell(c, from + i, e, "bytes that are no part of the disk");
		from += len;
	}
	return 0;
}

static int check_places(struct check *c, struct err *e)
{
	uint64_t end = 0, seen_end = 0, size = c->q->c.file->size_bytes;
	int r = 0;

	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), cmp_stretch);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct stretch *s = &c->v[i];
		if (s->at < end)
			r = tell(c, s->at, e, "two things lie in one place");
		if (r == 0)
			r = check_gap(c, seen_end, MIN(s->at, size), e);
		end = MAX(end, s->at + s->len);
		seen_end = MAX(seen_end, s->at + s->seen);
	}
	return r ? r : check_gap(c, seen_end, size, e);
}

static uint64_t refcount(const uint8_t *block, uint64_t i, unsigned int order)
{
	unsigned int bits = 1u << order;

	switch (order) {
	case 4:
		return (uint64_t)block[2 * i] << 8 | block[2 * i + 1];
	case 5:
		return get_be32(block + 4 * i);
	case 6:
		return get_be64(block + 8 * i);
	default:
		return block[i * bits / 8] >> (i * bits % 8) & ((1u << bits) - 1);
	}
}

/* Of the clusters from @first on, which are counted in one block; the first that is wrong is told. */
static int check_block(const struct check *c, uint64_t first, const uint8_t *block, struct err *e)
{
	uint64_t n = (c->q->cluster_bytes * 8) >> c->q->refcount_order;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t want = first + i < c->n_refs ? c->refs[first + i] : 0;
		uint64_t count = refcount(block, i, c->q->refcount_order);
		if (count != want)
			return tell(c, (first + i) << c->q->cluster_bits, e,
				    "its refcount is %llu, and there are %u references to it",
				    (unsigned long long)count, want);
	}
	return 0;
}

static int check_counts(const struct check *c, const struct stretch *table, struct err *e)
{
	uint64_t cluster = c->q->cluster_bytes, per_block = (cluster * 8) >> c->q->refcount_order;
	uint64_t n_blocks = MAX(table->len / 8, div_round_up(c->n_refs, per_block));
	_cleanup_free_ uint8_t *block = malloc((size_t)cluster);
	int r = block ? 0 : err_oom(e);

	for (uint64_t i = 0; r == 0 && i < n_blocks; i++) {
		uint64_t at = 0;
		if (i < table->len / 8)
			r = read_be64(c, table->at + 8 * i, &at, e);
		if (!at && i * per_block >= c->n_refs)
			continue;
		memset(block, 0, (size_t)cluster);
		if (r == 0 && at)
			r = source_pread(c->q->c.file, at, block, (size_t)cluster, e);
		if (r == 0)
			r = check_block(c, i * per_block, block, e);
	}
	return r;
}

static int check_all(struct check *c, struct err *e)
{
	struct stretch table = { 0 };

	int r = refcount_table(c, &table, e);
	if (r == 0)
		r = check_header(c, e);
	if (r == 0)
		r = add_refcounts(c, &table, e);
	if (r == 0)
		r = add_disk(c, e);
	if (r == 0)
		r = check_places(c, e);
	return r ? r : check_counts(c, &table, e);
}

int qcow2_check(const struct container *container, container_finding_fn *fn, void *ctx,
		struct err *e)
{
	const struct qcow2 *q = (const struct qcow2 *)container;
	struct check c = { .q = q, .fn = fn, .ctx = ctx };

	c.n_refs = div_round_up(q->c.file->size_bytes, q->cluster_bytes);
	c.refs = calloc(c.n_refs + 1, sizeof(*c.refs));
	int r = c.refs ? check_all(&c, e) : err_oom(e);
	free(c.refs);
	free(c.v);
	return r;
}
