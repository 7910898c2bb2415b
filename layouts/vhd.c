/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed VHD: the disk, and a footer of one sector behind it.
 * Spec: Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format"
 */
#include "layouts/container.h"

#define FOOTER_BYTES 512
#define VERSION_1    0x00010000
#define NO_OFFSET    UINT64_MAX /* of a further header: a fixed disk has none */
#define SECTOR_BYTES 512

/* Cylinders, heads and sectors of a track as the footer has them. */
#define CHS(c, h, s)   ((uint32_t)(c) << 16 | (uint32_t)(h) << 8 | (uint32_t)(s))
#define CYLINDERS_MAX  65535
#define HEADS_MAX      16
#define GEOMETRY_WHOLE CHS(CYLINDERS_MAX, HEADS_MAX, 255) /* the disk is as long as its size says */

/* Offsets in the footer. */
enum {
	FEATURES = 8,
	VERSION = 12,
	DATA_OFFSET = 16,
	ORIGINAL_SIZE = 40,
	CURRENT_SIZE = 48,
	GEOMETRY = 56,
	TYPE = 60,
	CHECKSUM = 64,
	SAVED_STATE = 84,
	RESERVED = 85,
};

enum { TYPE_FIXED = 2, TYPE_DYNAMIC = 3, TYPE_DIFFERENCING = 4 };
enum { FEATURE_TEMPORARY = 1, FEATURE_RESERVED = 2 /* always set */ };

static const char cookie[] = "conectix";

struct vhd {
	struct container c;
	uint8_t footer[FOOTER_BYTES];
};

static bool has_cookie(const struct source *file, uint64_t at)
{
	char text[sizeof(cookie) - 1];
	struct err e;

	return source_pread(file, at, text, sizeof(text), &e) == 0 &&
	       memcmp(text, cookie, sizeof(text)) == 0;
}

/* Kinds that grow have a copy of the footer in front. */
static bool vhd_probe(const struct source *file)
{
	return file->size_bytes > FOOTER_BYTES &&
	       (has_cookie(file, file->size_bytes - FOOTER_BYTES) || has_cookie(file, 0));
}

static uint32_t checksum(const uint8_t *footer)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < FOOTER_BYTES; i++)
		if (i < CHECKSUM || i >= CHECKSUM + 4)
			sum += footer[i];
	return ~sum;
}

static int check_footer(const uint8_t *f, uint64_t disk_bytes, struct err *e)
{
	uint32_t type = get_be32(f + TYPE);

	if (memcmp(f, cookie, sizeof(cookie) - 1) != 0)
		return err_set(e, -EBADMSG, "its footer is missing: the file was cut short");
	if (get_be32(f + CHECKSUM) != checksum(f))
		return err_set(e, -EBADMSG, "the checksum of its footer is %08x, and not %08x",
			       get_be32(f + CHECKSUM), checksum(f));
	if (type == TYPE_DYNAMIC || type == TYPE_DIFFERENCING)
		return err_set(e, -EOPNOTSUPP,
			       "it is %s, and only fixed ones are read: convert it, as with "
			       "qemu-img convert -O raw",
			       type == TYPE_DYNAMIC ? "dynamic" : "a difference to another");
	if (type != TYPE_FIXED)
		return err_set(e, -EBADMSG, "type %u of a disk is none", type);
	if (get_be32(f + VERSION) != VERSION_1)
		return err_set(e, -EOPNOTSUPP, "version %08x of the format is not known",
			       get_be32(f + VERSION));
	if (get_be64(f + CURRENT_SIZE) != disk_bytes)
		return err_set(e, -EBADMSG, "its footer tells of %llu bytes, and there are %llu",
			       (unsigned long long)get_be64(f + CURRENT_SIZE),
			       (unsigned long long)disk_bytes);
	return 0;
}

