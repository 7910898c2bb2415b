/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/extension.h"

#include <fcntl.h>
#include <libfdisk/libfdisk.h>

#include "layouts/layout.h"
#include "qemu-tests/cases/case_util.h"
#include "signing/root_hash.h"
#include "stage1/fs/fs.h"
#include "verity/verity.h"

#define USR_BYTES (4 * MiB)

/* The parts of an image, in memory. */
struct parts {
	struct buf usr, hash, signature;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
};

#define PARTS_INIT                                                       \
	{                                                                \
		.usr = BUF_INIT, .hash = BUF_INIT, .signature = BUF_INIT \
	}

static void parts_done(struct parts *parts)
{
	buf_done(&parts->usr);
	buf_done(&parts->hash);
	buf_done(&parts->signature);
}

static int add_file(const struct extension_params *p, struct tree *t, const char *path,
		    uint32_t mode, struct blob *blob, struct err *e)
{
	const struct tree_meta m = { .mode = mode };
	_cleanup_free_ char *at = str_printf("%s%s", p->usr ? "" : "usr/", path);

	if (!at) {
		blob_unref(blob);
		return err_oom(e);
	}
	return tree_add_file(t, at, &m, blob, NULL, e);
}

static int make_tree(const struct extension_params *p, struct tree *t, struct err *e)
{
	_cleanup_free_ char *release = str_printf("ID=%s\nVERSION_ID=%s\n", p->id, p->version_id);
	size_t len = (size_t)(guest_program_end - guest_program_start);
	void *copy = malloc(len);

	if (!release || !copy) {
		free(copy);
		return err_oom(e);
	}
	memcpy(copy, guest_program_start, len);
	int r = add_file(p, t, EXTENSION_IN_USR, 0755, blob_new(copy, len), e);
	if (r == 0)
		r = add_file(p, t, "share/slipway-extension", 0644, blob_new_str(p->note), e);
	return r < 0 ? r
		     : add_file(p, t, "lib/extension-release.d/extension-release." EXTENSION_NAME,
				0644, blob_new_str(release), e);
}

static int make_usr(const struct extension_params *p, struct buf *usr, struct err *e)
{
	const struct fs_params fp = { .label = "extension" };
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct sink s;

	if (!t)
		return err_oom(e);
	int r = make_tree(p, t, e);
	if (r == 0)
		r = fs_writer_erofs.plan(t, &fp, &plan, e);
	if (r < 0)
		return r;
	sink_init_buf(&s, usr);
	r = fs_writer_erofs.write(plan, &s, e);
	buf_pad(usr, VERITY_BLOCK_BYTES);
	return r;
}

static int make_hash(struct parts *parts, struct err *e)
{
	const struct verity_params vp = { .data_block_bytes = VERITY_BLOCK_BYTES,
					  .hash_block_bytes = VERITY_BLOCK_BYTES,
					  .data_blocks = parts->usr.len / VERITY_BLOCK_BYTES,
					  .uuid = { 1 } };
	struct source data;
	struct sink s;

	source_init_bytes(&data, parts->usr.data, parts->usr.len);
	sink_init_buf(&s, &parts->hash);
	return verity_build(&vp, &data, &s, parts->root_hash, e);
}

static int sign(const struct signer *s, struct parts *parts, struct err *e)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	int r = root_hash_sign(s, parts->root_hash, &der, e);

	return r < 0 ? r
		     : verity_sig_build(s->cert, parts->root_hash, der.data, der.len,
					&parts->signature, e);
}

static int make_parts(const struct extension_params *p, struct parts *parts, struct err *e)
{
	int r = make_usr(p, &parts->usr, e);

	if (r == 0 && p->protection >= EXTENSION_HASHED)
		r = make_hash(parts, e);
	if (r == 0 && p->protection >= EXTENSION_SIGNED)
		r = sign(p->signer, parts, e);
	return r;
}

DEFINE_CLEANUP(struct fdisk_context *, fdisk_unref_context)
DEFINE_CLEANUP(struct fdisk_parttype *, fdisk_unref_parttype)

/* A layout has no root with a hash tree. Spec: UAPI Discoverable Partitions */
static int set_root_types(size_t n, int fd, struct err *e)
{
	static const char *const guids[] = { "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
					     "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
					     "41092b05-9fc8-4523-994f-2def0408b176" };
	_cleanup_(fdisk_unref_context) struct fdisk_context *cxt = fdisk_new_context();
	char path[64];

	if (!cxt)
		return err_oom(e);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int r = fdisk_assign_device(cxt, path, 0);
	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_(fdisk_unref_parttype) struct fdisk_parttype *t = fdisk_new_parttype();
		if (!t)
			return err_oom(e);
		r = fdisk_parttype_set_typestr(t, guids[i]);
		if (r == 0)
			r = fdisk_set_partition_type(cxt, i, t);
	}
	if (r == 0)
		r = fdisk_write_disklabel(cxt);
	if (r == 0)
		r = fdisk_deassign_device(cxt, 1);
	return r < 0 ? err_sys(e, r, "types of the extension's partitions") : 0;
}

static int write_parts(const struct parts *parts, size_t n, int fd, struct err *e)
{
	const struct layout l = { .name = (char *)(uintptr_t) "extension",
				  .sector_bytes = 512,
				  .partitions = { { LAYOUT_USR, 0, USR_BYTES },
						  { LAYOUT_USR_VERITY, 0, MiB },
						  { LAYOUT_USR_VERITY_SIG, 0, MiB } },
				  .n_partitions = n };
	const struct layout_params lp = { .arch = "x86-64",
					  .name = "extension",
					  .version = "1",
					  .usr_bytes = parts->usr.len,
					  .verity_bytes = parts->hash.len,
					  .sig_bytes = parts->signature.len };
	const struct buf *const contents[] = { &parts->usr, &parts->hash, &parts->signature };
	struct layout_plan plan;
	struct sink s;
	int r = layout_place(&l, &lp, &plan, e);

	if (r < 0)
		return r;
	layout_set_root_hash(&plan, parts->root_hash);
	if (ftruncate(fd, (off_t)plan.disk_bytes) < 0)
		return err_sys(e, -errno, "grow the extension");
	sink_init_fd(&s, fd);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = sink_pwrite(&s, plan.placed[i].start_bytes, contents[i]->data, contents[i]->len,
				e);
	return r < 0 ? r : layout_write_gpt(&plan, fd, e);
}

int extension_make(const struct extension_params *p, const char *path, struct err *e)
{
	__attribute__((cleanup(parts_done))) struct parts parts = PARTS_INIT;
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	int r = make_parts(p, &parts, e);
	if (r == 0)
		r = write_parts(&parts, (size_t)p->protection + 1, fd, e);
	if (r == 0 && !p->usr)
		r = set_root_types((size_t)p->protection + 1, fd, e);
	return r < 0 ? err_wrap(e, r, "extension") : 0;
}
