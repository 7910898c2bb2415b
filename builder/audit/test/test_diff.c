/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two disks that differ in one input of one writer, or in one byte: exactly that is the cause, and what
 * follows is no cause.
 */
#include "builder/audit/test/diff_support.h"

static struct err e;

START_TEST(equal_disks_are_equal)
{
	struct two t;

	two_init(&t);
	struct diff_report d = two_compare(&t);
	print(&d);
	ck_assert_uint_eq(diff_report_total(&d), 0);
	diff_report_done(&d);
}
END_TEST

START_TEST(superblock_of_verity)
{
	struct two t;

	two_init(&t);
	t.a.verity_uuid = t.b.verity_uuid = 1;
	t.b.salt = 9;
	one_cause(&t, DIFF_DERIVED, "usr-verity-a", "salt",
		  "000000000000000000000000000000000000000000000000",
		  "090909090909090909090909090909090909090909090909");
	two_init(&t);
	t.b.verity_uuid = 9;
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_DERIVED, "usr-verity-a", "UUID");
	check_causes(&d, 1);
	ck_assert_uint_eq(diff_report_total(&d), 1); /* the root hash does not depend on it */
	diff_report_done(&d);
}
END_TEST

/* All that is derived from the root hash follows from what that is of. */
START_TEST(uuids_follow)
{
	struct two t;

	two_init(&t);
	im_text(t.b.usr, "lib/text", "one\ntwo\nthree!\n");
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_ROOT_HASH, "partition table", "disk UUID");
	(void)find(&d, DIFF_ROOT_HASH, "esp: boot sector", "volume id");
	for (int i = 1; i <= 7; i++) {
		char where[64];
		snprintf(where, sizeof(where), "partition table: partition %d", i);
		(void)find(&d, DIFF_ROOT_HASH, where, "UUID");
	}
	(void)find(&d, DIFF_CONTENT, "usr-a: /lib/text", "content");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

START_TEST(version)
{
	struct two t;

	two_init(&t);
	t.b.version = "2";
	struct diff_report d = two_compare(&t);
	check_values(find(&d, DIFF_LABEL, "esp: /EFI/Linux/node_1.efi", "name"),
		     "EFI/Linux/node_1.efi", "EFI/Linux/node_2.efi");
	check_values(find(&d, DIFF_LABEL, "partition table: partition 3", "label"), "node_1_verity",
		     "node_2_verity");
	check_causes(&d, 4);
	diff_report_done(&d);
}
END_TEST

static const struct {
	uint64_t at;
	enum diff_kind kind;
	const char *where, *field;
} flips[] = {
	{ DISK + 100, DIFF_FORMAT, "protective MBR", "boot code, from its byte 100 on" },
	{ DISK + 447, DIFF_PARTITION, "protective MBR", "first entry" },
	{ DISK + 512 + 12, DIFF_FORMAT, "partition table", "header size" },
	{ DISK + 512 + 60, DIFF_DERIVED, "partition table", "disk UUID" },
	{ DISK + 512 + 62, DIFF_DAMAGE, "partition table", "soundness" },
	{ DISK + 700, DIFF_SLACK, "outside of all partitions", "byte 700 of the disk" },
	{ DISK + 1024 + 48, DIFF_PARTITION, "partition table: partition 1", "attributes" },
	{ DISK + 1024 + 56, DIFF_LABEL, "partition table: partition 1", "label" },
	{ DISK + 1024 + 128 * 9, DIFF_PARTITION, "partition table: partition 10", "entry" },
	{ DISK + 1024 + 120, DIFF_FORMAT, "partition table: partition 1", "content, offset 120" },
	{ DISK + 1024 + 128 * 9 + 20, DIFF_FORMAT, "partition table: partition 10",
	  "content, offset 20" },
	{ DISK + 1024 + 57, DIFF_DAMAGE, "backup partition table", "entries" },
	{ DISK + 500000, DIFF_SLACK, "outside of all partitions", "byte 500000 of the disk" },
	{ DISK_END + 5000, DIFF_SLACK, "outside of all partitions", "byte" },
	{ DISK_END + MiB - 512 + 60, DIFF_DERIVED, "backup partition table", "disk UUID" },
	{ DISK_END + MiB - 512 + 24, DIFF_PARTITION, "backup partition table", "own place" },
	{ DISK_END + MiB - 512 - 16384 + 56, DIFF_LABEL, "backup partition table: partition 1",
	  "label" },
	{ ESP + 5, DIFF_FORMAT, "esp: boot sector", "maker" },
	{ ESP + 43, DIFF_LABEL, "esp: boot sector", "label" },
	{ ESP + 300, DIFF_FORMAT, "esp: boot sector", "byte 300" },
	{ ESP + 4 * MiB - 1, DIFF_SLACK, "esp", "free space" },
	{ USR + 10, DIFF_FORMAT, "usr-a", "boot area" },
	{ USR + 1024 + 104, DIFF_DERIVED, "usr-a: superblock", "UUID" },
	{ USR + 1024 + 136, DIFF_MOUNTED, "usr-a: superblock", "last mounted on" },
	{ USR + 1024 + 52, DIFF_MOUNTED, "usr-a: superblock", "number of mounts" },
	{ USR + 1024 + 60, DIFF_DAMAGE, "usr-a", "cannot be read" },
	{ USR + 4 * MiB - 1, DIFF_SLACK, "usr-a: after the end of its content", "content, offset" },
	{ VERITY + 8, DIFF_FORMAT, "usr-verity-a", "version" },
	{ VERITY + 17, DIFF_DERIVED, "usr-verity-a", "UUID" },
	{ VERITY + 90, DIFF_DAMAGE, "usr-verity-a", "hash tree, though the salt differs" },
	{ VERITY + 500, DIFF_FORMAT, "usr-verity-a", "byte 500" },
	{ VERITY + 5000, DIFF_DAMAGE, "usr-verity-a",
	  "hash tree, from block 1 on, though data and salt are equal" },
	{ VERITY + MiB - 1, DIFF_SLACK, "usr-verity-a: after the end of its content",
	  "content, offset" },
	{ SIG + 20, DIFF_DAMAGE, "usr-verity-sig-a", "cannot be read" },
	{ SIG + 3, DIFF_CONTENT, "usr-verity-sig-a", "content, offset 3" },
	{ SIG + 60000, DIFF_DAMAGE, "usr-verity-sig-a", "content, offset 60000" },
	{ USR_B + 100, DIFF_SLACK, "usr-b", "content, offset 100" },
};

