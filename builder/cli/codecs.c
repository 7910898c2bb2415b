/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions: of this program, and of the libraries that decide about bytes of an image, as the lock has them. */
#include <ext2fs/ext2fs.h>
#include <lz4.h>
#include <zstd.h>

#include "builder/cli/common.h"

const struct lock_codec *cli_codecs(size_t *ret_n)
{
	static char ext2fs[32], lz4[32], zstd[32];
	static const struct lock_codec codecs[] = {
		{ (char *)(uintptr_t) "ext2fs", ext2fs },
		{ (char *)(uintptr_t) "lz4", lz4 },
		{ (char *)(uintptr_t) "zstd", zstd },
	};
	const char *version;

	ext2fs_get_library_version(&version, NULL);
	snprintf(ext2fs, sizeof(ext2fs), "%s", version);
	snprintf(lz4, sizeof(lz4), "%s", LZ4_versionString());
	snprintf(zstd, sizeof(zstd), "%s", ZSTD_versionString());
	*ret_n = ARRAY_SIZE(codecs);
	return codecs;
}

static int run_version(struct cli *c unused_, int argc, char **argv, struct err *e unused_)
{
	const struct lock_codec *codecs;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_version, NULL, argc, argv, &args, &n);
	if (r)
		return r;
	printf("slipway %s\n", SLIPWAY_VERSION);
	codecs = cli_codecs(&n);
	for (size_t i = 0; i < n; i++)
		printf("codec %s %s\n", codecs[i].name, codecs[i].version);
	return 0;
}

const struct cli_command cmd_version = {
	.name = "version",
	.args = "",
	.summary = "Print the version, and those of the codecs that shape an image",
	.max_args = 0,
	.run = run_version,
};
