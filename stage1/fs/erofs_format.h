/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * EROFS as it is on the disk, little-endian: what our writer and our reader know of it.
 * Spec: Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h of Linux 6.12.
 */
#include <stdint.h>

#define EROFS_BLOCK_BITS   12
#define EROFS_BLOCK_BYTES  (1u << EROFS_BLOCK_BITS)
#define EROFS_SUPER_OFFSET 1024
#define EROFS_MAGIC	   0xe0f5e1e2u
#define EROFS_SLOT_BYTES   32 /* an inode's number counts these from the metadata's start */
#define EROFS_NAME_MAX	   255
#define EROFS_HOLE	   UINT32_MAX /* in place of a chunk's block */

/* Kernels that do not know one of these may read the image all the same. */
enum {
	EROFS_COMPAT_CHECKSUM = 0x1,
	EROFS_COMPAT_MTIME = 0x2,
};

/* Kernels that do not know one of these must not. */
enum {
	EROFS_INCOMPAT_LZ4_0PADDING = 0x1,
	EROFS_INCOMPAT_COMPR_CFGS = 0x2, /* also: clusters of several blocks */
	EROFS_INCOMPAT_CHUNKED_FILE = 0x4,
	EROFS_INCOMPAT_DEVICES = 0x8, /* or a second algorithm */
	EROFS_INCOMPAT_ZTAILPACKING = 0x10,
	EROFS_INCOMPAT_FRAGMENTS = 0x20, /* also: extents that several files share a part of */
	EROFS_INCOMPAT_XATTR_PREFIXES = 0x40,
};

struct erofs_super {
	uint32_t magic;
	uint32_t checksum; /* CRC32C from here to the block's end, with 0 in this field */
	uint32_t feature_compat;
	uint8_t block_bits;
	uint8_t ext_slots; /* more of the superblock, in units of 16 bytes */
	uint16_t root_nid;
	uint64_t n_inodes;
	uint64_t epoch; /* the time of compact inodes */
	uint32_t epoch_nsec;
	uint32_t n_blocks;
	uint32_t meta_block;
	uint32_t xattr_block; /* where shared attributes begin */
	uint8_t uuid[16];
	uint8_t label[16]; /* padded with zeros */
	uint32_t feature_incompat;
	uint16_t algorithms; /* with COMPR_CFGS a bit for each; else LZ4's greatest distance */
	uint16_t extra_devices;
	uint16_t device_slot;
	uint8_t dir_block_bits; /* 0: directory blocks are as large as others */
	uint8_t n_xattr_prefixes;
	uint32_t xattr_prefix_start; /* in units of 4 bytes */
	uint64_t packed_nid;
	uint8_t xattr_filter;
	uint8_t reserved[23];
};

/* How an inode's content is stored: bits 1 to 3 of its format. */
enum erofs_layout {
	EROFS_FLAT_PLAIN = 0,
	EROFS_COMPRESSED_FULL = 1, /* 8 bytes of index a logical cluster */
	EROFS_FLAT_INLINE = 2,	   /* the rest of the last block lies behind the inode */
	EROFS_COMPRESSED_COMPACT = 3,
	EROFS_CHUNKED = 4,
};

struct erofs_inode_compact {
	uint16_t format; /* bit 0: extended; layout << 1 */
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t n_links;
	uint32_t size;
	uint32_t reserved;
	uint32_t u; /* first block; compressed blocks; device number; chunk format */
	uint32_t ino;
	uint16_t uid, gid;
	uint32_t reserved2;
};

struct erofs_inode_extended {
	uint16_t format;
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t reserved;
	uint64_t size;
	uint32_t u;
	uint32_t ino;
	uint32_t uid, gid;
	uint64_t mtime;
	uint32_t mtime_nsec;
	uint32_t n_links;
	uint8_t reserved2[16];
};

#define EROFS_CHUNK_BITS_MASK 0x1f /* of u: log2 of a chunk's blocks */
#define EROFS_CHUNK_INDEXES   0x20 /* 8 bytes a chunk, else 4 */

/* Before an inode's own attributes; n_shared block-wide offsets of shared ones follow it. */
struct erofs_xattr_head {
	uint32_t name_filter;
	uint8_t n_shared;
	uint8_t reserved[7];
};

struct erofs_xattr_entry {
	uint8_t name_len;
	uint8_t name_index; /* bit 7: of a long prefix */
	uint16_t value_len;
	/* name without its namespace, value; the next one begins at a multiple of 4 */
};

enum {
	EROFS_XATTR_USER = 1,
	EROFS_XATTR_ACL_ACCESS = 2,
	EROFS_XATTR_ACL_DEFAULT = 3,
	EROFS_XATTR_TRUSTED = 4,
	EROFS_XATTR_SECURITY = 6,
	EROFS_XATTR_LONG_PREFIX = 0x80,
};

