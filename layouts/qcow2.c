/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: what its header says, and where a cluster of the disk is. */
#include "layouts/qcow2.h"

#define CLUSTER_BITS_MIN 9
#define CLUSTER_BITS_MAX 21
#define L1_BYTES_MAX	 (32 * MiB) /* as QEMU has it */
#define REFCOUNT_ORDER	 4	    /* of version 2 */

enum {
	INCOMPAT_CORRUPT = 1 << 1,
	INCOMPAT_DATA_FILE = 1 << 2,
	INCOMPAT_COMPRESSION = 1 << 3,
	INCOMPAT_SUBCLUSTERS = 1 << 4,
};

static const char magic[] = "QFI\xfb";

static bool qcow2_probe(const struct source *file)
{
	uint8_t start[8];
	struct err e;

	return source_pread(file, 0, start, sizeof(start), &e) == 0 &&
	       memcmp(start, magic, sizeof(magic) - 1) == 0;
}

static int check_features(uint64_t bits, struct err *e)
{
	if (bits & INCOMPAT_CORRUPT)
		return err_set(e, -EBADMSG, "it is marked as corrupt");
	if (bits & INCOMPAT_DATA_FILE)
		return err_set(
			e, -EOPNOTSUPP,
			"its data are in another file: convert it into one that is whole, as "
			"with qemu-img convert -O qcow2");
	if (bits & INCOMPAT_SUBCLUSTERS)
		return err_set(
			e, -EOPNOTSUPP,
			"it has subclusters (extended_l2), which are not read: convert it, as "
			"with qemu-img convert -O qcow2");
	if (bits & ~(uint64_t)(QCOW2_INCOMPAT_DIRTY | INCOMPAT_CORRUPT | INCOMPAT_COMPRESSION))
		return err_set(e, -EOPNOTSUPP, "features %#llx are not known",
			       (unsigned long long)bits);
	return 0;
}

static int parse_v3(struct qcow2 *q, struct err *e)
{
	const uint8_t *h = q->header;
	uint64_t bits = get_be64(h + QCOW2_INCOMPATIBLE);

	q->header_bytes = get_be32(h + QCOW2_HEADER_BYTES);
	q->refcount_order = get_be32(h + QCOW2_REFCOUNT_ORDER);
	if (q->header_bytes < QCOW2_V3_HEADER || q->header_bytes % 8)
		return err_set(e, -EBADMSG, "a header of %u bytes", q->header_bytes);
	if (q->refcount_order > 6)
		return err_set(e, -EBADMSG, "refcounts of 2^%u bits", q->refcount_order);
	if (q->header_bytes > QCOW2_HEADER_MAX)
		return err_set(e, -EOPNOTSUPP, "a header of %u bytes, of which %u are known",
			       q->header_bytes, QCOW2_HEADER_MAX);
	/* What follows a short header is extensions, and no field. */
	memset(q->header + q->header_bytes, 0, sizeof(q->header) - q->header_bytes);
	uint8_t compression = h[QCOW2_COMPRESSION];
	if (compression > 1 || (compression != 0) != ((bits & INCOMPAT_COMPRESSION) != 0))
		return err_set(e, -EBADMSG, "compression %u with features %#llx", compression,
			       (unsigned long long)bits);
	q->zstd = compression == 1;
	return check_features(bits, e);
}

static int parse_version(struct qcow2 *q, struct err *e)
{
	uint32_t version = get_be32(q->header + QCOW2_VERSION);

	if (version == 3)
		return parse_v3(q, e);
	if (version != 2)
		return err_set(e, -EOPNOTSUPP, "version %u is not read, only 2 and 3", version);
	q->header_bytes = QCOW2_V2_HEADER;
	q->refcount_order = REFCOUNT_ORDER;
	memset(q->header + QCOW2_V2_HEADER, 0, sizeof(q->header) - QCOW2_V2_HEADER);
	return 0;
}

static int parse_header(struct qcow2 *q, struct err *e)
{
	const uint8_t *h = q->header;

	q->cluster_bits = get_be32(h + QCOW2_CLUSTER_BITS);
	if (q->cluster_bits < CLUSTER_BITS_MIN || q->cluster_bits > CLUSTER_BITS_MAX)
		return err_set(e, -EBADMSG, "clusters of 2^%u bytes", q->cluster_bits);
	if (get_be64(h + QCOW2_BACKING_OFFSET) || get_be32(h + QCOW2_BACKING_BYTES))
		return err_set(e, -EOPNOTSUPP,
			       "it is a snapshot over another file: convert it into one that is "
			       "whole, as with qemu-img convert -O qcow2");
	if (get_be32(h + QCOW2_CRYPT))
		return err_set(e, -EOPNOTSUPP,
			       "it is encrypted: convert it, as with qemu-img convert");
	q->cluster_bytes = UINT64_C(1) << q->cluster_bits;
	q->c.disk.size_bytes = get_be64(h + QCOW2_SIZE);
	q->n_clusters = div_round_up(q->c.disk.size_bytes, q->cluster_bytes);
	q->l1_entries = get_be32(h + QCOW2_L1_ENTRIES);
	return 0;
}

