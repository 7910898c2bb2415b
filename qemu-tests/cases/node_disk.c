/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/node_disk.h"

#include <fcntl.h>
#include <libfdisk/libfdisk.h>
#include <sys/stat.h>

#include "base/run.h"
#include "builder/audit/image.h"

DEFINE_CLEANUP(struct fdisk_context *, fdisk_unref_context)

#define START_BYTES (64 * KiB)

/* e2fsck(8): what it found is mended, or there was nothing. */
#define E2FSCK_MENDED 1

int node_disk_make(const struct vm_case_context *ctx, const char *name, uint64_t root_bytes,
		   char **ret, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s.raw", ctx->scratch_dir, name);
	struct stat st;
	int r = path ? vm_copy_sparse(ctx->image, path, e) : err_oom(e);

	if (r < 0)
		return r;
	if (stat(path, &st) < 0 ||
	    truncate(path, (off_t)align_up((uint64_t)st.st_size, MiB) + (off_t)root_bytes) < 0)
		return err_sys(e, -errno, "%s", path);
	*ret = TAKE_PTR(path);
	return 0;
}

struct opened {
	struct source src;
	struct image *image;
	const struct image_partition *root;
};

static void opened_done(struct opened *o)
{
	image_free(o->image);
	source_done(&o->src);
}

#define _cleanup_opened_ __attribute__((cleanup(opened_done)))

static int open_root(const char *disk, struct opened *o, struct err *e)
{
	int r = source_open(&o->src, disk, e);

	if (r >= 0)
		r = image_open(&o->src, &o->image, e);
	if (r < 0)
		return r;
	o->root = image_find(o->image, "root");
	return o->root ? 0 : err_set(e, -ENOENT, "%s has no root partition", disk);
}

int node_disk_delete_root(const char *disk, struct err *e)
{
	_cleanup_opened_ struct opened o = { .src = SOURCE_INIT };
	_cleanup_(fdisk_unref_context) struct fdisk_context *cxt = fdisk_new_context();
	int r = open_root(disk, &o, e);

	if (r < 0)
		return r;
	unsigned int sector = o.image->gpt->sector_bytes;
	r = cxt ? fdisk_save_user_sector_size(cxt, sector, sector) : -ENOMEM;
	if (r == 0)
		r = fdisk_assign_device(cxt, disk, 0);
	if (r == 0)
		r = fdisk_delete_partition(cxt, o.root->entry.number - 1);
	if (r == 0)
		r = fdisk_write_disklabel(cxt);
	if (r == 0)
		r = fdisk_deassign_device(cxt, 0);
	return r < 0 ? err_sys(e, r, "delete the root partition of %s", disk) : 0;
}

int node_disk_wipe_root(const char *disk, struct err *e)
{
	static const uint8_t zeros[4096];
	_cleanup_opened_ struct opened o = { .src = SOURCE_INIT };
	int r = open_root(disk, &o, e);

	if (r < 0)
		return r;
	_cleanup_close_ int fd = open(disk, O_WRONLY | O_CLOEXEC);
	if (fd < 0 ||
	    pwrite(fd, zeros, sizeof(zeros), (off_t)o.root->start_bytes) != (ssize_t)sizeof(zeros))
		return err_sys(e, -errno, "%s", disk);
	return 0;
}

int node_disk_root_start(const char *disk, struct buf *out, struct err *e)
{
	_cleanup_opened_ struct opened o = { .src = SOURCE_INIT };
	int r = open_root(disk, &o, e);
	uint8_t *room = r < 0 ? NULL : buf_grow(out, START_BYTES);

	if (r < 0)
		return r;
	if (!room)
		return err_oom(e);
	r = source_pread(&o.root->src, 0, room, START_BYTES, e);
	if (r >= 0)
		out->len += START_BYTES;
	return r;
}

/* All that is not a hole. */
static int copy_partition(int in, const struct image_partition *p, int out, struct err *e)
{
	const off_t start = (off_t)p->start_bytes, end = start + (off_t)p->src.size_bytes;
	off_t at = start;

	while ((at = lseek(in, at, SEEK_DATA)) >= 0 && at < end) {
		off_t stop = MIN(lseek(in, at, SEEK_HOLE), end), to = at - start;
		while (at < stop) {
			ssize_t n = copy_file_range(in, &at, out, &to, (size_t)(stop - at), 0);
			if (n <= 0)
				return err_sys(e, n ? -errno : -EIO, "copy the root partition");
		}
	}
	if (at < 0 && errno != ENXIO)
		return err_sys(e, -errno, "copy the root partition");
	return ftruncate(out, end - start) < 0 ? err_sys(e, -errno, "copy the root partition") : 0;
}

static int e2fsck(const char *how, const char *path, int worst, struct err *e)
{
	_cleanup_buf_ struct buf said = BUF_INIT;
	const char *const argv[] = { "e2fsck", how, path, NULL };
	int status = 0;
	int r = run_program(&(struct run_params){ .argv = argv, .out = &said }, &status, e);

	if (r < 0)
		return err_wrap(e, r, "e2fsck");
	return status <= worst ? 0
			       : err_set(e, -EBADMSG, "the root file system: e2fsck %s says: %s",
					 how, buf_str(&said));
}

/* The kernel too replays the journal and ends what was begun to be deleted; after that all must be right. */
static int check_copy(const char *path, struct err *e)
{
	int r = e2fsck("-p", path, E2FSCK_MENDED, e);

	return r < 0 ? r : e2fsck("-fn", path, 0, e);
}

int node_disk_check_root(const char *disk, const char *scratch_dir, struct err *e)
{
	_cleanup_opened_ struct opened o = { .src = SOURCE_INIT };
	_cleanup_free_ char *path = str_printf("%s/root.img", scratch_dir);
	int r = path ? open_root(disk, &o, e) : err_oom(e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	_cleanup_close_ int in = open(disk, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (in < 0 || out < 0)
		return err_sys(e, -errno, "%s", in < 0 ? disk : path);
	r = copy_partition(in, o.root, out, e);
	if (r >= 0)
		r = check_copy(path, e);
	unlink(path);
	return r;
}
