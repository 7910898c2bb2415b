/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filesystem of /usr, and its hash tree. */
#include <fcntl.h>
#include <sys/stat.h>

#include "builder/stages/build.h"
#include "builder/stages/kernel.h"

static struct fs_params usr_params(const struct build *b)
{
	const struct recipe_filesystem *f = &b->p.recipe->filesystem;
	struct fs_params p = { .label = b->usr_label,
			       .time = b->time,
			       .compression = f->compression,
			       .level = f->level,
			       .cluster_bytes = f->cluster_bytes,
			       .pool = b->p.pool,
			       .progress = b->p.progress };

	build_derive(b, "usr uuid", p.uuid, sizeof(p.uuid));
	build_derive(b, "usr hash seed", p.hash_seed, sizeof(p.hash_seed));
	return p;
}

/*
 * How large /usr becomes is known when it is compressed: what came out is kept until the run writes it,
 * on the disk that the outputs will be on, and as a file that nobody sees.
 */
static int open_spool(struct build *b, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s_%s.usr.spool", b->out_place,
					       b->p.recipe->name, b->p.recipe->version);

	return path ? outfile_open(&b->spool, path, 0600, e) : err_oom(e);
}

static int usr_plan(struct build *b, struct err *e)
{
	const struct fs_writer *w = fs_writer_find(b->p.recipe->filesystem.type);
	struct fs_params p = usr_params(b);

	snprintf(b->usr_label, sizeof(b->usr_label), "%.16s", b->p.recipe->name);
	if (!w)
		return err_set(e, -EINVAL, "no filesystem writer is called %s",
			       b->p.recipe->filesystem.type);
	int r = kernel_check(b, e);
	if (r < 0)
		return r;
	if (p.compression != FS_PLAIN) {
		r = open_spool(b, e);
		if (r < 0)
			return r;
		p.spool_fd = b->spool.fd;
	}
	r = w->plan(b->tree, &p, &b->usr_plan, e);
	if (b->spool.path && (r == -ENOSPC || r == -EDQUOT || r == -EFBIG))
		return err_wrap(e, r, "%s", b->spool.path);
	return r < 0 ? err_wrap(e, r, "/usr as %s", w->name) : 0;
}

static int usr_run(struct build *b, struct err *e)
{
	struct fs_plan *plan = b->usr_plan;
	struct sink s;

	int r = build_open_output(b, BUILD_USR, e);
	if (r < 0)
		return r;
	if (ftruncate(b->out[BUILD_USR].fd, (off_t)plan->bytes) < 0)
		return err_sys(e, -errno, "%s", b->out[BUILD_USR].path);
	sink_init_fd(&s, b->out[BUILD_USR].fd);
	r = plan->writer->write(plan, &s, e);
	outfile_done(&b->spool);
	return r < 0 ? err_wrap(e, r, "%s", b->out[BUILD_USR].path) : 0;
}

const struct stage stage_usr = { .name = "usr", .plan = usr_plan, .run = usr_run };

static int verity_plan(struct build *b, struct err *e)
{
	b->verity = (struct verity_params){
		.data_block_bytes = VERITY_BLOCK_BYTES,
		.hash_block_bytes = VERITY_BLOCK_BYTES,
		.data_blocks = b->usr_plan->bytes / VERITY_BLOCK_BYTES,
		.salt_bytes = 64,
		.pool = b->p.pool,
		.progress = b->p.progress,
	};
	build_derive(b, "verity salt 1", b->verity.salt, 32);
	build_derive(b, "verity salt 2", b->verity.salt + 32, 32);
	verity_derive_uuid(&b->verity);
	b->verity_bytes = verity_area_bytes(&b->verity);
	return b->verity_bytes ? 0
			       : err_set(e, -EINVAL, "/usr is empty, or too large for a hash tree");
}

static int verity_run(struct build *b, struct err *e)
{
	_cleanup_source_ struct source data = SOURCE_INIT;
	struct sink s;

	int fd = fcntl(b->out[BUILD_USR].fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys(e, -errno, "%s", b->out[BUILD_USR].path);
	int r = source_init_fd(&data, fd, e);
	if (r == 0)
		r = build_open_output(b, BUILD_VERITY, e);
	if (r < 0)
		return r;
	sink_init_fd(&s, b->out[BUILD_VERITY].fd);
	r = verity_build(&b->verity, &data, &s, b->root_hash, e);
	return r < 0 ? err_wrap(e, r, "%s", b->out[BUILD_VERITY].path) : 0;
}

const struct stage stage_verity = { .name = "verity", .plan = verity_plan, .run = verity_run };
