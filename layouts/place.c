/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each partition lies, what it is called, and whether its content fits. */
#include <inttypes.h>

#include "base/digest.h"
#include "layouts/layout.h"

#define VOLUME_ID "esp filesystem"

static uint64_t content_bytes(const struct layout_partition *part, const struct layout_params *p)
{
	switch (part->type) {
	case LAYOUT_ESP:
		return p->esp_bytes;
	case LAYOUT_USR:
		return p->usr_bytes;
	case LAYOUT_USR_VERITY:
		return p->verity_bytes;
	case LAYOUT_USR_VERITY_SIG:
		return p->sig_bytes;
	case LAYOUT_ROOT:
		break;
	}
	return 0;
}

static int check_fit(const struct layout *l, const struct layout_partition *part,
		     const struct layout_params *p, struct err *e)
{
	uint64_t need = content_bytes(part, p);

	if (need <= part->size_bytes)
		return 0;
	return err_set(e, -ENOSPC,
		       "the %s partition of layout %s has %" PRIu64
		       " MiB, its content needs %" PRIu64
		       " bytes more: make it larger in the layout, or the image smaller",
		       layout_type_name(part->type), l->name, part->size_bytes / MiB,
		       need - part->size_bytes);
}

static int set_label(struct layout_placed *out, const struct layout_params *p, struct err *e)
{
	static const char *const suffix[] = { [LAYOUT_USR] = "",
					      [LAYOUT_USR_VERITY] = "_verity",
					      [LAYOUT_USR_VERITY_SIG] = "_verity_sig" };
	int n;

	if (out->type == LAYOUT_ESP)
		n = snprintf(out->label, sizeof(out->label), "esp");
	else if (out->slot > 0)
		n = snprintf(out->label, sizeof(out->label), "_empty");
	else
		n = snprintf(out->label, sizeof(out->label), "%s_%s%s", p->name, p->version,
			     suffix[out->type]);
	if (n >= (int)sizeof(out->label))
		return err_set(
			e, -EINVAL,
			"partition label %s_%s%s is %d characters long, GPT holds %d: shorten "
			"the image's name or version",
			p->name, p->version, suffix[out->type], n, LAYOUT_LABEL_CHARS);
	return 0;
}

static int place_one(const struct layout *l, const struct layout_partition *part,
		     const struct layout_params *p, uint64_t *at, struct layout_placed *out,
		     struct err *e)
{
	int r = check_fit(l, part, p, e);
	if (r < 0)
		return r;
	*out = (struct layout_placed){
		.type = part->type,
		.slot = part->slot,
		.start_bytes = *at,
		.size_bytes = part->size_bytes,
		.attributes = part->slot == LAYOUT_NO_SLOT ? 0 : LAYOUT_READ_ONLY,
	};
	if (add_overflows(*at, part->size_bytes, at) || *at > INT64_MAX / 2)
		return err_set(e, -EINVAL,
			       "layout %s is larger than any disk: make its partitions smaller",
			       l->name);
	return set_label(out, p, e);
}

int layout_place(const struct layout *l, const struct layout_params *p, struct layout_plan *ret,
		 struct err *e)
{
	struct layout_plan plan = { .layout = l, .arch = p->arch };
	uint64_t at = LAYOUT_ALIGN_BYTES;

	for (size_t i = 0; i < l->n_partitions; i++) {
		if (l->partitions[i].type == LAYOUT_ROOT)
			continue;
		int r = place_one(l, &l->partitions[i], p, &at, &plan.placed[plan.n_placed++], e);
		if (r < 0)
			return r;
	}
	/* The backup table lies in the last MiB. */
	plan.disk_bytes = at + LAYOUT_ALIGN_BYTES;
	*ret = plan;
	return 0;
}

/* That of a filled slot's signature is what an update gives it, whichever slot that is for. */
static void partition_uuid(const uint8_t root_hash[32], enum layout_type t, int slot,
			   uint8_t uuid[16])
{
	uint8_t digest[SHA256_BYTES];
	char id[64];

	sha256_bytes(root_hash, SHA256_BYTES, digest);
	snprintf(id, sizeof(id), "%s:%d", layout_type_name(t), slot);
	if (slot != 0)
		uuid_derive(root_hash, SHA256_BYTES, id, uuid);
	else
		memcpy(uuid,
		       t == LAYOUT_USR		? root_hash
		       : t == LAYOUT_USR_VERITY ? root_hash + 16
						: digest,
		       16);
}

void layout_set_root_hash(struct layout_plan *plan, const uint8_t root_hash[32])
{
	uuid_derive(root_hash, SHA256_BYTES, "disk", plan->disk_uuid);
	for (size_t i = 0; i < plan->n_placed; i++) {
		struct layout_placed *p = &plan->placed[i];
		partition_uuid(root_hash, p->type, p->slot, p->uuid);
	}
}

void layout_volume_id(const uint8_t root_hash[32], uint8_t uuid[16])
{
	uuid_derive(root_hash, SHA256_BYTES, VOLUME_ID, uuid);
}

bool layout_is_derived(const uint8_t root_hash[32], const uint8_t *uuid, size_t len)
{
	static const char *const others[] = { "disk", VOLUME_ID };
	uint8_t derived[16];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		uuid_derive(root_hash, SHA256_BYTES, others[i], derived);
		if (memcmp(uuid, derived, len) == 0)
			return true;
	}
	for (enum layout_type t = LAYOUT_ESP; t <= LAYOUT_ROOT; t++) {
		for (int slot = LAYOUT_NO_SLOT; slot <= 1; slot++) {
			partition_uuid(root_hash, t, slot, derived);
			if (memcmp(uuid, derived, len) == 0)
				return true;
		}
	}
	return false;
}

const struct layout_placed *layout_placed_find(const struct layout_plan *plan, enum layout_type t,
					       int slot)
{
	for (size_t i = 0; i < plan->n_placed; i++)
		if (plan->placed[i].type == t && plan->placed[i].slot == slot)
			return &plan->placed[i];
	return NULL;
}
