/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A firmware volume's header says where the store begins; variables follow the store's header, each at
 * a multiple of four, and what is free has all bits set.
 */
#include "qemu-tests/vm/varstore.h"

#include "base/util.h"

#define VOLUME_HEADER_LEN_AT 48 /* u16, EFI_FIRMWARE_VOLUME_HEADER */
#define STORE_HEADER_BYTES   28
#define VARIABLE_BYTES	     60 /* AUTHENTICATED_VARIABLE_HEADER */
#define VARIABLE_START	     0x55aa
#define VARIABLE_ADDED	     0x3f

#define NON_VOLATILE	   0x01
#define BOOT_TIME	   0x02
#define RUN_TIME	   0x04
#define TIME_AUTHENTICATED 0x20

static const uint8_t guid_store[16] = /* aaf32c78-947b-439a-a180-2e144ec37792 */
	{ 0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
	  0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92 };
static const uint8_t guid_global[16] = /* 8be4df61-93ca-11d2-aa0d-00e098032b8c */
	{ 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
	  0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t guid_enable[16] = /* f0a30bc7-af08-4556-99c4-001009c93a44 */
	{ 0xc7, 0x0b, 0xa3, 0xf0, 0x08, 0xaf, 0x56, 0x45,
	  0x99, 0xc4, 0x00, 0x10, 0x09, 0xc9, 0x3a, 0x44 };

struct store {
	uint8_t *start; /* of the variables */
	size_t used, size;
};

static size_t variable_bytes(size_t name_len, size_t len)
{
	return (size_t)align_up(VARIABLE_BYTES + 2 * (name_len + 1) + len, 4);
}

static int find_store(const struct buf *flash, struct store *ret, struct err *e)
{
	const uint8_t *p = flash->data;
	size_t at = flash->len >= 64 && memcmp(p + 40, "_FVH", 4) == 0
			    ? get_le16(p + VOLUME_HEADER_LEN_AT)
			    : flash->len;

	if (flash->len - at < STORE_HEADER_BYTES || memcmp(p + at, guid_store, 16) != 0)
		return err_set(e, -EBADMSG, "not a firmware's variable store");
	size_t size = get_le32(p + at + 16);
	if (size < STORE_HEADER_BYTES || size > flash->len - at)
		return err_set(e, -EBADMSG, "a variable store of %zu bytes, which is not there",
			       size);
	*ret = (struct store){ .start = flash->data + at + STORE_HEADER_BYTES,
			       .size = size - STORE_HEADER_BYTES };
	return 0;
}

/* Where the free space begins. */
static int skip_variables(struct store *s, struct err *e)
{
	while (s->size - s->used >= VARIABLE_BYTES) {
		const uint8_t *v = s->start + s->used;
		uint64_t bytes =
			align_up((uint64_t)VARIABLE_BYTES + get_le32(v + 36) + get_le32(v + 40), 4);
		if (get_le16(v) != VARIABLE_START)
			return 0;
		if (bytes > s->size - s->used)
			return err_set(e, -EBADMSG, "a variable that is longer than its store");
		s->used += (size_t)bytes;
	}
	return 0;
}

static void write_variable(uint8_t *to, const struct varstore_variable *v)
{
	size_t name_len = strlen(v->name);

	memset(to, 0, VARIABLE_BYTES);
	put_le16(to, VARIABLE_START);
	to[2] = VARIABLE_ADDED;
	put_le32(to + 4, v->attributes);
	put_le32(to + 36, (uint32_t)(2 * (name_len + 1)));
	put_le32(to + 40, (uint32_t)v->len);
	memcpy(to + 44, v->vendor, 16);
	to += VARIABLE_BYTES;
	for (size_t i = 0; i <= name_len; i++, to += 2)
		put_le16(to, (uint8_t)v->name[i]);
	memcpy(to, v->data, v->len);
}

int varstore_add(struct buf *flash, const struct varstore_variable *v, struct err *e)
{
	struct store s = { NULL, 0, 0 };
	int r = find_store(flash, &s, e);

	if (r == 0)
		r = skip_variables(&s, e);
	if (r < 0)
		return r;
	if (v->len > s.size || variable_bytes(strlen(v->name), v->len) > s.size - s.used)
		return err_set(e, -ENOSPC, "no room for %s in the firmware's variable store",
			       v->name);
	write_variable(s.start + s.used, v);
	return 0;
}

int varstore_secure_boot_off(struct buf *flash, struct err *e)
{
	static const uint8_t nobody[1], off[1];
	const struct varstore_variable v[] = {
		{ "PK", guid_global, NON_VOLATILE | BOOT_TIME | RUN_TIME | TIME_AUTHENTICATED,
		  nobody, sizeof(nobody) },
		{ "SecureBootEnable", guid_enable, NON_VOLATILE | BOOT_TIME, off, sizeof(off) },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(v); i++)
		r = varstore_add(flash, &v[i], e);
	return r;
}