static int vhd_open(const struct source *file, struct container **ret, struct err *e)
{
	_cleanup_free_ struct vhd *v = calloc(1, sizeof(*v));
	uint64_t disk_bytes = file->size_bytes - FOOTER_BYTES;

	if (!v)
		return err_oom(e);
	v->c = (struct container){ .ops = &container_vhd, .file = file };
	int r = source_pread(file, disk_bytes, v->footer, FOOTER_BYTES, e);
	if (r == 0)
		r = check_footer(v->footer, disk_bytes, e);
	if (r == 0)
		r = source_init_window(&v->c.disk, file, 0, disk_bytes, e);
	if (r < 0)
		return r;
	*ret = &TAKE_PTR(v)->c;
	return 0;
}

/* The one geometry of a size. Spec: Appendix, "CHS Calculation" */
static uint32_t geometry(uint64_t disk_bytes)
{
	const uint64_t max = (uint64_t)CYLINDERS_MAX * HEADS_MAX * 255;
	uint64_t sectors = MIN(disk_bytes / SECTOR_BYTES, max);

	if (sectors >= (uint64_t)CYLINDERS_MAX * HEADS_MAX * 63)
		return CHS(sectors / 255 / HEADS_MAX, HEADS_MAX, 255);
	uint64_t heads = MAX(div_round_up(sectors / 17, 1024), 4);
	if (heads <= HEADS_MAX && sectors / 17 < heads * 1024)
		return CHS(sectors / 17 / heads, heads, 17);
	if (sectors / 31 < HEADS_MAX * 1024)
		return CHS(sectors / 31 / HEADS_MAX, HEADS_MAX, 31);
	return CHS(sectors / 63 / HEADS_MAX, HEADS_MAX, 63);
}

/* Programs that cut a disk to its geometry leave the one of the largest as it is. */
static bool is_geometry(uint32_t chs, uint64_t disk_bytes)
{
	return chs == GEOMETRY_WHOLE || chs == geometry(disk_bytes);
}

/* Who made it, when, its id, and that it is temporary say nothing about the disk; all else has one value. */
static int vhd_check(const struct container *c, container_finding_fn *fn, void *ctx, struct err *e)
{
	const struct vhd *v = (const struct vhd *)c;
	const uint8_t *f = v->footer;
	size_t at = RESERVED;
	int r = 0;

	while (at < FOOTER_BYTES && f[at] == 0)
		at++;
	const struct {
		bool bad;
		size_t at;
		const char *what;
	} findings[] = {
		{ (get_be32(f + FEATURES) & ~(uint32_t)FEATURE_TEMPORARY) != FEATURE_RESERVED,
		  FEATURES, "features of the footer that are not defined" },
		{ get_be64(f + DATA_OFFSET) != NO_OFFSET, DATA_OFFSET,
		  "the footer of a fixed disk names a further header" },
		{ get_be64(f + ORIGINAL_SIZE) != get_be64(f + CURRENT_SIZE), ORIGINAL_SIZE,
		  "the disk had another size when it was made" },
		{ !is_geometry(get_be32(f + GEOMETRY), c->disk.size_bytes), GEOMETRY,
		  "the geometry in the footer is not that of the disk's size" },
		{ f[SAVED_STATE] != 0, SAVED_STATE, "the state of a machine was saved with it" },
		{ at < FOOTER_BYTES, at, "reserved bytes of the footer are not zero" },
	};
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(findings); i++) {
		struct container_finding x = { .offset = c->disk.size_bytes + findings[i].at };
		snprintf(x.what, sizeof(x.what), "%s", findings[i].what);
		if (findings[i].bad)
			r = fn(ctx, &x, e);
	}
	return r;
}

static void vhd_free(struct container *c)
{
	free((struct vhd *)c);
}

const struct container_ops container_vhd = {
	.name = "vhd",
	.probe = vhd_probe,
	.open = vhd_open,
	.check = vhd_check,
	.free = vhd_free,
};
