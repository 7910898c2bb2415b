/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variables in a store: read back by the specification; whether firmware takes them, machines tell. */
#include "signing/efi_store.h"
#include "signing/test/fixture.h"

#define STORE_AT    72
#define STORE_BYTES 8192
#define FIRST	    (STORE_AT + 28)

static struct err e;

static void put(struct buf *b, size_t at, const void *data, size_t len)
{
	memcpy(b->data + at, data, len);
}

/* As the firmware's package brings it: nothing in it, all ones. */
static void empty_store(struct buf *b)
{
	static const uint8_t guid[16] = { 0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
					  0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92 };

	memset(buf_grow(b, 3 * 4096), 0xff, 3 * 4096);
	b->len = 3 * 4096;
	memset(b->data, 0, FIRST);
	put(b, 40, "_FVH", 4);
	put_le16(b->data + 48, STORE_AT);
	put(b, STORE_AT, guid, 16);
	put_le32(b->data + STORE_AT + 16, STORE_BYTES);
	put(b, STORE_AT + 20, "\x5a\xfe", 2);
}

static void read_auth(const char *name, struct buf *b)
{
	char file[32];

	snprintf(file, sizeof(file), "%s.auth", name);
	fx_read(file, b);
}

/* The variable at @at is this one, its content the signature list of this certificate. */
static size_t check(const struct buf *store, size_t at, const char *name, const struct signer *s)
{
	const uint8_t *h = store->data + at;
	_cleanup_buf_ struct buf esl = BUF_INIT, auth = BUF_INIT;
	uint8_t owner[16];
	size_t name_len = 2 * (strlen(name) + 1);

	read_auth(name, &auth);
	ck_ok(efi_owner_guid(fx_pk->cert, owner, &e));
	ck_ok(efi_esl_append(&esl, s->cert, owner, &e));
	ck_assert_uint_eq(at % 4, 0);
	ck_assert_uint_eq(get_le16(h), 0x55aa);
	ck_assert_uint_eq(h[2], 0x3f);
	ck_assert_uint_eq(get_le32(h + 4), 0x27);
	ck_assert_mem_eq(h + 16, auth.data, 16);
	ck_assert_uint_eq(get_le32(h + 36), name_len);
	ck_assert_uint_eq(get_le32(h + 40), esl.len);
	for (size_t i = 0; i < name_len / 2; i++)
		ck_assert_uint_eq(get_le16(h + 60 + 2 * i), (uint8_t)name[i]);
	ck_assert_mem_eq(h + 60 + name_len, esl.data, esl.len);
	return (size_t)align_up(at + 60 + name_len + esl.len, 4);
}

START_TEST(variables_follow_each_other)
{
	static const enum efi_variable order[] = { EFI_VARIABLE_DB, EFI_VARIABLE_PK };
	_cleanup_buf_ struct buf store = BUF_INIT;

	empty_store(&store);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		_cleanup_buf_ struct buf auth = BUF_INIT;
		read_auth(efi_variable_name(order[i]), &auth);
		ck_ok(efi_store_add(&store, order[i], auth.data, auth.len, &e));
	}
	size_t at = check(&store, FIRST, "db", fx_db);
	ck_assert_mem_eq(store.data + FIRST + 44, efi_variable_vendor(EFI_VARIABLE_DB), 16);
	at = check(&store, at, "PK", fx_pk);
	ck_assert_uint_eq(store.data[at], 0xff);
	ck_assert_uint_eq(store.len, 3 * 4096);
}
END_TEST

START_TEST(a_full_store_takes_no_more)
{
	_cleanup_buf_ struct buf store = BUF_INIT, auth = BUF_INIT, before = BUF_INIT;
	int r = 0, n = -1;

	empty_store(&store);
	read_auth("db", &auth);
	for (; r == 0; n++) {
		buf_done(&before);
		buf_append(&before, store.data, store.len);
		r = efi_store_add(&store, EFI_VARIABLE_DB, auth.data, auth.len, &e);
	}
	ck_fails(r, -ENOSPC, "no room for db");
	ck_assert_int_eq(n, 8);
	ck_assert_mem_eq(store.data, before.data, store.len);
}
END_TEST

START_TEST(others_are_refused)
{
	static const struct {
		size_t at;
		const char *with, *says;
	} bad[] = { { 40, "_FVX", "firmware volume" },
		    { 48, "\xff\xff\0\0", "authenticated variables" },
		    { STORE_AT, "\0\0\0\0", "authenticated variables" },
		    { STORE_AT + 16, "\xff\xff\xff\xff", "in a file of" },
		    { STORE_AT + 16, "\0\0\0\0", "in a file of" },
		    { STORE_AT + 20, "\0\0\0\0", "authenticated variables" } };
	_cleanup_buf_ struct buf auth = BUF_INIT;

	read_auth("db", &auth);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf store = BUF_INIT;
		empty_store(&store);
		put(&store, bad[i].at, bad[i].with, 4);
		ck_fails(efi_store_add(&store, EFI_VARIABLE_DB, auth.data, auth.len, &e), -EBADMSG,
			 bad[i].says);
	}
}
END_TEST

START_TEST(a_variable_that_leaves_the_store_is_refused)
{
	_cleanup_buf_ struct buf store = BUF_INIT, auth = BUF_INIT;

	empty_store(&store);
	read_auth("db", &auth);
	ck_ok(efi_store_add(&store, EFI_VARIABLE_DB, auth.data, auth.len, &e));
	put_le32(store.data + FIRST + 40, UINT32_MAX);
	ck_fails(efi_store_add(&store, EFI_VARIABLE_PK, auth.data, auth.len, &e), -EBADMSG,
		 "leaves it");
}
END_TEST

START_TEST(auth_files_are_checked)
{
	_cleanup_buf_ struct buf store = BUF_INIT, auth = BUF_INIT;

	empty_store(&store);
	read_auth("db", &auth);
	for (size_t len = 0; len < auth.len; len += len < 64 ? 1 : 100) {
		int r = efi_store_add(&store, EFI_VARIABLE_DB, auth.data, len, &e);
		if (len <= 16 + get_le32(auth.data + 16))
			ck_assert_int_eq(r, -EBADMSG);
	}
	put_le32(auth.data + 16, 7);
	ck_fails(efi_store_add(&store, EFI_VARIABLE_DB, auth.data, auth.len, &e), -EBADMSG,
		 "behind its signature");
}
END_TEST

FX_MAIN("efi_store", variables_follow_each_other, a_full_store_takes_no_more, others_are_refused,
	a_variable_that_leaves_the_store_is_refused, auth_files_are_checked)
