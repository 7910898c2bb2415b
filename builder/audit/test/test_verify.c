/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A good disk is good; each check is the one that speaks when what it is for is altered. */
#include "builder/audit/test/verify_support.h"

START_TEST(good)
{
	struct verify_report r = (vs_make(), vs_verify());

	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	verify_report_done(&r);
}
END_TEST

/* Bytes of the disk, and the check that each alteration must fail. */
static const struct {
	uint64_t at;
	enum verify_id id;
} flips[] = {
	{ 100, VERIFY_GPT_FORM },
	{ 447, VERIFY_GPT_FORM },
	{ 512 + 12, VERIFY_GPT_FORM },
	{ 512 + 20, VERIFY_GPT_FORM },
	{ 512 + 60, VERIFY_GPT_PRIMARY },
	{ 700, VERIFY_GPT_FORM },
	{ 1024 + 48, VERIFY_GPT_PRIMARY },
	{ 1024 + 128 * 9, VERIFY_GPT_LAYOUT },
	{ 500000, VERIFY_GPT_FORM },
	{ VS_END + 5000, VERIFY_GPT_FORM },
	{ VS_END + MiB - 512 + 60, VERIFY_GPT_BACKUP },
	{ VS_END + MiB - 512, VERIFY_GPT_BACKUP },
	{ VS_END + MiB - 512 - 16384 + 56, VERIFY_GPT_BACKUP },
	{ VS_ESP + 5, VERIFY_ESP_FORM },
	{ VS_ESP + 43, VERIFY_ESP_FORM },
	{ VS_ESP + 300, VERIFY_ESP_FORM },
	{ VS_ESP + 4 * MiB - 1, VERIFY_ESP_FORM },
	{ VS_USR + 5000, VERIFY_SLOT_TREE },
	{ VS_USR + 5000, VERIFY_SLOT_SECOND },
	{ VS_VERITY + 5000, VERIFY_SLOT_SECOND },
	{ VS_USR + 4 * MiB - 1, VERIFY_SLOT_UNUSED },
	{ VS_VERITY + 8, VERIFY_SLOT_SUPERBLOCK },
	{ VS_VERITY + 17, VERIFY_SLOT_SUPERBLOCK },
	{ VS_VERITY + 90, VERIFY_SLOT_SUPERBLOCK },
	{ VS_VERITY + 500, VERIFY_SLOT_SUPERBLOCK },
	{ VS_VERITY + 600, VERIFY_SLOT_TREE },
	{ VS_VERITY + 5000, VERIFY_SLOT_TREE },
	{ VS_VERITY + MiB - 1, VERIFY_SLOT_UNUSED },
	{ VS_SIG + 3, VERIFY_SLOT_SIGNATURE },
	{ VS_SIG + 700, VERIFY_SLOT_SIGNATURE },
	{ VS_SIG + 60000, VERIFY_SLOT_SIGNATURE },
	{ VS_SIG + 100000, VERIFY_SLOT_UNUSED },
	{ VS_USR_B + 100, VERIFY_SLOT_EMPTY },
	{ VS_USR_B + 5 * MiB, VERIFY_SLOT_EMPTY },
};

START_TEST(flipped_bytes)
{
	vs_make();
	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		vs_flip(flips[i].at);
		struct verify_report r = vs_verify();
		vs_flip(flips[i].at);
		ck_assert_msg(vs_fails(&r, flips[i].id), "byte %llu: %s does not fail",
			      (unsigned long long)flips[i].at, verify_id_name(flips[i].id));
		verify_report_done(&r);
	}
}
END_TEST

/* Wherever it is. */
START_TEST(no_byte_is_passed_over)
{
	uint64_t x = 88172645463325252u;

	vs_make();
	for (int i = 0; i < 200; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		uint64_t at = i % 2 ? x % (VS_END + MiB) : VS_ESP + (x >> 8) % (5 * MiB);
		vs_flip(at);
		struct verify_report r = vs_verify();
		vs_flip(at);
		ck_assert_msg(r.n_failed > 0, "byte %llu", (unsigned long long)at);
		verify_report_done(&r);
	}
}
END_TEST

/* What nothing signs and no checksum shows: it must follow from the root hash, or from /usr. */
START_TEST(derived_values)
{
	struct verify_report r;
	struct im_spec s;

	im_spec_init(&s);
	s.esp_fs.uuid[0] = 1;
	r = vs_of(&s);
	ck_assert(vs_fails(&r, VERIFY_ESP_FORM) && r.n_failed == 1);
	verify_report_done(&r);
	im_spec_init(&s);
	s.esp_time += 2;
	r = vs_of(&s);
	ck_assert(vs_fails(&r, VERIFY_ESP_FORM) && r.n_failed == 1);
	verify_report_done(&r);
	im_spec_init(&s);
	s.verity_uuid = 1;
	r = vs_of(&s);
	ck_assert(vs_fails(&r, VERIFY_SLOT_SUPERBLOCK) && r.n_failed == 1);
	verify_report_done(&r);
}
END_TEST

FX_MAIN("verify", good, derived_values, flipped_bytes, no_byte_is_passed_over)
