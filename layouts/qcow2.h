/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the reader of qcow2: the header and where clusters are in qcow2.c, their content in
 * qcow2_read.c, what no machine sees in qcow2_check.c. All numbers of the format are big-endian.
 */
#include <pthread.h>

#include "layouts/container.h"

#define QCOW2_OFFSET	     UINT64_C(0x00fffffffffffe00) /* of an entry of a table */
#define QCOW2_ONLY	     (UINT64_C(1) << 63) /* what it points to has a refcount of 1 */
#define QCOW2_PACKED	     (UINT64_C(1) << 62) /* level 2: it is compressed */
#define QCOW2_ZERO	     UINT64_C(1)	 /* level 2: it reads as zeros */
#define QCOW2_V2_HEADER	     72
#define QCOW2_SECTOR	     512 /* what lengths of compressed clusters are counted in */
#define QCOW2_SLOTS	     16
#define QCOW2_INCOMPAT_DIRTY UINT64_C(1)

/* Offsets in the header. */
enum {
	QCOW2_VERSION = 4,
	QCOW2_BACKING_OFFSET = 8,
	QCOW2_BACKING_BYTES = 16,
	QCOW2_CLUSTER_BITS = 20,
	QCOW2_SIZE = 24,
	QCOW2_CRYPT = 32,
	QCOW2_L1_ENTRIES = 36,
	QCOW2_L1_OFFSET = 40,
	QCOW2_REFCOUNT_OFFSET = 48,
	QCOW2_REFCOUNT_CLUSTERS = 56,
	QCOW2_N_SNAPSHOTS = 60,
	QCOW2_SNAPSHOTS_OFFSET = 64,
	QCOW2_INCOMPATIBLE = 72,
	QCOW2_COMPATIBLE = 80,
	QCOW2_AUTOCLEAR = 88,
	QCOW2_REFCOUNT_ORDER = 96,
	QCOW2_HEADER_BYTES = 100,
	QCOW2_COMPRESSION = 104,
	QCOW2_V3_HEADER = 104,
	QCOW2_HEADER_MAX = 112,
};

/* The compressed cluster that was unpacked last, of those that share the slot. */
struct qcow2_slot {
	pthread_mutex_t lock;
	uint64_t cluster;
	uint8_t *data; /* NULL: none yet */
};

struct qcow2 {
	struct container c;
	uint8_t header[QCOW2_HEADER_MAX]; /* what the file has less of is zero */
	uint32_t header_bytes;
	unsigned int cluster_bits, refcount_order;
	uint64_t cluster_bytes, n_clusters; /* of the disk */
	bool zstd;
	uint64_t l1_entries;
	uint8_t *l1;
	struct qcow2_slot *slots;
};

enum qcow2_kind { QCOW2_IS_ZERO, QCOW2_IS_DATA, QCOW2_IS_PACKED };

struct qcow2_place {
	enum qcow2_kind kind;
	uint64_t at;  /* in the file; 0: nowhere */
	uint64_t len; /* in the file: of what is compressed at most, it is told in sectors */
};

/** qcow2_table() - where the table of level 2 is that an entry of level 1 tells; 0: there is none */
int qcow2_table(const struct qcow2 *q, uint64_t l1_index, uint64_t *ret, struct err *e) must_check;

/** qcow2_place() - where a cluster is that an entry of level 2 tells */
int qcow2_place(const struct qcow2 *q, uint64_t entry, struct qcow2_place *ret,
		struct err *e) must_check;

/** qcow2_pread() - of the disk, for its struct source_ops */
int qcow2_pread(const struct source *disk, uint64_t off, void *data, size_t len,
		struct err *e) must_check;

/**
 * qcow2_unpack() - a compressed cluster
 * @data:     a cluster
 * @ret_used: how many bytes from @p->at on that took
 */
int qcow2_unpack(const struct qcow2 *q, const struct qcow2_place *p, uint8_t *data,
		 size_t *ret_used, struct err *e) must_check;

/** qcow2_check() - for struct container_ops */
int qcow2_check(const struct container *c, container_finding_fn *fn, void *ctx,
		struct err *e) must_check;
