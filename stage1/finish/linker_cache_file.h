/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The cache file's format, apart from where its entries come from. */
#include "base/buf.h"
#include "base/err.h"

struct linker_entry {
	const char *soname, *path;
	uint32_t flags;
	const char *hwcaps; /* NULL: for every CPU */
	unsigned int isa_level;
	size_t order; /* breaks ties: as the directories come */
};

/**
 * linker_version_compare() - the order of library names: digits by value, and digits after letters
 * Return: < 0, 0 or > 0; 0 also for names that differ in leading zeros only
 */
int linker_version_compare(const char *a, const char *b);

struct linker_cache_params {
	struct linker_entry *entries; /* sorted here */
	size_t n_entries;
	const char *const *hwcaps; /* all such directories, also those without a library */
	size_t n_hwcaps;
	const char *generator;
};

/**
 * linker_cache_encode() - append the cache file
 * Return: 0; -EFBIG more than the format can hold; -ENOMEM
 */
int linker_cache_encode(const struct linker_cache_params *p, struct buf *out,
			struct err *e) must_check;
