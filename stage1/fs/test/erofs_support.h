/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the tests of EROFS share: each way of compression, and an image written, checked and read. */
#include "stage1/fs/erofs.h"
#include "stage1/fs/test/support.h"

struct erofs_test_way {
	enum fs_compression compression;
	int level;
	uint32_t cluster_bytes;
	bool old_fsck; /* does erofs-utils 1.5 know it? */
};

#define EROFS_TEST_N_WAYS 8
extern const struct erofs_test_way erofs_test_ways[EROFS_TEST_N_WAYS];

/** erofs_test_params() - fs_test_params() with a way of compression */
struct fs_params erofs_test_params(size_t way);

/** erofs_test_round_trip() - write, check with fsck.erofs, read back */
void erofs_test_round_trip(const struct tree *t, size_t way, const char *image);

/** erofs_test_text() - a file that compresses: words by chance, some parts the better, some not at all */
struct tree_node *erofs_test_text(struct tree *t, const char *path, size_t len);
