/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /usr that differ in one thing: exactly that is the cause, and what follows is no cause. */
#include "builder/audit/test/diff_support.h"

static struct err e;

START_TEST(line_of_a_text)
{
	struct two t;

	two_init(&t);
	im_text(t.b.usr, "lib/text", "one\ntwo\x1b\nthree\n");
	/* 0x1b is no text: its offset is told instead. */
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/text", "content, offset 7",
		  "0a74687265650a of 14 bytes", "1b0a74687265650a of 15 bytes");
	two_init(&t);
	im_text(t.b.usr, "lib/text", "one\n2\nthree\n");
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/text", "content, line 2", "two", "2");
	two_init(&t);
	im_text(t.b.usr, "lib/text", "one\ntwo\n");
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/text", "content, line 3", "three", "(the end)");
}
END_TEST

START_TEST(offset_of_a_binary)
{
	static uint8_t data[70000];
	struct two t;

	two_init(&t);
	const struct blob *old = tree_file_blob(t.a.usr, "bin/big");
	memcpy(data, old->data, old->len);
	data[66666] ^= 0xff;
	im_file(t.b.usr, "bin/big", data, old->len);
	char a[64], b[64], hex[17];
	hex_encode(old->data + 66666, 8, hex);
	snprintf(a, sizeof(a), "%s of 70000 bytes", hex);
	hex_encode(data + 66666, 8, hex);
	snprintf(b, sizeof(b), "%s of 70000 bytes", hex);
	one_cause(&t, DIFF_CONTENT, "usr-a: /bin/big", "content, offset 66666", a, b);
}
END_TEST

START_TEST(attributes_of_a_file)
{
	struct two t;

	two_init(&t);
	node(&t, "bin/big")->inode->mode = S_IFREG | 04755;
	one_cause(&t, DIFF_MODE, "usr-a: /bin/big", "mode", "0644", "4755");
	two_init(&t);
	node(&t, "bin/big")->inode->uid = 7;
	one_cause(&t, DIFF_OWNER, "usr-a: /bin/big", "owner", "0:0", "7:0");
	two_init(&t);
	node(&t, "bin/big")->inode->mtime++;
	one_cause(&t, DIFF_TIME, "usr-a: /bin/big", "mtime", "1700000000 (2023-11-14T22:13:20Z)",
		  "1700000001 (2023-11-14T22:13:21Z)");
	two_init(&t);
	ck_ok(tree_set_xattr(node(&t, "bin/big"), "security.capability", "\x01\x02", 2));
	one_cause(&t, DIFF_XATTR, "usr-a: /bin/big", "extended attribute", NULL,
		  "security.capability=0x0102");
	two_init(&t);
	ck_ok(tree_set_xattr(tree_lookup(t.a.usr, "bin/big"), "user.x", "1", 1));
	ck_ok(tree_set_xattr(node(&t, "bin/big"), "user.x", "2", 1));
	one_cause(&t, DIFF_XATTR, "usr-a: /bin/big", "extended attribute", "user.x=0x31",
		  "user.x=0x32");
}
END_TEST

START_TEST(entries_of_a_tree)
{
	const struct tree_meta m = { .mode = 0755, .mtime = IM_TIME };
	struct two t;

	two_init(&t);
	ck_ok(tree_put_symlink(t.b.usr, "lib/link", &m, "os-release", NULL, &e));
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/link", "target", "text", "os-release");
	two_init(&t);
	im_text(t.b.usr, "lib/new", "");
	one_cause(&t, DIFF_MISSING, "usr-a: /lib/new", "entry", NULL, "file");
	two_init(&t);
	tree_remove(t.b.usr, node(&t, "lib/text"));
	one_cause(&t, DIFF_MISSING, "usr-a: /lib/text", "entry", "file", NULL);
	two_init(&t);
	im_text(t.b.usr, "dir/below/one", "1");
	im_text(t.b.usr, "dir/below/two", "2");
	one_cause(&t, DIFF_MISSING, "usr-a: /dir", "entry", NULL, "directory");
	two_init(&t);
	tree_remove(t.b.usr, node(&t, "lib/link"));
	im_text(t.b.usr, "lib/link", "text");
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/link", "type", "symlink", "file");
}
END_TEST

START_TEST(hard_links)
{
	struct two t;

	two_init(&t);
	im_text(t.a.usr, "lib/twin", "one\ntwo\nthree\n");
	ck_ok(tree_add_link(t.b.usr, "lib/twin", node(&t, "lib/text"), NULL, &e));
	struct diff_report d = two_compare(&t);
	check_values(find(&d, DIFF_LINKS, "usr-a: /lib/text", "hard links"), "1", "2");
	check_values(find(&d, DIFF_LINKS, "usr-a: /lib/twin", "hard links"), "1", "2");
	check_causes(&d, 2);
	check_root_follows(&d);
	diff_report_done(&d);
}
END_TEST

FX_MAIN("diff_files", line_of_a_text, offset_of_a_binary, attributes_of_a_file, entries_of_a_tree,
	hard_links)
