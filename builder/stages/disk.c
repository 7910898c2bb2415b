/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ESP, and the disk that all parts are put on. */
#include <fcntl.h>
#include <sys/stat.h>

#include "builder/stages/build.h"
#include "builder/stages/esp.h"
#include "signing/authenticode.h"

/* So much at once that it is no slower, and so little that a signal does not wait for it. */
#define COPY_BYTES (64 * MiB)

static int plan(struct build *b, struct err *e)
{
	const struct layout_params lp = {
		.arch = b->p.recipe->arch,
		.name = b->p.recipe->name,
		.version = b->p.recipe->version,
		.usr_bytes = b->usr_plan->bytes,
		.verity_bytes = b->verity_bytes,
		.sig_bytes = 4096,
	};

	return layout_place(b->layout, &lp, &b->plan, e);
}

static int add_from(struct build *b, const struct tree_origin *from, const char *path,
		    struct blob *blob, struct err *e)
{
	const struct tree_meta m = { .mode = 0644,
				     .mtime = b->time,
				     .origin = tree_add_origin(b->esp, from->kind, from->name,
							       from->version) };

	if (!m.origin) {
		blob_unref(blob);
		return err_oom(e);
	}
	return tree_add_file(b->esp, path, &m, blob, NULL, e);
}

static int add(struct build *b, const char *path, struct blob *blob, struct err *e)
{
	static const struct tree_origin own = { TREE_ORIGIN_RECIPE, (char *)(uintptr_t) "esp",
						NULL };

	return add_from(b, &own, path, blob, e);
}

/* The boot loader, signed, under the name that firmware looks for and under its own. */
static int add_loader(struct build *b, struct err *e)
{
	const char *fallback = str_eq(b->p.recipe->arch, "arm64") ? "EFI/BOOT/BOOTAA64.EFI"
								  : "EFI/BOOT/BOOTX64.EFI";
	const char *own = str_eq(b->p.recipe->arch, "arm64") ? "EFI/systemd/systemd-bootaa64.efi"
							     : "EFI/systemd/systemd-bootx64.efi";
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_(blob_unref) struct blob *loader = NULL;

	buf_append(&out, b->boot_loader->data, b->boot_loader->len);
	if (buf_failed(&out))
		return err_oom(e);
	int r = authenticode_sign(b->signer, &out, e);
	if (r < 0)
		return err_wrap(e, r, "boot loader");
	loader = blob_new(out.data, out.len);
	if (!loader)
		return err_oom(e);
	r = add_from(b, b->boot_loader_from, fallback, blob_ref(loader), e);
	return r < 0 ? r : add_from(b, b->boot_loader_from, own, blob_ref(loader), e);
}

static int add_enrolment(struct build *b, struct err *e)
{
	static const char *const paths[] = { ESP_KEYS "/PK.auth", ESP_KEYS "/KEK.auth",
					     ESP_KEYS "/db.auth" };
	int r = 0;

	for (size_t i = 0; r == 0 && b->auth[0] && i < ARRAY_SIZE(paths); i++)
		r = add(b, paths[i], blob_ref(b->auth[i]), e);
	return r;
}

static int make_esp_tree(struct build *b, struct err *e)
{
	_cleanup_free_ char *uki_path =
		str_printf("EFI/Linux/%s_%s.efi", b->p.recipe->name, b->p.recipe->version);

	b->esp = tree_new();
	if (!b->esp || !uki_path)
		return err_oom(e);
	int r = add_loader(b, e);
	if (r == 0)
		r = add(b, uki_path, blob_new(b->uki.data, b->uki.len), e);
	if (r == 0)
		r = add(b, "loader/loader.conf", blob_new_str(ESP_LOADER_CONF), e);
	if (r == 0)
		r = add(b, "loader/entries.srel", blob_new_str(ESP_ENTRIES_SREL), e);
	if (r == 0)
		r = add_enrolment(b, e);
	return r;
}

/* ESP, straight into its partition. The layout's rule: there is room for three UKIs. */
static int write_esp(struct build *b, struct sink *disk, struct err *e)
{
	const struct layout_placed *esp = layout_placed_find(&b->plan, LAYOUT_ESP, LAYOUT_NO_SLOT);
	struct fs_params p = { .label = ESP_LABEL,
			       .time = b->time,
			       .size_bytes = esp->size_bytes,
			       .sector_bytes = b->layout->sector_bytes };
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	struct sink part;

	if (3 * b->uki.len > esp->size_bytes)
		return err_set(
			e, -ENOSPC,
			"the esp of layout %s has %llu MiB, three UKIs of %.1f MiB do not fit: make "
			"it larger in the layout",
			b->layout->name, (unsigned long long)(esp->size_bytes / MiB),
			(double)b->uki.len / (double)MiB);
	layout_volume_id(b->root_hash, p.uuid);
	int r = make_esp_tree(b, e);
	if (r == 0)
		r = fs_writer_vfat.plan(b->esp, &p, &plan, e);
	if (r < 0)
		return err_wrap(e, r, "esp");
	sink_init_window(&part, disk, esp->start_bytes, esp->size_bytes);
	r = fs_writer_vfat.write(plan, &part, e);
	return r < 0 ? err_wrap(e, r, "esp") : 0;
}

/* A part's file into its partition of slot A, in the kernel: what is a hole there is one here. */
static int copy_part(struct build *b, enum build_output from, enum layout_type to, struct err *e)
{
	const struct layout_placed *p = layout_placed_find(&b->plan, to, 0);
	int in = b->out[from].fd, out = b->out[BUILD_DISK].fd;
	struct stat st;

	if (fstat(in, &st) < 0)
		return err_sys(e, -errno, "%s", b->out[from].path);
	if ((uint64_t)st.st_size > p->size_bytes)
		return err_set(e, -ENOSPC, "%s does not fit its partition", b->out[from].path);
	for (off_t data = 0, hole; data < st.st_size; data = hole) {
		data = lseek(in, data, SEEK_DATA);
		if (data < 0)
			break;
		hole = lseek(in, data, SEEK_HOLE);
		off_t at = data, to_at = (off_t)p->start_bytes + data;
		while (at < hole) {
			int r = pool_check(b->p.pool, e);
			if (r < 0)
				return r;
			ssize_t n = copy_file_range(in, &at, out, &to_at,
						    MIN((size_t)(hole - at), COPY_BYTES), 0);
			if (n <= 0)
				return err_sys(e, n < 0 ? -errno : -EIO, "%s",
					       b->out[BUILD_DISK].path);
		}
	}
	return 0;
}

static int run(struct build *b, struct err *e)
{
	struct sink disk;

	int r = build_open_output(b, BUILD_DISK, e);
	if (r < 0)
		return r;
	int fd = b->out[BUILD_DISK].fd;
	if (ftruncate(fd, (off_t)b->plan.disk_bytes) < 0)
		return err_sys(e, -errno, "%s", b->out[BUILD_DISK].path);
	sink_init_fd(&disk, fd);
	layout_set_root_hash(&b->plan, b->root_hash);
	r = write_esp(b, &disk, e);
	if (r == 0)
		r = copy_part(b, BUILD_USR, LAYOUT_USR, e);
	if (r == 0)
		r = copy_part(b, BUILD_VERITY, LAYOUT_USR_VERITY, e);
	if (r == 0)
		r = copy_part(b, BUILD_VERITY_SIG, LAYOUT_USR_VERITY_SIG, e);
	if (r == 0)
		r = layout_write_gpt(&b->plan, fd, e);
	return r;
}

const struct stage stage_disk = { .name = "disk", .plan = plan, .run = run };
