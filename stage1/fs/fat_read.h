/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the FAT reader. Opening reads all directories and follows all chains, each cluster at
 * most once, so that loops and files that share clusters are found, and everything after is a look-up.
 */
#include "stage1/fs/fat.h"
#include "stage1/fs/reader.h"

/* Clusters that follow each other. */
struct fat_run {
	uint32_t cluster, n_clusters;
};

/* A file or directory; its inode number is its index + 1. */
struct fat_node {
	char *name;
	bool is_dir;
	uint32_t first_cluster;
	uint32_t size_bytes;
	int64_t mtime;
	size_t first_child, n_children;
	size_t first_run, n_runs;
	uint8_t entry[FAT_ENTRY_BYTES]; /* as it is in its directory; the root has none */
};

struct fat_reader {
	struct fs_reader base;
	const struct source *src;
	struct fat_geometry g;
	uint32_t root_cluster;
	struct fat_node *v;
	size_t n, cap;
	struct fat_run *runs;
	size_t n_runs, cap_runs;
	uint8_t *seen;	     /* a bit for each cluster */
	uint8_t window[512]; /* of the table, read once for many steps */
	uint64_t window_at;  /* its offset; UINT64_MAX: none */
};

/* fat_read.c */

/**
 * fat_read_chain() - follow a chain and remember its runs
 * @ret_clusters: how many there are
 * Return: 0; -EINVAL out of range, a loop, or a cluster of another chain
 */
int fat_read_chain(struct fat_reader *r, uint32_t first, size_t *ret_first_run, size_t *ret_n_runs,
		   uint32_t *ret_clusters, struct err *e) must_check;

/** fat_read_runs() - content of a chain; it is that long */
int fat_read_runs(const struct fat_reader *r, const struct fat_node *n, uint64_t off, void *data,
		  size_t len, struct err *e) must_check;

/* fat_read_dir.c */

/** fat_read_dir() - append a directory's entries to the nodes, and remember their chains */
int fat_read_dir(struct fat_reader *r, size_t dir, struct err *e) must_check;

/** fat_add_node() - @name moves to the node */
int fat_add_node(struct fat_reader *r, struct fat_node n, struct err *e) must_check;

/* fat_inspect.c: operations of struct fs_reader_ops */
int fat_raw(struct fs_reader *base, uint64_t ino, void *data, size_t size, size_t *ret_len,
	    struct err *e);
int fat_extents(struct fs_reader *base, uint64_t ino,
		int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		struct err *e);
void fat_describe(struct fs_reader *base, uint64_t off, char *out, size_t size);

/* fat_read.c */

/** fat_find_node() - of an inode number; NULL with @e set if there is none */
struct fat_node *fat_find_node(struct fat_reader *r, uint64_t ino, struct err *e);
