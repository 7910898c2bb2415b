/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Filesystems in images: one interface for writing a tree and one for reading an image, whatever the
 * type. Readers are bounded against any input: they never loop, overrun or allocate by an unchecked
 * number.
 */
#include "base/pool.h"
#include "base/progress.h"
#include "base/sink.h"
#include "base/source.h"
#include "stage1/fs/compression.h"
#include "stage1/tree/tree.h"

struct fs_params {
	uint8_t uuid[16];      /* FAT uses the first 4 bytes as its volume id */
	uint8_t hash_seed[16]; /* ext4's directory hash */
	const char *label;     /* NULL: none */
	int64_t time;	       /* seconds since 1970, for every time that is not a file's own */
	uint64_t size_bytes;   /* 0: as small as the content allows */
	uint32_t sector_bytes; /* FAT's logical sector: 512 or 4096; 0: 512 */
	enum fs_compression compression; /* erofs only */
	int level;			 /* of compression; 0: the algorithm's own default */
	uint32_t cluster_bytes;		 /* of compression: compressed together; 0: 4096 */
	int spool_fd; /* an empty file that keeps compressed contents until the write; 0: memory */
	struct pool *pool;	   /* may be NULL */
	struct progress *progress; /* may be NULL */
};

/* A filesystem that is planned: its size, and whatever else its writer has worked out. */
struct fs_plan {
	const struct fs_writer *writer;
	const struct tree *tree; /* borrowed, must not change while the plan lives */
	struct fs_params params; /* its pointers are borrowed */
	uint64_t bytes;		 /* exact size of the image, a multiple of 4096 */
};

/*
 * A writer numbers the inodes of the tree (tree_inode.number) for itself: one plan of a tree at a
 * time. Everything written is a function of the tree and of the parameters' values, not of the pool.
 */
struct fs_writer {
	const char *name; /* "ext4", "vfat" */
	/*
	 * plan() - check that the tree can be written and work out how large the image will be
	 * Return: 0; -ENOSPC it does not fit into p->size_bytes (the message names what it takes);
	 * -EINVAL something the type cannot hold, with its path; -ENOMEM
	 */
	int (*plan)(const struct tree *t, const struct fs_params *p, struct fs_plan **ret,
		    struct err *e);
	/* write() - once; the sink reads as zeros wherever nothing is written */
	int (*write)(struct fs_plan *plan, struct sink *s, struct err *e);
	void (*free)(struct fs_plan *plan);
};

/** fs_plan_free() - of any writer; NULL is fine */
void fs_plan_free(struct fs_plan *plan);
DEFINE_CLEANUP(struct fs_plan *, fs_plan_free)

/*
 * ext4: no journal, blocks of 4096 bytes, nothing reserved, below 16 TiB. Attributes of user.*,
 * trusted.* and security.*, at most a block of them for each inode; ACLs are -EINVAL.
 */
extern const struct fs_writer fs_writer_ext4;
/*
 * vfat: FAT32, or FAT16 below about 256 MiB, never FAT12. Regular files below 4 GiB and directories
 * only, else -EINVAL; owners, modes and attributes are not kept, hard links become files. The label
 * is written in capitals.
 */
extern const struct fs_writer fs_writer_vfat;

/*
 * erofs: blocks of 4096 bytes, below 16 TiB. Attributes of user.*, trusted.* and security.*, and ACLs as
 * Linux has them in attributes. Equal contents are stored once.
 */
extern const struct fs_writer fs_writer_erofs;

/** fs_writer_find() - by name; NULL if there is none */
const struct fs_writer *fs_writer_find(const char *name);

/* An inode as a reader sees it. */
struct fs_stat {
	uint64_t ino;
	uint32_t mode, uid, gid, nlink;
	uint64_t size_bytes;
	int64_t mtime;
	uint32_t rdev_major, rdev_minor;
};

struct fs_extent {
	const char *own;      /* NULL: content; else what else of the inode lies there */
	uint64_t logical;     /* where in the content it begins */
	uint64_t content_len; /* how much of the content that is; of directories of FAT all of it */
	uint64_t offset;      /* where in the image it begins */
	uint64_t len;	      /* in the image: the last block may go beyond the content's end */
	bool compressed;      /* all of it is needed, whatever content_len is */
};

