/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/image.h"

#define EMPTY_LABEL "_empty"

bool image_probe(const struct source *file)
{
	static const uint64_t at[] = { 512, 4096 };
	char text[8];
	struct err e;

	if (container_probe(file))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		if (file->size_bytes > at[i] + sizeof(text) &&
		    source_pread(file, at[i], text, sizeof(text), &e) == 0 &&
		    memcmp(text, "EFI PART", sizeof(text)) == 0)
			return true;
	return false;
}

static bool find_type(const uint8_t uuid[16], enum layout_type *ret)
{
	static const char *const arches[] = { "x86-64", "arm64" };
	char text[UUID_TEXT_BYTES];

	uuid_format(uuid, text);
	for (enum layout_type t = LAYOUT_ESP; t <= LAYOUT_ROOT; t++) {
		for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
			const char *guid = layout_type_guid(t, arches[i]);
			if (guid && str_eq(guid, text)) {
				*ret = t;
				return true;
			}
		}
	}
	return false;
}

static int count_type(const struct image *image, enum layout_type t)
{
	int n = 0;

	for (size_t i = 0; i < image->n_partitions; i++)
		n += image->partitions[i].known && image->partitions[i].type == t;
	return n;
}

/* Slots are counted in the order of the table, as systemd does by label. The first ESP has no letter. */
static void set_name(const struct image *image, struct image_partition *p)
{
	int n = p->known ? count_type(image, p->type) : 0;

	p->slot = LAYOUT_NO_SLOT;
	if (!p->known || n > 25) {
		snprintf(p->name, sizeof(p->name), "partition-%u", p->entry.number);
	} else if (p->type == LAYOUT_ESP || p->type == LAYOUT_ROOT) {
		snprintf(p->name, sizeof(p->name), n ? "%s-%d" : "%s", layout_type_name(p->type),
			 n + 1);
	} else {
		p->slot = n;
		snprintf(p->name, sizeof(p->name), "%s-%c", layout_type_name(p->type), 'a' + n);
	}
}

/* Empty where the table says nonsense. */
static void set_source(const struct image *image, struct image_partition *p)
{
	uint64_t start, len, sector = image->gpt->sector_bytes;
	struct err e;

	source_init_bytes(&p->src, "", 0);
	if (p->entry.last_lba < p->entry.first_lba ||
	    mul_overflows(p->entry.first_lba, sector, &start) ||
	    mul_overflows(p->entry.last_lba - p->entry.first_lba + 1, sector, &len))
		return;
	p->start_bytes = start;
	p->size_bytes = len;
	if (source_init_window(&p->src, image->disk, start, len, &e) < 0)
		source_init_bytes(&p->src, "", 0);
}

static int add_partitions(struct image *image, struct err *e)
{
	const struct gpt *g = image->gpt;

	image->partitions = calloc(g->n_entries + 1, sizeof(*image->partitions));
	if (!image->partitions)
		return err_oom(e);
	for (uint32_t i = 0; i < g->n_entries; i++) {
		struct image_partition *p = &image->partitions[image->n_partitions];
		if (!gpt_entry(g, i, &p->entry))
			continue;
		p->known = find_type(p->entry.type, &p->type);
		set_name(image, p);
		set_source(image, p);
		image->n_partitions++;
	}
	return 0;
}

/* A copy that cannot be read is not there; other errors are errors. */
static int read_copy(const struct source *disk, enum gpt_copy copy, struct gpt *g, struct err *e)
{
	int r = gpt_read(disk, copy, g, e);

	if (r == -EBADMSG)
		gpt_done(g);
	return r == -EBADMSG ? 0 : r;
}

static int read_tables(struct image *image, const struct source *disk, struct err *e)
{
	image->disk = disk;
	int r = read_copy(disk, GPT_PRIMARY, &image->primary, e);
	if (r == 0)
		r = read_copy(disk, GPT_BACKUP, &image->backup, e);
	if (r < 0)
		return r;
	image->gpt = image->primary.sector_bytes ? &image->primary : &image->backup;
	if (!image->gpt->sector_bytes)
		return err_set(e, -EBADMSG, "no partition table (GPT) that can be read");
	return add_partitions(image, e);
}

int image_open_disk(const struct source *disk, struct image **ret, struct err *e)
{
	_cleanup_(image_free) struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return err_oom(e);
	int r = read_tables(image, disk, e);
	if (r == 0)
		*ret = TAKE_PTR(image);
	return r;
}

int image_open(const struct source *file, struct image **ret, struct err *e)
{
	_cleanup_(image_free) struct image *image = calloc(1, sizeof(*image));
	int r = 0;

	if (!image)
		return err_oom(e);
	if (container_probe(file))
		r = container_open(file, &image->container, e);
	if (r == 0)
		r = read_tables(image, image->container ? &image->container->disk : file, e);
	if (r == 0)
		*ret = TAKE_PTR(image);
	return r;
}

const char *image_format(const struct image *i)
{
	return i->container ? i->container->ops->name : "raw";
}

void image_free(struct image *i)
{
	if (!i)
		return;
	gpt_done(&i->primary);
	gpt_done(&i->backup);
	container_free(i->container);
	free(i->partitions);
	free(i);
}

const struct image_partition *image_find(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->n_partitions; i++)
		if (str_eq(image->partitions[i].name, name))
			return &image->partitions[i];
	return NULL;
}

int image_partition_open(const struct image *image, const struct image_partition *p,
			 struct fs_reader **ret, struct err *e)
{
	if (p->src.size_bytes < p->size_bytes)
		return err_set(e, -EBADMSG,
			       "it ends beyond the disk, which is cut off at %llu bytes",
			       (unsigned long long)image->disk->size_bytes);
	return fs_reader_open(&p->src, ret, e);
}

bool image_slot_used(const struct image_partition *p)
{
	return !str_eq(p->entry.label, EMPTY_LABEL);
}
