/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a directory as a filesystem, as mkfs.erofs or mke2fs -d would: what compare-writers.sh measures of ours.
 *
 *     write_image erofs,zstd,3,65536 DIRECTORY IMAGE THREADS
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "stage1/fs/test/support.h"

/* The form is TYPE[,ALGORITHM[,LEVEL[,CLUSTER]]]. */
static const struct fs_writer *parse(char *form, struct fs_params *p)
{
	const struct fs_writer *w = fs_writer_find(strsep(&form, ","));
	const char *algorithm = strsep(&form, ","), *level = strsep(&form, ",");
	size_t i = 0;

	while (algorithm && i < FS_N_COMPRESSIONS && !str_eq(fs_algorithms[i].name, algorithm))
		i++;
	if (i == FS_N_COMPRESSIONS)
		return NULL;
	p->compression = (enum fs_compression)i;
	p->level = level ? atoi(level) : 0;
	p->cluster_bytes = form ? (uint32_t)atoi(form) : 0;
	return w;
}

static int run(const struct fs_writer *w, struct fs_params *p, char **argv, struct err *e)
{
	_cleanup_(tree_free) struct tree *t = NULL;
	_cleanup_(pool_free) struct pool *pool = NULL;
	_cleanup_free_ char *spool = str_printf("%s.spool", argv[3]);
	_cleanup_close_ int spool_fd = -1;

	if (!spool)
		return err_oom(e);
	spool_fd = open(spool, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	if (spool_fd < 0)
		return err_sys(e, -errno, "%s", spool);
	unlink(spool);
	p->spool_fd = spool_fd;
	int r = pool_new((unsigned int)atoi(argv[4]), &pool, e);
	p->pool = pool;
	if (r == 0)
		r = fs_test_load(argv[2], &t, e);
	return r < 0 ? r : fs_test_write(w, t, p, argv[3], e);
}

int main(int argc, char **argv)
{
	struct fs_params p = fs_test_params();
	const struct fs_writer *w = argc == 5 && atoi(argv[4]) > 0 ? parse(argv[1], &p) : NULL;
	struct err e = { 0 };

	if (!w) {
		fprintf(stderr, "usage: write_image TYPE[,ALGORITHM[,LEVEL[,CLUSTER]]] DIRECTORY "
				"IMAGE THREADS\n");
		return 2;
	}
	if (run(w, &p, argv, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	return 0;
}
