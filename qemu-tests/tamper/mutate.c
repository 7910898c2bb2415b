/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/mutate.h"

#include "qemu-tests/tamper/families.h"
#include "qemu-tests/tamper/kinds.h"

/* A choice may come to what is there already, or to something that this image has not. */
#define TRIES 200

/* Each kind that alters the disk, with bits of the seed's choice. */
static int alter_kind(struct tamper *t, struct err *e)
{
	const struct tamper_kind *k = tamper_kinds[tamper_random(t, n_tamper_kinds)];
	int r = tamper_note(t, e, "%s", k->name);

	return r < 0 ? r : k->alter(t, e);
}

static const struct tamper_kind tamper_m_kind = { "kind",
						  "one of the kinds that boots are tried with",
						  alter_kind };

const struct tamper_kind *const tamper_families[] = {
	&tamper_m_flip,	      &tamper_m_byte,	    &tamper_m_run,	  &tamper_m_move,
	&tamper_m_entry,      &tamper_m_header,	    &tamper_m_mbr,	  &tamper_m_size,
	&tamper_m_slots,      &tamper_m_fill,	    &tamper_m_superblock, &tamper_m_resigned,
	&tamper_m_json,	      &tamper_m_cms,	    &tamper_m_pe_field,	  &tamper_m_pe_signature,
	&tamper_m_pe_section, &tamper_m_esp_add,    &tamper_m_esp_change, &tamper_m_esp_params,
	&tamper_m_fat_entry,  &tamper_m_fat_table,  &tamper_m_fat_boot,	  &tamper_m_kind,
	&tamper_m_grown,      &tamper_m_old_loader,
};
const size_t n_tamper_families = ARRAY_SIZE(tamper_families);

void tamper_random_bytes(struct tamper *t, void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)data)[i] = (uint8_t)tamper_random(t, 256);
}

static int found(void *ctx, uint64_t offset unused_, uint64_t len unused_, struct err *e unused_)
{
	*(bool *)ctx = true;
	return 1;
}

static int differs(const struct tamper *t, bool *ret, struct err *e)
{
	*ret = t->disk.src.size_bytes != t->p.disk->size_bytes;
	int r = overlay_differences(&t->disk, found, ret, e);
	return MIN(r, 0);
}

/* What this image lacks is drawn again, as is what changes nothing. */
static bool again(int r, bool differ)
{
	return r == 0 ? !differ
		      : r == -ENOENT || r == -ENOTSUP || r == -EINVAL || r == -ENOSPC ||
				r == -EEXIST || r == -ENOKEY;
}

int tamper_mutate(const struct tamper_params *p, uint64_t number, struct tamper **ret,
		  const struct tamper_kind **ret_family, struct err *e)
{
	const struct tamper_kind *family = tamper_families[number % n_tamper_families];
	struct tamper_params mine = *p;

	for (uint64_t attempt = 0; attempt < TRIES; attempt++) {
		_cleanup_(tamper_free) struct tamper *t = NULL;
		bool differ = false;
		mine.seed = (p->seed << 40) ^ (number << 8) ^ attempt;
		int r = tamper_new(&mine, &t, e);
		if (r < 0)
			return r;
		r = tamper_apply(t, family, e);
		if (r == 0)
			r = differs(t, &differ, e);
		if (again(r, differ))
			continue;
		if (r == 0) {
			*ret = TAKE_PTR(t);
			*ret_family = family;
		}
		return r;
	}
	return err_set(e, -ENOTSUP, "%s: nothing was found that could be altered", family->name);
}
