/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partition table, by libfdisk. */
#include <inttypes.h>
#include <libfdisk/libfdisk.h>

#include "layouts/layout.h"

DEFINE_CLEANUP(struct fdisk_context *, fdisk_unref_context)
DEFINE_CLEANUP(struct fdisk_partition *, fdisk_unref_partition)
DEFINE_CLEANUP(struct fdisk_parttype *, fdisk_unref_parttype)

static int fdisk_error(struct err *e, int r, const char *what)
{
	return err_sys(e, r, "partition table: %s", what);
}

/* The disk's own UUID: libfdisk asks for it as an answer to a dialogue. */
static int answer_uuid(struct fdisk_context *cxt unused_, struct fdisk_ask *ask, void *data)
{
	if (fdisk_ask_get_type(ask) == FDISK_ASKTYPE_STRING)
		return fdisk_ask_string_set_result(ask, strdup(data));
	return 0;
}

static int set_disk_uuid(struct fdisk_context *cxt, const uint8_t uuid[16])
{
	char text[UUID_TEXT_BYTES];

	uuid_format(uuid, text);
	int r = fdisk_set_ask(cxt, answer_uuid, text);
	if (r == 0)
		r = fdisk_set_disklabel_id(cxt);
	fdisk_set_ask(cxt, NULL, NULL);
	return r;
}

static int add_partition(struct fdisk_context *cxt, const struct layout_plan *plan, size_t i,
			 struct err *e)
{
	const struct layout_placed *p = &plan->placed[i];
	uint32_t sector = plan->layout->sector_bytes;
	const char *guid = layout_type_guid(p->type, plan->arch);
	_cleanup_(fdisk_unref_partition) struct fdisk_partition *pa = fdisk_new_partition();
	_cleanup_(fdisk_unref_parttype) struct fdisk_parttype *type = fdisk_new_parttype();
	char uuid[UUID_TEXT_BYTES];

	if (!pa || !type)
		return err_oom(e);
	if (!guid)
		return err_set(e, -EINVAL, "no partition types are known for architecture %s",
			       plan->arch);
	uuid_format(p->uuid, uuid);
	int r = fdisk_parttype_set_typestr(type, guid);
	if (r == 0)
		r = fdisk_partition_set_type(pa, type);
	if (r == 0)
		r = fdisk_partition_set_partno(pa, i);
	if (r == 0)
		r = fdisk_partition_set_start(pa, p->start_bytes / sector);
	if (r == 0)
		r = fdisk_partition_set_size(pa, p->size_bytes / sector);
	/* Or it would be rounded to the grain. */
	if (r == 0)
		r = fdisk_partition_size_explicit(pa, 1);
	if (r == 0)
		r = fdisk_partition_set_name(pa, p->label);
	if (r == 0)
		r = fdisk_partition_set_uuid(pa, uuid);
	if (r == 0)
		r = fdisk_add_partition(cxt, pa, NULL);
	if (r == 0)
		r = fdisk_gpt_set_partition_attrs(cxt, i, p->attributes);
	return r < 0 ? fdisk_error(e, r, p->label) : 0;
}

int layout_write_gpt(const struct layout_plan *plan, int fd, struct err *e)
{
	_cleanup_(fdisk_unref_context) struct fdisk_context *cxt = fdisk_new_context();
	char proc[64];

	if (!cxt)
		return err_oom(e);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	int r = fdisk_save_user_sector_size(cxt, plan->layout->sector_bytes,
					    plan->layout->sector_bytes);
	if (r == 0)
		r = fdisk_save_user_grain(cxt, LAYOUT_ALIGN_BYTES);
	if (r == 0)
		r = fdisk_assign_device(cxt, proc, 0);
	if (r < 0)
		return fdisk_error(e, r, "open the image");
	r = fdisk_create_disklabel(cxt, "gpt");
	if (r < 0)
		return fdisk_error(e, r, "create");
	r = set_disk_uuid(cxt, plan->disk_uuid);
	if (r < 0)
		return fdisk_error(e, r, "disk UUID");
	for (size_t i = 0; i < plan->n_placed; i++) {
		r = add_partition(cxt, plan, i, e);
		if (r < 0)
			return r;
	}
	r = fdisk_write_disklabel(cxt);
	if (r < 0)
		return fdisk_error(e, r, "write");
	r = fdisk_deassign_device(cxt, 1);
	return r < 0 ? fdisk_error(e, r, "close the image") : 0;
}
