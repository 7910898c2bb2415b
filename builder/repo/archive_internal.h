/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The inside of an archive: files and links that a lock needs, first listed, then put there. */
#include <stdatomic.h>

#include "builder/repo/archive.h"

#define ARCHIVE_LOCKS	 "locks"
#define ARCHIVE_INDICES	 "indices"
#define ARCHIVE_DISTS	 "dists"
#define ARCHIVE_KEYRINGS "keyrings"
#define ARCHIVE_README	 "README"

/* One file. */
struct archive_piece {
	char *path; /* relative to the archive */
	uint8_t sha256[SHA256_BYTES];
	const struct lock_package *package; /* its content is in the cache; NULL: it is @content */
	struct buf content;
	bool any_content; /* what is there already stays, whatever it is */
	bool there;
};

struct archive_link {
	char *path, *target; /* both relative to the archive */
	enum archive_link_kind {
		ARCHIVE_LINK_FIXED,  /* another target that is there is an error */
		ARCHIVE_LINK_FIRST,  /* what is there already stays */
		ARCHIVE_LINK_NEWEST, /* leads to whichever target's last name is the greatest */
	} kind;
};

struct archive {
	const struct archive_params *p;
	int fd;		 /* of the directory */
	char *lock_path; /* of the lock's directory */
	struct archive_piece *pieces;
	size_t n_pieces;
	struct archive_link *links;
	size_t n_links;
	atomic_uint_fast64_t done_bytes;
	uint64_t total_bytes; /* of packages */
};

/** archive_add_piece() - @path moves, NULL is -ENOMEM; the piece is valid until the next one */
int archive_add_piece(struct archive *a, char *path, struct archive_piece **ret,
		      struct err *e) must_check;

/** archive_add_text() - a piece with its content, which moves; its digest is computed */
int archive_add_text(struct archive *a, char *path, struct buf *content, struct err *e) must_check;

/** archive_add_link() - @path and @target move, NULL is -ENOMEM */
int archive_add_link(struct archive *a, char *path, char *target, enum archive_link_kind kind,
		     struct err *e) must_check;

/**
 * archive_open_file() - a regular file of the archive
 * Return: fd; -ENOENT without a message; -EINVAL it is something else; errno
 */
int archive_open_file(const struct archive *a, const char *path, struct err *e) must_check;

/** archive_other_bytes() - Return: -EEXIST, that a path of the archive has another content */
int archive_other_bytes(const struct archive *a, const char *path, struct err *e);

/** archive_check() - what is there of the pieces? -EEXIST: with another content */
int archive_check(struct archive *a, struct err *e) must_check;

/** archive_write() - the pieces that are not there, the lock last; then links, modes and times */
int archive_write(struct archive *a, struct err *e) must_check;

/** archive_plan_indices() - pieces and links of the lock's indices, with their contents */
int archive_plan_indices(struct archive *a, struct err *e) must_check;

/** archive_lock_readme() - what the lock's directory says of itself, to people */
void archive_lock_readme(const struct archive *a, struct buf *out);

/** archive_sums() - lines for sha256sum(1): of the packages, or of the indices */
void archive_sums(const struct archive *a, bool packages, struct buf *out);

extern const char archive_readme[];