START_TEST(flipped_bytes)
{
	make_equal();
	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		flip(fx_path("b.raw"), flips[i].at);
		struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
		(void)find(&d, flips[i].kind, flips[i].where, flips[i].field);
		diff_report_done(&d);
		flip(fx_path("b.raw"), flips[i].at);
	}
	struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
	ck_assert_uint_eq(diff_report_total(&d), 0);
}
END_TEST

/* Wherever it is: there is a cause, in both directions. */
START_TEST(no_byte_is_passed_over)
{
	uint64_t x = 88172645463325252u;

	make_equal();
	for (int i = 0; i < 200; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		uint64_t at = i % 2 ? x % (DISK_END + MiB) : ESP + (x >> 8) % (5 * MiB);
		flip(fx_path("b.raw"), at);
		struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
		ck_assert_msg(diff_report_count(&d, true) > 0, "byte %llu", (unsigned long long)at);
		diff_report_done(&d);
		d = compare(fx_path("b.raw"), fx_path("a.raw"));
		ck_assert_msg(diff_report_count(&d, true) > 0, "byte %llu", (unsigned long long)at);
		diff_report_done(&d);
		flip(fx_path("b.raw"), at);
	}
}
END_TEST

/* What only one directory of outputs has, and one name for another. */
START_TEST(directories_of_outputs)
{
	static const char *const names[] = { "one/node_1.roothash", "two/node_2.roothash",
					     "two/other" };
	struct diff_report d;

	ck_assert_int_eq(mkdir(fx_path("one"), 0700) | mkdir(fx_path("two"), 0700), 0);
	ck_assert_int_eq(mkdir(fx_path("two/sub"), 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fx_write(names[i], names[i], strlen(names[i]));
	d = compare(fx_path("one"), fx_path("two"));
	check_values(find(&d, DIFF_LABEL, "node_1.roothash", "name"), "node_1.roothash",
		     "node_2.roothash");
	(void)find(&d, DIFF_CONTENT, "node_1.roothash", "content, line 1");
	(void)find(&d, DIFF_MISSING, "other", "output");
	check_causes(&d, 3);
	diff_report_done(&d);
	fx_write("two/sub/deep", "", 0);
	d = compare(fx_path("two"), fx_path("one"));
	(void)find(&d, DIFF_MISSING, "sub/deep", "output");
	check_causes(&d, 4);
	diff_report_done(&d);
}
END_TEST

/* Of many the first are kept and all are counted. */
START_TEST(limit)
{
	const struct diff_params p = { .limit = 2 };
	struct diff_report d;
	struct two t;

	two_init(&t);
	for (int i = 0; i < 5; i++) {
		char path[16];
		snprintf(path, sizeof(path), "lib/%d", i);
		im_text(t.b.usr, path, "");
	}
	d = two_compare(&t);
	ck_assert_uint_eq(d.counts[DIFF_MISSING], 5);
	diff_report_done(&d);
	ck_ok(diff_paths(fx_path("a.raw"), fx_path("b.raw"), &p, &d, &e));
	ck_assert_uint_eq(d.counts[DIFF_MISSING], 5);
	size_t kept = 0;
	for (size_t i = 0; i < d.n; i++)
		kept += d.v[i].kind == DIFF_MISSING;
	ck_assert_uint_eq(kept, 2);
	(void)find(&d, DIFF_MISSING, "usr-a: /lib/0", "entry");
	diff_report_done(&d);
}
END_TEST

FX_MAIN("diff", equal_disks_are_equal, superblock_of_verity, uuids_follow, version, flipped_bytes,
	no_byte_is_passed_over, directories_of_outputs, limit)