static int read_l1(struct qcow2 *q, struct err *e)
{
	uint64_t at = get_be64(q->header + QCOW2_L1_OFFSET);

	if (q->l1_entries < div_round_up(q->n_clusters, q->cluster_bytes / 8))
		return err_set(e, -EBADMSG, "a table of %llu entries for a disk of %llu bytes",
			       (unsigned long long)q->l1_entries,
			       (unsigned long long)q->c.disk.size_bytes);
	if (q->l1_entries * 8 > MIN(L1_BYTES_MAX, q->c.file->size_bytes))
		return err_set(e, -EBADMSG, "a table of %llu entries is too large",
			       (unsigned long long)q->l1_entries);
	if (at % q->cluster_bytes)
		return err_set(e, -EBADMSG, "its table lies at %llu", (unsigned long long)at);
	q->l1 = malloc((size_t)q->l1_entries * 8 + 1);
	if (!q->l1)
		return err_oom(e);
	int r = source_pread(q->c.file, at, q->l1, (size_t)q->l1_entries * 8, e);
	return r == -ERANGE ? err_set(e, -EBADMSG, "its table lies outside of the file") : r;
}

static int make_slots(struct qcow2 *q, struct err *e)
{
	q->slots = calloc(QCOW2_SLOTS, sizeof(*q->slots));
	if (!q->slots)
		return err_oom(e);
	for (size_t i = 0; i < QCOW2_SLOTS; i++)
		pthread_mutex_init(&q->slots[i].lock, NULL);
	return 0;
}

static void qcow2_free(struct container *c)
{
	struct qcow2 *q = (struct qcow2 *)c;

	for (size_t i = 0; q->slots && i < QCOW2_SLOTS; i++) {
		pthread_mutex_destroy(&q->slots[i].lock);
		free(q->slots[i].data);
	}
	free(q->slots);
	free(q->l1);
	free(q);
}

static int qcow2_open(const struct source *file, struct container **ret, struct err *e)
{
	static const struct source_ops disk_ops = { .pread = qcow2_pread };
	_cleanup_(container_free) struct container *owner = NULL;
	struct qcow2 *q = calloc(1, sizeof(*q));

	if (!q)
		return err_oom(e);
	owner = &q->c;
	q->c = (struct container){ .ops = &container_qcow2,
				   .file = file,
				   .disk = { .ops = &disk_ops, .fd = -1 } };
	if (file->size_bytes < sizeof(q->header))
		return err_set(e, -EBADMSG, "cut short: %llu bytes",
			       (unsigned long long)file->size_bytes);
	int r = source_pread(file, 0, q->header, sizeof(q->header), e);
	if (r == 0)
		r = parse_version(q, e);
	if (r == 0)
		r = parse_header(q, e);
	if (r == 0)
		r = read_l1(q, e);
	if (r == 0)
		r = make_slots(q, e);
	if (r == 0)
		*ret = TAKE_PTR(owner);
	return r;
}

int qcow2_table(const struct qcow2 *q, uint64_t l1_index, uint64_t *ret, struct err *e)
{
	uint64_t entry = get_be64(q->l1 + 8 * l1_index), at = entry & QCOW2_OFFSET;

	if ((entry & ~(QCOW2_OFFSET | QCOW2_ONLY)) || at % q->cluster_bytes ||
	    at > q->c.file->size_bytes || (at && q->c.file->size_bytes - at < q->cluster_bytes))
		return err_set(e, -EBADMSG, "entry %llu of its table is %#llx",
			       (unsigned long long)l1_index, (unsigned long long)entry);
	*ret = at;
	return 0;
}

/* The lower bits tell where, those from there on in how many sectors besides the first. */
static int packed_place(const struct qcow2 *q, uint64_t entry, struct qcow2_place *ret,
			struct err *e)
{
	unsigned int shift = 62 - (q->cluster_bits - 8);
	uint64_t at = entry & ((UINT64_C(1) << shift) - 1);
	uint64_t n_sectors = (entry & (QCOW2_PACKED - 1)) >> shift;
	uint64_t size = q->c.file->size_bytes;

	if (at == 0 || at >= size)
		return err_set(e, -EBADMSG, "a compressed cluster lies at %llu of %llu bytes",
			       (unsigned long long)at, (unsigned long long)size);
	uint64_t len = (n_sectors + 1) * QCOW2_SECTOR - at % QCOW2_SECTOR;
	*ret = (struct qcow2_place){ QCOW2_IS_PACKED, at, len };
	return 0;
}

int qcow2_place(const struct qcow2 *q, uint64_t entry, struct qcow2_place *ret, struct err *e)
{
	uint64_t at = entry & QCOW2_OFFSET;
	bool v3 = get_be32(q->header + QCOW2_VERSION) == 3;

	if (entry & QCOW2_PACKED)
		return packed_place(q, entry, ret, e);
	if ((entry & ~(QCOW2_OFFSET | QCOW2_ONLY | (v3 ? QCOW2_ZERO : 0))) || at % q->cluster_bytes)
		return err_set(e, -EBADMSG, "a cluster is told to be at %#llx",
			       (unsigned long long)entry);
	bool zero = !at || (entry & QCOW2_ZERO);
	*ret = (struct qcow2_place){ zero ? QCOW2_IS_ZERO : QCOW2_IS_DATA, at,
				     at ? q->cluster_bytes : 0 };
	return 0;
}

const struct container_ops container_qcow2 = {
	.name = "qcow2",
	.probe = qcow2_probe,
	.open = qcow2_open,
	.check = qcow2_check,
	.free = qcow2_free,
};
