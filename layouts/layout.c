/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layouts/layout.h"

static const struct {
	const char *name, *x86_64, *arm64;
} types[] = {
	[LAYOUT_ESP] = { "esp", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
			 "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" },
	[LAYOUT_USR] = { "usr", "8484680c-9521-48c6-9c11-b0720656f69e",
			 "b0e01050-ee5f-4390-949a-9101b17104e9" },
	[LAYOUT_USR_VERITY] = { "usr-verity", "77ff5f63-e7b6-4633-acf4-1565b864c0e6",
				"6e11a4e7-fbca-4ded-b9e9-e1a512bb664e" },
	[LAYOUT_USR_VERITY_SIG] = { "usr-verity-sig", "e7bb33fb-06cf-4e81-8273-e543b413e2e2",
				    "c23ce4ff-44bd-4b00-b2d4-b41b3419e02a" },
	[LAYOUT_ROOT] = { "root", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
			  "b921b045-1df0-41c3-af44-4c6f280d3fae" },
};

void layout_free(struct layout *l)
{
	if (!l)
		return;
	free(l->name);
	free(l);
}

const char *layout_type_name(enum layout_type t)
{
	return types[t].name;
}

const char *layout_type_guid(enum layout_type t, const char *arch)
{
	if (str_eq(arch, "x86-64"))
		return types[t].x86_64;
	return str_eq(arch, "arm64") ? types[t].arm64 : NULL;
}

const struct layout_partition *layout_find(const struct layout *l, enum layout_type t, int slot)
{
	for (size_t i = 0; i < l->n_partitions; i++)
		if (l->partitions[i].type == t && l->partitions[i].slot == slot)
			return &l->partitions[i];
	return NULL;
}

static size_t index_of(const struct layout *l, const struct layout_partition *p)
{
	return p ? (size_t)(p - l->partitions) : l->n_partitions;
}

static bool in_slot(enum layout_type t)
{
	return t == LAYOUT_USR || t == LAYOUT_USR_VERITY || t == LAYOUT_USR_VERITY_SIG;
}

static int check_partition(const struct layout *l, size_t i, struct err *e)
{
	const struct layout_partition *p = &l->partitions[i];
	const char *name = types[p->type].name;

	if (in_slot(p->type) != (p->slot != LAYOUT_NO_SLOT))
		return err_set(e, -EINVAL, "partition %zu (%s) %s", i + 1, name,
			       in_slot(p->type) ? "needs a slot: a or b"
						: "can have no slot: leave it out");
	if (layout_find(l, p->type, p->slot) != p)
		return err_set(e, -EINVAL, "partition %zu (%s) is there twice: leave one out",
			       i + 1, name);
	if (p->size_bytes == 0 || p->size_bytes % LAYOUT_ALIGN_BYTES)
		return err_set(e, -EINVAL,
			       "partition %zu (%s): its size has to be a multiple of 1M", i + 1,
			       name);
	if ((p->type == LAYOUT_ESP) != (i == 0))
		return err_set(e, -EINVAL, "partition %zu (%s): the esp is the first partition",
			       i + 1, name);
	if ((p->type == LAYOUT_ROOT) != (i == l->n_partitions - 1))
		return err_set(e, -EINVAL, "partition %zu (%s): root is the last partition", i + 1,
			       name);
	return 0;
}

/* Both slots have every type, in the same sizes. */
static int check_slots(const struct layout *l, size_t *ret_partition, struct err *e)
{
	for (enum layout_type t = LAYOUT_USR; t <= LAYOUT_USR_VERITY_SIG; t++) {
		const struct layout_partition *a = layout_find(l, t, 0), *b = layout_find(l, t, 1);
		*ret_partition = index_of(l, b ? b : a);
		if (!a || !b)
			return err_set(e, -EINVAL,
				       "slot %s has no %s partition: each slot has a usr, a "
				       "usr-verity and a usr-verity-sig",
				       a ? "b" : "a", types[t].name);
		if (a->size_bytes != b->size_bytes)
			return err_set(e, -EINVAL,
				       "the %s partitions of slots a and b differ in size: updates "
				       "need them equal",
				       types[t].name);
	}
	return 0;
}

int layout_check(const struct layout *l, size_t *ret_partition, struct err *e)
{
	*ret_partition = l->n_partitions;
	if (l->n_partitions < 2)
		return err_set(e, -EINVAL, "a layout has an esp, two slots and a root");
	for (size_t i = 0; i < l->n_partitions; i++) {
		int r = check_partition(l, i, e);
		if (r < 0) {
			*ret_partition = i;
			return r;
		}
	}
	return check_slots(l, ret_partition, e);
}
