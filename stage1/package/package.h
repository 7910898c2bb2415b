/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A package as it was read: what it says of itself, its files with their contents as blobs, and its
 * maintainer scripts as data (nothing ever runs them).
 */
#include "base/blob.h"
#include "base/pool.h"
#include "base/source.h"
#include "base/strv.h"

struct package_xattr {
	char *name;
	void *value;
	size_t len;
};

struct package_entry {
	char *path;    /* relative, no "./", no trailing slash; never empty, never with ".." */
	uint32_t mode; /* type and permission bits; a hard link has those of a regular file */
	uint32_t uid, gid;
	int64_t mtime;
	uint32_t rdev_major, rdev_minor;
	char *target; /* symlink: its target; hard link: the path of an earlier entry */
	bool is_hard_link;
	size_t link_to; /* hard link: index of the entry that has the content, no hard link itself */
	struct blob *blob; /* regular files that are no hard links */
	struct package_xattr *xattrs;
	size_t n_xattrs;
};

struct package_script {
	char *name; /* preinst, postinst, prerm, postrm, config, triggers, templates, shlibs, … */
	struct blob *content;
};

struct package {
	char *name, *version, *arch;
	char *control;		       /* the control file's text */
	struct package_entry *entries; /* in the archive's order */
	size_t n_entries;
	struct package_script
		*scripts; /* every member of the control archive but control, sorted by name */
	size_t n_scripts;
	struct strv conffiles; /* relative paths */
	int64_t newest_mtime;
};

/*
 * Where decompressed archives are kept, so that file contents can be mapped. The builder's cache
 * implements it; without one an anonymous memory file is used.
 */
struct unpack_store {
	/* An fd of the stored content for this key (the .deb's SHA-256 in hex), or -ENOENT. Any thread. */
	int (*open)(struct unpack_store *s, const char *key, struct err *e);
	/*
	 * A new file to write, without its name yet; Return: its fd, for reading too. After it comes one
	 * of the next two, and then the caller closes the fd.
	 */
	int (*create)(struct unpack_store *s, const char *key, struct err *e);
	/* The file is whole: it gets its name. Failure to store is no failure of the build. */
	void (*commit)(struct unpack_store *s, const char *key, int fd);
	/* It is not wanted; may be NULL. */
	void (*discard)(struct unpack_store *s, const char *key, int fd);
};

struct package_read_params {
	const struct source *src;   /* the file's bytes; borrowed for the call */
	const char *key;	    /* SHA-256 of the file in hex; NULL: nothing is stored */
	struct unpack_store *store; /* may be NULL */
	struct pool *pool; /* blocks of a large .xz are decoded side by side on it; may be NULL, and
			    * may be the pool that this call itself is a job of */
};

/**
 * package_read() - read a .deb
 *
 * Limits: 16 GiB of unpacked data, expanded no more than 256-fold beyond 64 MiB; 32 MiB of control
 * data; 250000 entries. Paths lose a leading "./"; ".." in them and absolute ones are refused. An
 * archive's own root entry is left out. User and group names are not looked at, only the numbers.
 * Return: as package_read_deb()
 */
int package_read(const struct package_read_params *p, struct package **ret,
		 struct err *e) must_check;

/**
 * package_read_deb() - read a .deb
 * @src: the file's bytes; borrowed for the call
 * @key: SHA-256 of the file in hex, under which the decompressed data archive is kept; NULL: none
 * @store: may be NULL
 * Return: 0; -EBADMSG malformed, truncated or unsupported, with where and what; -EFBIG more than a
 *         package can sensibly hold; -ENOMEM; I/O errors
 * Spec: deb(5), deb-control(5); POSIX pax, GNU tar
 */
int package_read_deb(const struct source *src, const char *key, struct unpack_store *store,
		     struct package **ret, struct err *e) must_check;
void package_free(struct package *p);
DEFINE_CLEANUP(struct package *, package_free)

/** package_field() - value of a control field, continuation lines joined by '\n'; NULL if not there */
char *package_field(const struct package *p, const char *field) must_check;

/** package_script() - content of a control archive member, or NULL; borrowed */
struct blob *package_script(const struct package *p, const char *name);
