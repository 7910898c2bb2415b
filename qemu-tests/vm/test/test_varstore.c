/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variables in the flash image that the firmware comes with. */
#include <fcntl.h>

#include "base/blob.h"
#include "base/test/support.h"
#include "qemu-tests/vm/varstore.h"

#define FLASH "/usr/share/OVMF/OVMF_VARS_4M.fd"
/* Behind the headers of a volume of one block size and of the store. */
#define FIRST_VARIABLE (72 + 28)

static struct err e;
static const uint8_t vendor[16] = { 1, 2, 3 };

static void load(struct buf *flash)
{
	_cleanup_(blob_unref) struct blob *b = NULL;

	if (access(FLASH, R_OK) < 0)
		test_skip("no " FLASH);
	ck_ok(blob_new_file(AT_FDCWD, FLASH, &b, &e));
	buf_append(flash, b->data, b->len);
}

START_TEST(a_variable_is_where_the_firmware_looks)
{
	static const uint8_t header[60] = {
		0xaa, 0x55, 0x3f, 0, 7, [36] = 6, [40] = 5, [44] = 1, 2, 3
	};
	const struct varstore_variable v = { "ab", vendor, 7, "12345", 5 };
	_cleanup_buf_ struct buf flash = BUF_INIT, before = BUF_INIT;

	load(&flash);
	load(&before);
	ck_ok(varstore_add(&flash, &v, &e));
	const uint8_t *at = flash.data + FIRST_VARIABLE;
	ck_assert_mem_eq(at, header, sizeof(header));
	ck_assert_mem_eq(at + 60,
			 "a\0b\0\0\0"
			 "12345",
			 11);
	ck_assert_mem_eq(flash.data, before.data, FIRST_VARIABLE);
	ck_assert_mem_eq(at + 71, before.data + FIRST_VARIABLE + 71,
			 before.len - FIRST_VARIABLE - 71);
	ck_ok(varstore_add(&flash, &v, &e));
	ck_assert_mem_eq(at + 72, at, 71);
}
END_TEST

START_TEST(it_is_not_written_beyond_the_store)
{
	_cleanup_buf_ struct buf flash = BUF_INIT;
	_cleanup_free_ char *data = calloc(1, 300000);

	load(&flash);
	const struct varstore_variable v = { "big", vendor, 7, data, 300000 },
				       half = { "half", vendor, 7, data, 140000 };
	ck_fails(varstore_add(&flash, &v, &e), -ENOSPC, "no room for big");
	ck_ok(varstore_add(&flash, &half, &e));
	ck_fails(varstore_add(&flash, &half, &e), -ENOSPC, "no room for half");
}
END_TEST

START_TEST(other_files_are_refused)
{
	_cleanup_buf_ struct buf flash = BUF_INIT, none = BUF_INIT;

	ck_fails(varstore_secure_boot_off(&none, &e), -EBADMSG, "not a firmware's variable store");
	load(&flash);
	put_le32(flash.data + FIRST_VARIABLE - 12, 1u << 30);
	ck_fails(varstore_secure_boot_off(&flash, &e), -EBADMSG, "which is not there");
	flash.len = 80;
	ck_fails(varstore_secure_boot_off(&flash, &e), -EBADMSG, "not a firmware's variable store");
}
END_TEST

START_TEST(a_broken_chain_is_refused)
{
	const struct varstore_variable v = { "ab", vendor, 7, "12345", 5 };
	_cleanup_buf_ struct buf flash = BUF_INIT;

	load(&flash);
	ck_ok(varstore_add(&flash, &v, &e));
	put_le32(flash.data + FIRST_VARIABLE + 40, UINT32_MAX);
	ck_fails(varstore_add(&flash, &v, &e), -EBADMSG, "longer than its store");
}
END_TEST

TEST_MAIN("varstore", a_variable_is_where_the_firmware_looks, it_is_not_written_beyond_the_store,
	  other_files_are_refused, a_broken_chain_is_refused)