/*
 * With XATTR_PREFIXES: what names with bit 7 in their index begin with, by the other bits. Each begins at a
 * multiple of 4, in the packed inode's content or, where there is none, in the image: a 16-bit length, then
 * that many bytes, which are an index and what follows its namespace.
 */
struct erofs_xattr_prefix {
	uint16_t len;
	uint8_t name_index;
	/* rest */
} __attribute__((packed));

struct erofs_dirent {
	uint64_t nid;
	uint16_t
		name_offset; /* from the directory block's start; the first one tells their number */
	uint8_t type;
	uint8_t reserved;
} __attribute__((packed));

enum erofs_file_type {
	EROFS_FT_UNKNOWN,
	EROFS_FT_FILE,
	EROFS_FT_DIR,
	EROFS_FT_CHAR,
	EROFS_FT_BLOCK,
	EROFS_FT_FIFO,
	EROFS_FT_SOCKET,
	EROFS_FT_SYMLINK,
};

/* Compression. A physical cluster of one or more blocks holds an extent of the file. */
enum {
	EROFS_LZ4 = 0,
	EROFS_LZMA = 1,
	EROFS_DEFLATE = 2,
	EROFS_ZSTD = 3,
};

/*
 * At the next multiple of 8 behind inode and attributes; the index follows. With FRAGMENT the first 32 bits
 * are where in the packed inode the file's end is. With the highest bit of cluster_bits all of the file is
 * there, at what the other 63 bits say.
 */
struct erofs_map_head {
	uint16_t reserved;
	uint16_t tail_bytes; /* of an inline last cluster */
	uint16_t advise;
	uint8_t algorithms;   /* HEAD1's in the low four bits, HEAD2's in the high ones */
	uint8_t cluster_bits; /* of a logical cluster, less the block's */
};

#define EROFS_WHOLE_FRAGMENT 0x80 /* of cluster_bits */

enum {
	EROFS_ADVISE_COMPACT_2B = 0x1,
	EROFS_ADVISE_BIG_PCLUSTER_1 = 0x2,
	EROFS_ADVISE_BIG_PCLUSTER_2 = 0x4,
	EROFS_ADVISE_INLINE_PCLUSTER = 0x8,
	EROFS_ADVISE_INTERLACED = 0x10,
	EROFS_ADVISE_FRAGMENT = 0x20,
};

enum erofs_lcluster_type {
	EROFS_LCLUSTER_PLAIN = 0,   /* an extent begins here and is stored as it is */
	EROFS_LCLUSTER_HEAD1 = 1,   /* an extent begins here */
	EROFS_LCLUSTER_NONHEAD = 2, /* it began before */
	EROFS_LCLUSTER_HEAD2 = 3,
};

#define EROFS_LCLUSTER_PARTIAL 0x8000 /* of advise: the cluster holds more than this extent */
#define EROFS_LCLUSTER_CBLKCNT \
	0x800 /* in the first NONHEAD's distance: the cluster's blocks instead */

/* An entry of the full index. */
struct erofs_lcluster {
	uint16_t advise; /* enum erofs_lcluster_type */
	uint16_t offset; /* where in the logical cluster the extent begins */
	union {
		uint32_t block;
		uint16_t delta[2]; /* NONHEAD: distance to its head, to the next head */
	};
};

/* With COMPR_CFGS: behind the superblock, for each algorithm a 16-bit length and one of these. */
struct erofs_lz4_config {
	uint16_t max_distance;
	uint16_t max_cluster_blocks;
	uint8_t reserved[10];
};

struct erofs_zstd_config {
	uint8_t format;
	uint8_t window_log; /* less 10 */
	uint8_t reserved[4];
};

_Static_assert(sizeof(struct erofs_super) == 128, "superblock");
_Static_assert(sizeof(struct erofs_inode_compact) == 32, "compact inode");
_Static_assert(sizeof(struct erofs_inode_extended) == 64, "extended inode");
_Static_assert(sizeof(struct erofs_xattr_head) == 12, "attributes");
_Static_assert(sizeof(struct erofs_xattr_entry) == 4, "attribute");
_Static_assert(sizeof(struct erofs_dirent) == 12, "directory entry");
_Static_assert(sizeof(struct erofs_map_head) == 8, "map header");
_Static_assert(sizeof(struct erofs_lcluster) == 8, "index entry");
_Static_assert(sizeof(struct erofs_lz4_config) == 14, "LZ4's configuration");
_Static_assert(sizeof(struct erofs_zstd_config) == 6, "zstd's configuration");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structures are written as they are");

/* An inode's device number: 20 bits of minor around 12 of major, as Linux encodes it anew. */
static inline uint32_t erofs_rdev(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}