/*
 * A reader is used by one thread at a time; its callbacks may use it. Of FAT it opens FAT16 and FAT32,
 * of ext4 what has extents, no features that change its structures further (inline data, encryption,
 * a journal to be replayed) and no file larger than its filesystem.
 */
struct fs_reader;

struct fs_reader_ops {
	const char *name;
	int (*stat)(struct fs_reader *r, uint64_t ino, struct fs_stat *ret, struct err *e);
	/* Calls fn for each entry but "." and "..", in the image's order; not 0 from fn ends it. */
	int (*readdir)(struct fs_reader *r, uint64_t ino,
		       int (*fn)(void *ctx, const char *name, size_t len, uint64_t ino,
				 struct err *e),
		       void *ctx, struct err *e);
	/* Up to @len bytes of a file or of a symlink's target; *ret_len is less only at the end. */
	int (*read)(struct fs_reader *r, uint64_t ino, uint64_t off, void *data, size_t len,
		    size_t *ret_len, struct err *e);
	int (*xattrs)(struct fs_reader *r, uint64_t ino,
		      int (*fn)(void *ctx, const char *name, const void *value, size_t len,
				struct err *e),
		      void *ctx, struct err *e);
	void (*done)(struct fs_reader *r);

	/* How things are stored, for whoever compares or audits. A type may lack these. */

	/* The inode, or directory entry, as it is in the image: at most @size bytes; 0 if it has none. */
	int (*raw)(struct fs_reader *r, uint64_t ino, void *data, size_t size, size_t *ret_len,
		   struct err *e);
	/* Calls fn for each stretch of the image that holds an inode's content, in the content's order,
	 * and for what else is its alone or shared: the inode, attributes, extents. Stretches may overlap. */
	int (*extents)(struct fs_reader *r, uint64_t ino,
		       int (*fn)(void *ctx, const struct fs_extent *x, struct err *e), void *ctx,
		       struct err *e);
	/* What the filesystem keeps for itself at a byte of the image; "" if that is no such place. */
	void (*describe)(struct fs_reader *r, uint64_t off, char *out, size_t size);
};

struct fs_reader {
	const struct fs_reader_ops *ops;
	uint64_t root_ino;
	uint64_t size_bytes; /* of the filesystem; the source may be longer; 0: not told */
};

/** fs_reader_probe() - the type's name, by a cheap look; NULL: not a filesystem that we know */
const char *fs_reader_probe(const struct source *src);

/**
 * fs_reader_open() - probe the source and open it
 * @src: borrowed, must outlive the reader
 * Return: 0; -EINVAL not a filesystem that we know, or damaged
 */
int fs_reader_open(const struct source *src, struct fs_reader **ret, struct err *e) must_check;
void fs_reader_free(struct fs_reader *r);
DEFINE_CLEANUP(struct fs_reader *, fs_reader_free)

/** fs_reader_lookup() - inode at a path; symlinks are not followed; -ENOENT if there is none */
int fs_reader_lookup(struct fs_reader *r, const char *path, uint64_t *ret_ino,
		     struct err *e) must_check;

/**
 * fs_reader_append() - a file's whole content, and behind it a NUL that is not counted
 * @st: the file's; its size is the caller's to bound
 * Return: 0; -ENOMEM; what reading returns
 */
int fs_reader_append(struct fs_reader *r, const struct fs_stat *st, struct buf *to,
		     struct err *e) must_check;

/**
 * fs_reader_walk() - every name in the filesystem, parents first, names in byte order
 * @path: without a leading slash; "" is the root
 * Return: 0; what @fn returned; -EINVAL a damaged image (a directory loop, a bad entry). No part of a
 * path is "." or ".."
 */
int fs_reader_walk(struct fs_reader *r,
		   int (*fn)(void *ctx, const char *path, const struct fs_stat *st, struct err *e),
		   void *ctx, struct err *e) must_check;

/** fs_reader_walk_at() - the same from any inode on; paths are below it, and it is "" itself */
int fs_reader_walk_at(struct fs_reader *r, uint64_t ino,
		      int (*fn)(void *ctx, const char *path, const struct fs_stat *st,
				struct err *e),
		      void *ctx, struct err *e) must_check;

/** fs_type_name() - what people and programs are told of a mode's type: "file", "directory", "fifo" … */
const char *fs_type_name(uint32_t mode);
