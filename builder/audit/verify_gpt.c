/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partition table, both copies, and what lies in no partition. */
#include <sys/mman.h>

#include "base/mismatch.h"
#include "builder/audit/verify_internal.h"

static int check_copy(struct verify *v, enum verify_id id, const struct gpt *g, struct err *e)
{
	if (!g->sector_bytes)
		return verify_fail(v, id, e, "there is none that can be read");
	if (!g->header_crc_ok || !g->entries_crc_ok)
		return verify_fail(v, id, e, "the checksum of its %s is wrong",
				   g->header_crc_ok ? "entries" : "header");
	return verify_ok(v, id, e, "%zu partitions, sectors of %u bytes", v->image->n_partitions,
			 g->sector_bytes);
}

const char *verify_arch(const struct image *image)
{
	static const char *const arches[] = { "x86-64", "arm64" };
	char type[UUID_TEXT_BYTES];

	for (size_t i = 0; i < image->n_partitions; i++) {
		uuid_format(image->partitions[i].entry.type, type);
		for (size_t k = 0; k < ARRAY_SIZE(arches); k++)
			if (str_eq(type, layout_type_guid(LAYOUT_USR, arches[k])))
				return arches[k];
	}
	return arches[0];
}

/* The layout that a table is of. An image lacks the root, which any layout has. */
static int layout_of(const struct image *image, struct layout *l, struct err *e)
{
	static char name[] = "of the image";

	*l = (struct layout){ .name = name, .sector_bytes = image->gpt->sector_bytes };
	for (size_t i = 0; i < image->n_partitions; i++) {
		const struct image_partition *p = &image->partitions[i];
		if (!p->known)
			return err_set(e, -EINVAL, "partition %u is of a type that no layout has",
				       p->entry.number);
		if (l->n_partitions + 1 >= LAYOUT_MAX_PARTITIONS)
			return err_set(e, -EINVAL, "%zu partitions are too many",
				       image->n_partitions);
		l->partitions[l->n_partitions++] = (struct layout_partition){
			.type = p->type, .slot = p->slot, .size_bytes = p->src.size_bytes
		};
	}
	/* systemd-repart gives the root what is left of the disk, to the last 4 KiB. */
	struct layout_partition *last =
		l->n_partitions ? &l->partitions[l->n_partitions - 1] : NULL;
	if (last && last->type == LAYOUT_ROOT)
		last->size_bytes -= last->size_bytes % LAYOUT_ALIGN_BYTES;
	else
		l->partitions[l->n_partitions++] = (struct layout_partition){
			.type = LAYOUT_ROOT, .slot = LAYOUT_NO_SLOT, .size_bytes = MiB
		};
	return 0;
}

/* Of slots, the labels are looked at with what is in them. */
static int check_label(const struct image *image, struct err *e)
{
	const struct image_partition *esp = image_find(image, "esp");

	if (esp && !str_eq(esp->entry.label, "esp"))
		return err_set(e, -EBADMSG, "the label of the ESP is \"%s\", expected \"esp\"",
			       esp->entry.label);
	return 0;
}

static int check_layout(struct verify *v, struct layout *l, struct err *e)
{
	size_t which;
	int r = layout_of(v->image, l, e);

	if (r == 0)
		r = layout_check(l, &which, e);
	if (r == 0)
		r = check_label(v->image, e);
	if (r < 0)
		return verify_failed(v, VERIFY_GPT_LAYOUT, r, e);
	return verify_ok(v, VERIFY_GPT_LAYOUT, e, "an ESP and two slots of equal sizes%s",
			 v->has_root ? ", and a root partition" : "");
}

/* Without gaps from the first MiB on, in the order of their numbers: so they cannot overlap either. */
static int check_places(struct verify *v, struct err *e)
{
	uint64_t at = LAYOUT_ALIGN_BYTES;

	for (size_t i = 0; i < v->image->n_partitions; i++) {
		const struct image_partition *p = &v->image->partitions[i];
		if (p->entry.number != i + 1)
			return verify_fail(v, VERIFY_GPT_PLACES, e,
					   "partition %u is there, and %zu is not", p->entry.number,
					   i + 1);
		if (p->src.size_bytes == 0 || p->start_bytes != at)
			return verify_fail(v, VERIFY_GPT_PLACES, e,
					   "partition %u lies at byte %llu, expected at %llu",
					   p->entry.number, (unsigned long long)p->start_bytes,
					   (unsigned long long)at);
		at += p->src.size_bytes;
	}
	if (!v->has_root && at + LAYOUT_ALIGN_BYTES != v->image->disk->size_bytes)
		return verify_fail(v, VERIFY_GPT_PLACES, e,
				   "the disk has %llu bytes, and of its partitions follow %llu",
				   (unsigned long long)v->image->disk->size_bytes,
				   (unsigned long long)(at + LAYOUT_ALIGN_BYTES));
	return verify_ok(v, VERIFY_GPT_PLACES, e, "without gaps up to byte %llu",
			 (unsigned long long)at);
}

/*
 * Those of the root partition are the node's own, as all of it. Of signatures, which are never mounted,
 * systemd-sysupdate does not know that they can be read-only, and takes the flag away.
 */
