/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions of the libraries that decide about bytes of an image: they stand in the lock. */
#include <ext2fs/ext2fs.h>
#include <zstd.h>

#include "builder/cli/common.h"

const struct lock_codec *cli_codecs(size_t *ret_n)
{
	static char ext2fs[32], zstd[32];
	static const struct lock_codec codecs[] = {
		{ (char *)(uintptr_t) "ext2fs", ext2fs },
		{ (char *)(uintptr_t) "zstd", zstd },
	};
	const char *version;

	ext2fs_get_library_version(&version, NULL);
	snprintf(ext2fs, sizeof(ext2fs), "%s", version);
	snprintf(zstd, sizeof(zstd), "%s", ZSTD_versionString());
	*ret_n = ARRAY_SIZE(codecs);
	return codecs;
}
