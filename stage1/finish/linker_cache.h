/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The dynamic linker's directories and its cache, as Debian's ldconfig makes it: the library
 * directories of etc/ld.so.conf and of the linker itself, the links by soname in them, and
 * etc/ld.so.cache in the format "glibc-ld.so.cache1.1".
 */
#include "base/strv.h"
#include "stage1/elf/elf.h"
#include "stage1/tree/tree.h"

struct linker_dir {
	char *path;   /* as configured: "/lib/x86_64-linux-gnu" */
	char *hwcaps; /* name below glibc-hwcaps, inside of path; NULL: a plain directory */
	struct tree_node *node; /* borrowed */
};

struct linker_dirs {
	struct linker_dir *dirs; /* in ldconfig's order, no directory twice */
	size_t n;
};

/**
 * linker_dirs_read() - the directories that ldconfig would look into
 * @arch: "x86-64" or "arm64"
 * Return: 0; -EINVAL etc/ld.so.conf includes too deeply, or @arch is unknown; -ENOMEM
 */
int linker_dirs_read(const struct tree *t, const char *arch, struct linker_dirs *ret,
		     struct err *e) must_check;
void linker_dirs_done(struct linker_dirs *d);

/** linker_flags() - the cache's type word of a library, 0 if this architecture cannot load it */
uint32_t linker_flags(const struct elf *elf, const char *arch);

/** linker_multiarch() - Debian's directory name, "x86_64-linux-gnu"; NULL for an unknown arch */
const char *linker_multiarch(const char *arch);

/**
 * linker_cache_update() - make missing links by soname, drop stale ones, write etc/ld.so.cache
 * @m: owner, time and origin of what is made
 * Return: 0, also when there is no libc or no etc/ld.so.conf and so nothing to do; -EBADMSG a
 *         malformed library, with its path; -EINVAL; -ENOMEM
 * Spec: ldconfig(8); glibc's sysdeps/generic/dl-cache.h. Equal to `ldconfig -r`, byte for byte.
 */
int linker_cache_update(struct tree *t, const char *arch, const struct tree_meta *m,
			struct err *e) must_check;
