/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The binary index that kmod looks names up in: a radix tree with path compression, big-endian.
 * Spec: the description at the head of libkmod/libkmod-index.c of kmod
 */
#include "base/buf.h"
#include "base/err.h"

struct index_entry {
	const char *key;   /* 7-bit ASCII, not empty */
	const char *value; /* may be "" */
	uint32_t priority; /* values of one key are sorted by it */
	uint32_t serial;   /* of equal priority, later ones come first */
};

/* Where nodes lie: kmod reads either, and its versions write one of them each. */
enum index_layout {
	INDEX_PARENTS_FIRST,  /* kmod 34, Debian 13 */
	INDEX_CHILDREN_FIRST, /* kmod up to 33, Debian 12 */
};

/**
 * index_file_write() - append an index to @out
 * @entries: in any order; sorted by the call
 * Return: 0; -EBADMSG a key or value that is no 7-bit ASCII; -EFBIG over 256 MiB; -ENOMEM
 */
int index_file_write(struct index_entry *entries, size_t n, enum index_layout layout,
		     struct buf *out, struct err *e) must_check;
