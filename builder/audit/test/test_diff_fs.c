/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filesystems: their superblocks, where things lie, and what belongs to nothing. */
#include "builder/audit/test/diff_support.h"

START_TEST(superblock_of_usr)
{
	struct two t;

	two_init(&t);
	t.b.usr_fs.uuid[0] = 0xff;
	one_cause(&t, DIFF_DERIVED, "usr-a: superblock", "UUID",
		  "01010101-0101-0101-0101-010101010101", "ff010101-0101-0101-0101-010101010101");
	two_init(&t);
	t.b.usr_fs.hash_seed[15] = 0xff;
	one_cause(&t, DIFF_DERIVED, "usr-a: superblock", "hash seed",
		  "02020202-0202-0202-0202-020202020202", "02020202-0202-0202-0202-0202020202ff");
	two_init(&t);
	t.b.usr_fs.label = "other";
	one_cause(&t, DIFF_LABEL, "usr-a: superblock", "label", "node", "other");
	two_init(&t);
	t.b.usr_fs.time += 86400;
	struct diff_report d = two_compare(&t);
	check_values(find(&d, DIFF_IMAGE_TIME, "usr-a: superblock", "time of creation"),
		     "1700000000 (2023-11-14T22:13:20Z)", "1700086400 (2023-11-15T22:13:20Z)");
	check_causes(&d, d.counts[DIFF_IMAGE_TIME]);
	check_root_follows(&d);
	diff_report_done(&d);
}
END_TEST

START_TEST(esp)
{
	struct two t;

	two_init(&t);
	t.b.esp_time += 4;
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_TIME, "esp: /EFI/Linux/node_1.efi", "mtime");
	check_causes(&d, 1);
	(void)find(&d, DIFF_OTHER_TIME, "esp: /EFI/Linux/node_1.efi", "time of creation");
	diff_report_done(&d);

	two_init(&t);
	t.a.esp_fs.uuid[0] = t.b.esp_fs.uuid[0] = 1;
	t.b.esp_fs.uuid[3] = 5;
	d = two_compare(&t);
	check_values(find(&d, DIFF_DERIVED, "esp: boot sector", "volume id"), "0x1000000",
		     "0x1000005");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

/* The same tree at other places: one was written with a file more, which was removed since. */
START_TEST(same_tree_at_other_places)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	struct two t;

	if (!fx_has("debugfs"))
		test_skip("debugfs is missing");
	two_init(&t);
	im_text(t.b.usr, "aaa", "in front of everything");
	t.a.usr_fs.size_bytes = t.b.usr_fs.size_bytes = MiB;
	im_fs(&fs_writer_ext4, t.a.usr, &t.a.usr_fs, &a);
	im_fs(&fs_writer_ext4, t.b.usr, &t.b.usr_fs, &b);
	fx_write("a.usr", a.data, a.len);
	fx_write("b.usr", b.data, b.len);
	fx_runs(0, NULL, "debugfs", "-w", "-R", "rm aaa", fx_path("b.usr"));
	struct diff_report d = compare(fx_path("a.usr"), fx_path("b.usr"));
	(void)find(&d, DIFF_PLACEMENT, "/bin/big", "place");
	(void)find(&d, DIFF_PLACEMENT, "/bin/big", "inode number");
	ck_assert_uint_eq(d.counts[DIFF_MISSING] + d.counts[DIFF_CONTENT], 0);
	ck_assert_uint_eq(d.counts[DIFF_SIZE], 0); /* it follows from nothing */
	diff_report_done(&d);
	im_spec_done(&t.a);
	im_spec_done(&t.b);
}
END_TEST

/* The same tree in a larger filesystem: lengths that follow from nothing are causes. */
START_TEST(same_tree_in_another_size)
{
	struct two t;

	two_init(&t);
	t.a.usr_fs.size_bytes = MiB;
	t.b.usr_fs.size_bytes = 2 * MiB;
	struct diff_report d = two_compare(&t);
	check_values(find(&d, DIFF_PLACEMENT, "usr-a: superblock", "blocks"), "256", "512");
	(void)find(&d, DIFF_PLACEMENT, "usr-a: superblock", "free blocks");
	check_causes(&d, d.counts[DIFF_PLACEMENT]);
	diff_report_done(&d);
}
END_TEST

/* Behind a file's end, in its last block; the hash tree does not agree, either. */
START_TEST(behind_the_end_of_a_file)
{
	make_equal();
	flip_one(find_bytes(fx_path("b.raw"), "one\ntwo\nthree\n", 14, USR) + 100, DIFF_SLACK,
		 "usr-a: /lib/text", "after the end of its content", 2);
}
END_TEST

/* Where files differ, what lies elsewhere and how it is stored follows, but not what belongs to nothing. */
START_TEST(free_space_beside_other_differences)
{
	struct two t;

	two_init(&t);
	t.a.usr_fs.size_bytes = t.b.usr_fs.size_bytes = MiB;
	im_text(t.b.usr, "lib/text", "one\n2\nthree\n");
	im_make(&t.a, fx_path("a.raw"));
	im_make(&t.b, fx_path("b.raw"));
	im_spec_done(&t.a);
	im_spec_done(&t.b);
	flip(fx_path("b.raw"), USR + MiB - 1);
	struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
	(void)find(&d, DIFF_CONTENT, "usr-a: /lib/text", "content, line 2");
	(void)find(&d, DIFF_SLACK, "usr-a", "free space");
	check_causes(&d, 2);
	diff_report_done(&d);
}
END_TEST

START_TEST(filesystems_of_two_types)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct im_spec s;

	im_spec_init(&s);
	im_text(t, "file", "content");
	im_fs(&fs_writer_ext4, t, &s.usr_fs, &a);
	im_fs(&fs_writer_vfat, t, &s.esp_fs, &b);
	fx_write("a.fs", a.data, a.len);
	fx_write("b.fs", b.data, b.len);
	struct diff_report d = compare(fx_path("a.fs"), fx_path("b.fs"));
	check_values(find(&d, DIFF_FORMAT, "", "filesystem"), "ext4", "FAT16");
	check_causes(&d, 1);
	diff_report_done(&d);
	im_spec_done(&s);
}
END_TEST

FX_MAIN("diff_fs", superblock_of_usr, esp, same_tree_at_other_places, same_tree_in_another_size,
	behind_the_end_of_a_file, free_space_beside_other_differences, filesystems_of_two_types)
