/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/artefact.h"

#include <sys/stat.h>

#include "builder/audit/image.h"
#include "signing/pe.h"
#include "stage1/fs/fs.h"
#include "stage1/initrd/cpio_read.h"
#include "stage1/initrd/decompress.h"

#define INITRD_BYTES_MAX (1 * GiB)
#define FILE_BYTES_MAX	 (2 * GiB)

struct visit {
	int (*fn)(void *ctx, const struct artefact_file *f, struct err *e);
	void *ctx;
	/* The filesystem that is being walked. */
	struct fs_reader *reader;
	enum artefact_place place;
	struct buf content, capability; /* of one file */
};

const char *artefact_place_name(enum artefact_place place)
{
	static const char *const names[] = { [ARTEFACT_ESP] = "esp",
					     [ARTEFACT_UKI] = "uki",
					     [ARTEFACT_INITRD] = "initrd",
					     [ARTEFACT_USR] = "usr",
					     [ARTEFACT_OTHER] = "partition" };

	return names[place];
}

static int visit_cpio(struct visit *v, const uint8_t *data, size_t len, size_t *at, struct err *e)
{
	struct cpio_entry x;
	int r;

	while ((r = cpio_read(data, len, at, &x, e)) > 0) {
		const struct artefact_file f = { .place = ARTEFACT_INITRD,
						 .path = x.name + strspn(x.name, "/"),
						 .mode = x.mode,
						 .uid = x.uid,
						 .gid = x.gid,
						 .data = x.data,
						 .len = x.len };
		r = v->fn(v->ctx, &f, e);
		if (r != 0)
			break;
	}
	return r;
}

static int visit_initrd(struct visit *v, const uint8_t *data, size_t len, struct err *e);

static int visit_zstd(struct visit *v, const uint8_t *data, size_t len, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	int r = zstd_decompress(data, len, INITRD_BYTES_MAX, &b, e);

	if (r == 0 && zstd_probe(b.data, b.len))
		r = err_set(e, -EBADMSG, "compressed twice");
	return r < 0 ? r : visit_initrd(v, b.data, b.len, e);
}

/* As the kernel unpacks it: archives one after the other, with zeros between; what is compressed is last. */
static int visit_initrd(struct visit *v, const uint8_t *data, size_t len, struct err *e)
{
	size_t at = 0, used;
	int r = 0;

	while (r == 0 && at < len) {
		used = 0;
		if (data[at] == 0)
			used = 1;
		else if (zstd_probe(data + at, len - at))
			return visit_zstd(v, data + at, len - at, e);
		else if (cpio_probe(data + at, len - at))
			r = visit_cpio(v, data + at, len - at, &used, e);
		else
			r = err_set(e, -EBADMSG, "neither an archive nor zstd at its byte %zu", at);
		at += used;
	}
	return r;
}

static int visit_section(struct visit *v, const char *path, const struct pe *pe,
			 const struct pe_section *s, struct err *e)
{
	_cleanup_free_ char *name = str_printf("%s:%s", path, s->name);
	struct artefact_file f = { .place = ARTEFACT_UKI, .path = name, .mode = S_IFREG | 0444 };

	if (!name)
		return err_oom(e);
	f.data = pe_content(pe, s, &f.len);
	int r = v->fn(v->ctx, &f, e);
	if (r == 0 && str_eq(s->name, ".initrd")) {
		r = visit_initrd(v, f.data, f.len, e);
		if (r < 0)
			r = err_wrap(e, r, "%s", name);
	}
	return r;
}

/* A UEFI program that carries a kernel; a boot loader has sections too, but nothing in them is a file. */
static int visit_uki(struct visit *v, const struct artefact_file *f, struct err *e)
{
	_cleanup_free_ struct pe *pe = malloc(sizeof(*pe));
	struct err ignored;
	int r = 0;

	if (!pe)
		return err_oom(e);
	if (f->len < 2 || memcmp(f->data, "MZ", 2) != 0 ||
	    pe_parse(pe, f->data, f->len, &ignored) < 0 || !pe_find(pe, ".linux"))
		return 0;
	for (size_t i = 0; r == 0 && i < pe->n_sections; i++)
		r = visit_section(v, f->path, pe, &pe->sections[i], e);
	return r;
}

static int read_content(struct visit *v, const struct fs_stat *st, struct err *e)
{
	v->content.len = 0;
	if (st->size_bytes > FILE_BYTES_MAX)
		return err_set(e, -EFBIG, "too large to be looked into");
	return fs_reader_append(v->reader, st, &v->content, e);
}

static int take_capability(void *ctx, const char *name, const void *value, size_t len,
			   unused_ struct err *e)
{
	struct visit *v = ctx;

	if (str_eq(name, "security.capability"))
		buf_append(&v->capability, value, len);
	return 0;
}

static int visit_file(void *ctx, const char *path, const struct fs_stat *st, struct err *e)
{
	struct visit *v = ctx;
	struct artefact_file f = {
		.place = v->place, .path = path, .mode = st->mode, .uid = st->uid, .gid = st->gid
	};
	int r = 0;

	if (S_ISREG(st->mode) || S_ISLNK(st->mode)) {
		r = read_content(v, st, e);
		f.data = v->content.data;
		f.len = v->content.len;
	}
	v->capability.len = 0;
	if (r == 0)
		r = v->reader->ops->xattrs(v->reader, st->ino, take_capability, v, e);
	if (r == 0 && v->capability.len) {
		f.capability = v->capability.data;
		f.capability_len = v->capability.len;
	}
	if (r == 0)
		r = v->fn(v->ctx, &f, e);
	if (r == 0 && v->place == ARTEFACT_ESP && S_ISREG(st->mode))
		r = visit_uki(v, &f, e);
	return r < 0 ? err_wrap(e, r, "/%s", path) : r;
}

static int visit_filesystem(struct visit *v, const struct image_partition *p, struct err *e)
{
	_cleanup_(fs_reader_free) struct fs_reader *reader = NULL;
	int r = fs_reader_open(&p->src, &reader, e);

	if (r < 0)
		return r;
	v->place = p->known && p->type == LAYOUT_ESP ? ARTEFACT_ESP : ARTEFACT_USR;
	v->reader = reader;
	return fs_reader_walk(reader, visit_file, v, e);
}

static int visit_partition(struct visit *v, const struct image_partition *p, struct err *e)
{
	const struct artefact_file f = { .place = ARTEFACT_OTHER,
					 .path = p->name,
					 .mode = S_IFBLK | 0400,
					 .data = p->src.bytes,
					 .len = (size_t)p->src.size_bytes };

	if (fs_reader_probe(&p->src))
		return visit_filesystem(v, p, e);
	return f.data ? v->fn(v->ctx, &f, e) : err_set(e, -EIO, "cannot be mapped into memory");
}

int artefact_visit(const char *path,
		   int (*fn)(void *ctx, const struct artefact_file *f, struct err *e), void *ctx,
		   struct err *e)
{
	struct visit v = { .fn = fn, .ctx = ctx, .content = BUF_INIT, .capability = BUF_INIT };
	_cleanup_(image_free) struct image *image = NULL;
	_cleanup_source_ struct source disk = SOURCE_INIT;
	int r = source_open(&disk, path, e);

	if (r == 0)
		r = image_open(&disk, &image, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	for (size_t i = 0; r == 0 && i < image->n_partitions; i++) {
		r = visit_partition(&v, &image->partitions[i], e);
		if (r < 0)
			r = err_wrap(e, r, "%s: %s", path, image->partitions[i].name);
	}
	buf_done(&v.content);
	buf_done(&v.capability);
	return r;
}
