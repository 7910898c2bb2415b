/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/efi_store.h"

#include "signing/pe_format.h"

enum { /* offsets: the volume's header, the store's, a variable's, an .auth file's */
       VOLUME_SIGNATURE = 40,
       VOLUME_HEADER_LEN = 48,
       VOLUME_HEADER_MIN = 56,

       STORE_SIZE = 16,
       STORE_FORMAT = 20,
       STORE_STATE = 21,
       STORE_HEADER_BYTES = 28,

       VARIABLE_STATE = 2,
       VARIABLE_ATTRIBUTES = 4,
       VARIABLE_TIMESTAMP = 16,
       VARIABLE_NAME_LEN = 36,
       VARIABLE_DATA_LEN = 40,
       VARIABLE_VENDOR = 44,
       VARIABLE_HEADER_BYTES = 60,

       AUTH_TIME_BYTES = 16,
};

#define VARIABLE_MAGIC	0x55aa
#define VARIABLE_ADDED	0x3f
#define STORE_FORMATTED 0x5a
#define STORE_HEALTHY	0xfe
/* Non-volatile, boot services, runtime, authenticated by time. */
#define KEY_ATTRIBUTES 0x27

static const uint8_t store_guid[16] = { 0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
					0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92 };

/* The stretch of the file that variables lie in. */
struct area {
	size_t start, end;
};

static int find_area(const struct buf *b, struct area *ret, struct err *e)
{
	if (b->len < VOLUME_HEADER_MIN || memcmp(b->data + VOLUME_SIGNATURE, "_FVH", 4) != 0)
		return err_set(e, -EBADMSG, "variable store: not a firmware volume");
	size_t at = get_le16(b->data + VOLUME_HEADER_LEN);
	if (at > b->len || b->len - at < STORE_HEADER_BYTES ||
	    memcmp(b->data + at, store_guid, sizeof(store_guid)) != 0 ||
	    b->data[at + STORE_FORMAT] != STORE_FORMATTED ||
	    b->data[at + STORE_STATE] != STORE_HEALTHY)
		return err_set(e, -EBADMSG, "variable store: not one of authenticated variables");
	size_t len = get_le32(b->data + at + STORE_SIZE);
	if (len < STORE_HEADER_BYTES || len > b->len - at)
		return err_set(e, -EBADMSG, "variable store: %zu bytes in a file of %zu", len,
			       b->len);
	*ret = (struct area){ at + STORE_HEADER_BYTES, at + len };
	return 0;
}

/* Where the next variable may begin: every header is aligned. */
static int find_end(const struct buf *b, const struct area *a, size_t *ret, struct err *e)
{
	size_t at = a->start;

	while (a->end - at >= VARIABLE_HEADER_BYTES && get_le16(b->data + at) == VARIABLE_MAGIC) {
		size_t room = a->end - at - VARIABLE_HEADER_BYTES;
		size_t name = get_le32(b->data + at + VARIABLE_NAME_LEN);
		size_t data = get_le32(b->data + at + VARIABLE_DATA_LEN);
		if (name > room || data > room - name)
			return err_set(e, -EBADMSG, "variable store: a variable leaves it");
		at += VARIABLE_HEADER_BYTES + name + data;
		at = MIN(align_up(at, 4), a->end);
	}
	*ret = at;
	return 0;
}

/* EFI_VARIABLE_AUTHENTICATION_2: a time, a signature, and then what the variable holds. */
static int find_content(const uint8_t *auth, size_t len, size_t *ret, struct err *e)
{
	if (len < AUTH_TIME_BYTES + WIN_CERT_HEADER_BYTES ||
	    get_le16(auth + AUTH_TIME_BYTES + 6) != WIN_CERT_TYPE_EFI_GUID)
		return err_set(e, -EBADMSG, "not an .auth file");
	size_t signature = get_le32(auth + AUTH_TIME_BYTES);
	if (signature < WIN_CERT_HEADER_BYTES || signature >= len - AUTH_TIME_BYTES)
		return err_set(e, -EBADMSG, ".auth file: nothing is behind its signature");
	*ret = AUTH_TIME_BYTES + signature;
	return 0;
}

int efi_store_add(struct buf *store, enum efi_variable v, const void *auth, size_t len,
		  struct err *e)
{
	const char *name = efi_variable_name(v);
	size_t name_len = 2 * (strlen(name) + 1), at = 0, content = 0;
	struct area a = { 0 };
	int r = find_area(store, &a, e);

	if (r == 0)
		r = find_end(store, &a, &at, e);
	if (r == 0)
		r = find_content(auth, len, &content, e);
	if (r < 0)
		return r;
	if (a.end - at < VARIABLE_HEADER_BYTES + name_len + (len - content))
		return err_set(e, -ENOSPC, "variable store: no room for %s", name);
	uint8_t *h = store->data + at, *p = h + VARIABLE_HEADER_BYTES;
	memset(h, 0, VARIABLE_HEADER_BYTES + name_len);
	put_le16(h, VARIABLE_MAGIC);
	h[VARIABLE_STATE] = VARIABLE_ADDED;
	put_le32(h + VARIABLE_ATTRIBUTES, KEY_ATTRIBUTES);
	memcpy(h + VARIABLE_TIMESTAMP, auth, AUTH_TIME_BYTES);
	put_le32(h + VARIABLE_NAME_LEN, (uint32_t)name_len);
	put_le32(h + VARIABLE_DATA_LEN, (uint32_t)(len - content));
	memcpy(h + VARIABLE_VENDOR, efi_variable_vendor(v), 16);
	for (size_t i = 0; name[i]; i++)
		p[2 * i] = (uint8_t)name[i];
	memcpy(p + name_len, (const uint8_t *)auth + content, len - content);
	return 0;
}
