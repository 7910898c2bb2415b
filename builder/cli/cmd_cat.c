/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway cat */
#include <sys/stat.h>

#include "builder/cli/files.h"

#define PIECE_BYTES (1 * MiB)

static int print_content(struct cli *c, const struct image_files *f, const struct fs_stat *st,
			 struct err *e)
{
	_cleanup_free_ uint8_t *data = malloc(PIECE_BYTES);
	size_t n = 1;

	if (!data)
		return err_oom(e);
	for (uint64_t off = 0; n && off < st->size_bytes; off += n) {
		int r = pool_check(c->pool, e);
		if (r == 0)
			r = f->reader->ops->read(f->reader, st->ino, off, data, PIECE_BYTES, &n, e);
		if (r < 0)
			return r;
		if (fwrite(data, 1, n, stdout) != n)
			return err_sys(e, -errno, "standard output");
	}
	return fflush(stdout) == 0 ? 0 : err_sys(e, -errno, "standard output");
}

static int run_cat(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *partition = NULL;
	const struct cli_option options[] = { FILES_PARTITION_OPTION(&partition), { 0 } };
	_cleanup_(image_files_free) struct image_files *f = NULL;
	struct fs_stat st;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_cat, options, argc, argv, &args, &n);
	if (r)
		return r;
	r = files_open(args[0], partition, args[1], &f, &st, e);
	if (r < 0)
		return r;
	if (S_ISLNK(st.mode))
		return err_set(
			e, -EINVAL,
			"%s: %s: is a symlink, and none is followed: slipway ls -l says whereto",
			args[0], args[1]);
	if (!S_ISREG(st.mode))
		return err_set(e, -EINVAL, "%s: %s: is no regular file%s", args[0], args[1],
			       S_ISDIR(st.mode) ? ": slipway ls lists it" : "");
	r = print_content(c, f, &st, e);
	return r < 0 ? err_wrap(e, r, "%s", args[1]) : 0;
}

const struct cli_command cmd_cat = {
	.name = "cat",
	.args = "IMAGE PATH",
	.summary = "Print a file of an image",
	.text = "IMAGE and PATH are as of ls.",
	.min_args = 2,
	.max_args = 2,
	.run = run_cat,
};
