/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of the FAT writer and reader. An image is laid out in order: reserved sectors, two file
 * allocation tables, the root directory (FAT16), clusters. Directories come first among these,
 * then files, each in one piece, so that all that is not used lies at the end.
 *
 * Spec: Microsoft, FAT: General Overview of On-Disk Format, version 1.03.
 */
#include "base/buf.h"
#include "stage1/fs/fs.h"

#define FAT_ENTRY_BYTES	   32
#define FAT_DIR_BYTES_MAX  (65536 * FAT_ENTRY_BYTES)
#define FAT_NAME_UNITS_MAX 255
#define FAT_SHORT_BYTES	   11
#define FAT_LONG_UNITS	   13 /* of a name in one entry */

#define FAT_ATTR_LABEL 0x08
#define FAT_ATTR_DIR   0x10
#define FAT_ATTR_FILE  0x20
#define FAT_ATTR_LONG  0x0f
#define FAT_ATTR_MASK  0x3f

/* A type is decided by the number of clusters; drivers differ by a few at the borders: keep away. */
#define FAT12_CLUSTERS_END 4085u
#define FAT16_CLUSTERS_END 65525u
#define FAT_CLUSTERS_END   0x0ffffff5u
#define FAT_BORDER	   16u

struct fat_geometry {
	uint32_t sector_bytes, cluster_bytes;
	uint32_t reserved_sectors, fat_sectors, root_sectors; /* of one table; 0 root: FAT32 */
	uint64_t total_sectors;
	uint32_t n_clusters;
	uint32_t entry_bytes;		   /* of the table: 2 or 4 */
	uint64_t fat_at, root_at, data_at; /* byte offsets */
};

struct fat_item {
	struct tree_node *node;
	size_t parent;	    /* index */
	size_t first_child; /* index; children follow each other in order */
	uint64_t bytes;	    /* of a file's content or of a directory's entries */
	uint32_t first_cluster, n_clusters;
};

struct fat_items {
	struct fat_item *v;
	size_t n, cap;
	uint8_t label[FAT_SHORT_BYTES]; /* all zero: none */
};

/* fat_name.c */

/**
 * fat_name_utf16() - a name as FAT stores it
 * @out: FAT_NAME_UNITS_MAX units
 * Return: 0; -EINVAL not UTF-8, too long, or not allowed
 */
int fat_name_utf16(const char *name, uint16_t *out, size_t *ret_n, struct err *e) must_check;

/** fat_name_is_short() - is it a name without need of a long one? Then @out is that. */
bool fat_name_is_short(const char *name, uint8_t out[FAT_SHORT_BYTES]);

/** fat_name_checksum() - of a short name, as its long name's entries repeat it */
uint8_t fat_name_checksum(const uint8_t name[FAT_SHORT_BYTES]);

/* The short names of one directory. */
struct fat_names {
	struct fat_name_slot *slots;
	size_t n_slots;
};

int fat_names_init(struct fat_names *s, size_t n_names, struct err *e) must_check;
void fat_names_done(struct fat_names *s);
#define _cleanup_fat_names_ __attribute__((cleanup(fat_names_done)))

/** fat_names_reserve() - a name that is not an alias; Return: false if it is taken */
bool fat_names_reserve(struct fat_names *s, const uint8_t name[FAT_SHORT_BYTES]);

/** fat_names_alias() - a free short name for a long one: LOADER, NODE_1~1.EFI */
void fat_names_alias(struct fat_names *s, const char *name, uint8_t out[FAT_SHORT_BYTES]);

/** fat_label() - a label in capitals, padded; Return: 0; -EINVAL too long, or not allowed */
int fat_label(const char *label, uint8_t out[FAT_SHORT_BYTES], struct err *e) must_check;

/* fat_dir.c */

/**
 * fat_dir_build() - append a directory's entries
 * Return: 0; -EINVAL a name that FAT cannot hold, two that differ in case only, too many; -ENOMEM
 */
int fat_dir_build(const struct fat_items *items, size_t i, struct buf *b, struct err *e) must_check;

/* fat_items.c */

/** fat_items_init() - all files and directories of a tree, and their sizes */
int fat_items_init(struct fat_items *items, const struct tree *t, const struct fs_params *p,
		   struct err *e) must_check;
void fat_items_done(struct fat_items *items);
#define _cleanup_fat_items_ __attribute__((cleanup(fat_items_done)))

/** fat_items_clusters() - how many clusters of this size they take; @fat32: the root too */
uint64_t fat_items_clusters(const struct fat_items *items, uint32_t cluster_bytes, bool fat32);

/** fat_items_place() - give clusters to all of them; Return: the first that is free */
uint32_t fat_items_place(struct fat_items *items, const struct fat_geometry *g);

/* fat_geometry.c */

/**
 * fat_geometry_plan() - type, cluster size and places
 * Return: 0; -ENOSPC; -EINVAL sector_bytes
 */
int fat_geometry_plan(const struct fat_items *items, const struct fs_params *p,
		      struct fat_geometry *ret, struct err *e) must_check;

static inline uint64_t fat_cluster_at(const struct fat_geometry *g, uint32_t cluster)
{
	return g->data_at + (uint64_t)(cluster - 2) * g->cluster_bytes;
}