static uint64_t attributes_of(const struct verify *v, const struct image_partition *p)
{
	if (p->type == LAYOUT_ROOT)
		return p->entry.attributes;
	if (p->type == LAYOUT_USR_VERITY_SIG && v->has_root)
		return p->entry.attributes & LAYOUT_READ_ONLY;
	return p->slot == LAYOUT_NO_SLOT ? 0 : LAYOUT_READ_ONLY;
}

static int plan_of(const struct verify *v, const struct layout *l, struct layout_plan *plan,
		   struct err *e)
{
	const struct image *image = v->image;
	uint8_t root_hash[SHA256_BYTES];

	*plan = (struct layout_plan){ .layout = l,
				      .arch = v->arch,
				      .disk_bytes = image->disk->size_bytes };
	gpt_guid(image->gpt->header + GPT_DISK_GUID, plan->disk_uuid);
	for (size_t i = 0; i < image->n_partitions; i++) {
		const struct image_partition *p = &image->partitions[i];
		struct layout_placed *to = &plan->placed[plan->n_placed++];
		*to = (struct layout_placed){ .type = p->type,
					      .slot = p->slot,
					      .start_bytes = p->start_bytes,
					      .size_bytes = p->src.size_bytes,
					      .attributes = attributes_of(v, p) };
		memcpy(to->uuid, p->entry.uuid, sizeof(to->uuid));
		if (strlen(p->entry.label) >= sizeof(to->label))
			return err_set(e, -EINVAL, "the label of partition %u is none of ours",
				       p->entry.number);
		strcpy(to->label, p->entry.label);
	}
	/* Updates give a slot new UUIDs, and leave the others as they are. */
	if (!v->has_root && verify_root_hash(v, 0, root_hash))
		layout_set_root_hash(plan, root_hash);
	return 0;
}

/* The same table on a disk of zeros: a file that takes no more memory than the table. */
static int write_again(const struct layout_plan *plan, struct source *ret, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("table", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)plan->disk_bytes) < 0)
		return err_sys(e, -errno, "memory for a partition table");
	int r = layout_write_gpt(plan, fd, e);
	return r < 0 ? r : source_init_fd(ret, TAKE_FD(fd), e);
}

static int compare_range(struct verify *v, const struct source *again, uint64_t from, uint64_t to,
			 uint64_t *ret, struct err *e)
{
	struct source a, b;

	int r = source_init_window(&a, v->image->disk, from, to - from, e);
	if (r == 0)
		r = source_init_window(&b, again, from, to - from, e);
	if (r == 0)
		r = source_mismatch(&a, &b, 0, v->p->pool, ret, e);
	if (r == 0 && *ret != MISMATCH_NONE)
		*ret += from;
	return r;
}

static int check_form(struct verify *v, const struct layout *l, struct err *e)
{
	const struct image_partition *last = &v->image->partitions[v->image->n_partitions - 1];
	uint64_t end = last->start_bytes + last->src.size_bytes, at = MISMATCH_NONE;
	_cleanup_source_ struct source again = SOURCE_INIT;
	struct layout_plan plan;

	int r = plan_of(v, l, &plan, e);
	if (r == 0)
		r = write_again(&plan, &again, e);
	if (r < 0)
		return verify_failed(v, VERIFY_GPT_FORM, r, e);
	r = compare_range(v, &again, 0, LAYOUT_ALIGN_BYTES, &at, e);
	if (r == 0 && at == MISMATCH_NONE)
		r = compare_range(v, &again, end, v->image->disk->size_bytes, &at, e);
	if (r < 0)
		return r;
	if (at != MISMATCH_NONE)
		return verify_fail(v, VERIFY_GPT_FORM, e, "byte %llu of the disk differs",
				   (unsigned long long)at);
	return verify_ok(v, VERIFY_GPT_FORM, e, "the first MiB, and all after byte %llu",
			 (unsigned long long)end);
}

/* First boot makes a root partition; what the node writes there and on the ESP nobody has signed. */
static int check_state(struct verify *v, struct err *e)
{
	if (!v->has_root)
		return verify_ok(v, VERIFY_DISK_STATE, e,
				 "as it was built: there is no root partition");
	if (!v->p->policy->used_disk)
		return verify_fail(v, VERIFY_DISK_STATE, e,
				   "it has a root partition: of a disk that has booted, say so in "
				   "the policy (used-disk: allowed)");
	return verify_state(v, VERIFY_DISK_STATE, e,
			    "the root partition is the node's own, and not verified");
}

int verify_gpt(struct verify *v, struct err *e)
{
	struct layout l;

	verify_at(v, "%s", "");
	int r = check_state(v, e);
	if (r == 0)
		r = check_copy(v, VERIFY_GPT_PRIMARY, &v->image->primary, e);
	if (r == 0)
		r = check_copy(v, VERIFY_GPT_BACKUP, &v->image->backup, e);
	size_t n_failed = v->report->n_failed;
	if (r == 0)
		r = check_layout(v, &l, e);
	if (r == 0)
		r = check_places(v, e);
	/* Of partitions that are none of a layout, nothing can be written. */
	return r == 0 && v->report->n_failed == n_failed ? check_form(v, &l, e) : r;
}
