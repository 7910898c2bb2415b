/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two disks that differ in one input of one writer, or in one byte: exactly that is the cause, and what
 * follows is no cause.
 */
#include "builder/audit/diff.h"
#include "builder/audit/image.h"
#include "builder/audit/test/image_maker.h"

static struct err e;

static struct diff_report compare(const char *a, const char *b)
{
	const struct diff_params p = { 0 };
	struct diff_report d;

	ck_ok(diff_paths(a, b, &p, &d, &e));
	return d;
}

static void print(const struct diff_report *d)
{
	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s %s: %s: %s | %s | %s\n",
			diff_kind_is_cause(d->v[i].kind) ? "cause" : "consequence",
			diff_kind_name(d->v[i].kind), d->v[i].where, d->v[i].field, d->v[i].a,
			d->v[i].b);
}

/* A difference of this kind, place and field; *ret_n: how many. */
static const struct diff_item *find(const struct diff_report *d, enum diff_kind kind,
				    const char *where, const char *field)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].kind == kind && str_eq(d->v[i].where, where) &&
		    str_has_prefix(d->v[i].field, field))
			return &d->v[i];
	print(d);
	ck_abort_msg("no %s: %s: %s", diff_kind_name(kind), where, field);
}

static void check_values(const struct diff_item *i, const char *a, const char *b)
{
	ck_assert_msg(!a == !i->a && (!a || str_eq(i->a, a)), "%s: A is %s, not %s", i->field, i->a,
		      a);
	ck_assert_msg(!b == !i->b && (!b || str_eq(i->b, b)), "%s: B is %s, not %s", i->field, i->b,
		      b);
}

static void check_causes(const struct diff_report *d, size_t n)
{
	if (diff_report_count(d, true) != n) {
		print(d);
		ck_abort_msg("%zu causes, %zu expected", diff_report_count(d, true), n);
	}
}

/* What follows from another /usr, in the disks of these tests. */
static void check_root_follows(const struct diff_report *d)
{
	(void)find(d, DIFF_HASH_TREE, "usr-verity-a", "hash tree");
	(void)find(d, DIFF_ROOT_HASH, "usr-verity-sig-a", "rootHash");
	(void)find(d, DIFF_ROOT_HASH, "partition table: partition 2", "UUID");
	(void)find(d, DIFF_ROOT_HASH, "partition table: partition 3", "UUID");
	(void)find(d, DIFF_ROOT_HASH, "esp: /EFI/Linux/node_1.efi: .cmdline", "word");
	(void)find(d, DIFF_SIGNED, "usr-verity-sig-a: signature", "value");
	(void)find(d, DIFF_SIGNED, "esp: /EFI/Linux/node_1.efi: .cmdline", "root hash signature");
	(void)find(d, DIFF_SIGNED, "esp: /EFI/Linux/node_1.efi: certificate 1: signature", "value");
}

/* A disk as it is, and one with something changed. */
struct two {
	struct im_spec a, b;
};

static void two_init(struct two *t)
{
	im_spec_init(&t->a);
	im_spec_init(&t->b);
}

static struct diff_report two_compare(struct two *t)
{
	im_make(&t->a, fx_path("a.raw"));
	im_make(&t->b, fx_path("b.raw"));
	im_spec_done(&t->a);
	im_spec_done(&t->b);
	return compare(fx_path("a.raw"), fx_path("b.raw"));
}

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

/* Files of /usr. */

static struct tree_node *node(struct two *t, const char *path)
{
	struct tree_node *n = tree_lookup(t->b.usr, path);

	ck_assert_ptr_nonnull(n);
	return n;
}

/* One cause in a file of /usr, and all that follows. */
static void one_cause(struct two *t, enum diff_kind kind, const char *where, const char *field,
		      const char *a, const char *b)
{
	struct diff_report d = two_compare(t);

	check_values(find(&d, kind, where, field), a, b);
	check_causes(&d, 1);
	check_root_follows(&d);
	diff_report_done(&d);
}

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

/* What a filesystem, a hash tree and a partition table are given. */

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

START_TEST(superblock_of_verity)
{
	struct two t;

	two_init(&t);
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

START_TEST(seed_of_the_layout)
{
	struct two t;

	two_init(&t);
	t.b.seed = 9;
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_DERIVED, "partition table", "disk UUID");
	for (int i = 1; i <= 7; i++) {
		char where[64];
		snprintf(where, sizeof(where), "partition table: partition %d", i);
		if (i != 2 && i != 3) /* halves of the root hash, which is the same */
			(void)find(&d, DIFF_DERIVED, where, "UUID");
	}
	check_causes(&d, 6);
	ck_assert_uint_eq(diff_report_count(&d, false), 2); /* checksums */
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

/* The UKI. */

START_TEST(command_line)
{
	struct two t;

	two_init(&t);
	t.b.cmdline = "new console=ttyS1 quiet";
	im_text(t.a.initrd, "usr/lib/slipway/cmdline", "console=ttyS0\n");
	im_text(t.b.initrd, "usr/lib/slipway/cmdline", "console=ttyS1\n");
	struct diff_report d = two_compare(&t);
	const struct diff_item *i =
		find(&d, DIFF_CMDLINE, "esp: /EFI/Linux/node_1.efi: .cmdline", "word");
	check_values(i, "console=ttyS0", "console=ttyS1");
	check_values(i + 1, NULL, "new");
	(void)find(&d, DIFF_CMDLINE,
		   "esp: /EFI/Linux/node_1.efi: .initrd: /usr/lib/slipway/cmdline", "content");
	check_causes(&d, 3);
	(void)find(&d, DIFF_SIGNED, "esp: /EFI/Linux/node_1.efi: certificate 1: signature",
		   "digest");
	diff_report_done(&d);
}
END_TEST

START_TEST(initrd)
{
	struct two t;

	two_init(&t);
	im_text(t.b.initrd, "init", "#!other\n");
	struct diff_report d = two_compare(&t);
	check_values(find(&d, DIFF_CONTENT, "esp: /EFI/Linux/node_1.efi: .initrd: /init",
			  "content, line 1"),
		     "#!init", "#!other");
	check_causes(&d, 1);
	diff_report_done(&d);

	two_init(&t);
	im_text(t.b.initrd, "zz", "");
	d = two_compare(&t);
	check_values(find(&d, DIFF_MISSING, "esp: /EFI/Linux/node_1.efi: .initrd: /zz", "entry"),
		     NULL, "file");
	check_causes(&d, 1);
	diff_report_done(&d);

	two_init(&t);
	t.b.level = 9;
	d = two_compare(&t);
	(void)find(&d, DIFF_COMPRESSION, "esp: /EFI/Linux/node_1.efi: .initrd", "content, offset");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

START_TEST(what_was_taken_from_usr)
{
	struct two t;

	two_init(&t);
	im_text(t.b.usr, "lib/text", "one\n2\nthree\n");
	im_text(t.b.initrd, "usr/lib/text", "one\n2\nthree\n");
	im_text(t.b.usr, "lib/os-release", "NAME=node\nVERSION=2\n");
	im_text(t.b.initrd, "etc/initrd-release", "NAME=node\nVERSION=2\n");
	node(&t, "bin/big")->inode->mode = S_IFREG | 0755;
	im_text(t.a.initrd, "usr/bin/big", "");
	im_text(t.b.initrd, "usr/bin/big", "")->inode->mode = S_IFREG | 0755;
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_CONTENT, "usr-a: /lib/text", "content, line 2");
	(void)find(&d, DIFF_CONTENT, "usr-a: /lib/os-release", "content, line 2");
	(void)find(&d, DIFF_MODE, "usr-a: /bin/big", "mode");
	check_causes(&d, 3);
	(void)find(&d, DIFF_FROM_USR, "esp: /EFI/Linux/node_1.efi: .initrd: /usr/bin/big", "mode");
	(void)find(&d, DIFF_FROM_USR, "esp: /EFI/Linux/node_1.efi: .initrd: /usr/lib/text",
		   "content");
	(void)find(&d, DIFF_FROM_USR, "esp: /EFI/Linux/node_1.efi: .initrd: /etc/initrd-release",
		   "content");
	(void)find(&d, DIFF_FROM_USR, "esp: /EFI/Linux/node_1.efi: .osrel", "content, line 2");
	diff_report_done(&d);
}
END_TEST

START_TEST(another_key)
{
	struct two t;

	two_init(&t);
	t.b.signer = fx_pk;
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_KEY, "usr-verity-sig-a", "certificateFingerprint");
	(void)find(&d, DIFF_KEY, "usr-verity-sig-a: signature", "signer");
	(void)find(&d, DIFF_KEY, "esp: /EFI/Linux/node_1.efi: certificate 1: signature",
		   "certificate");
	check_causes(&d, d.counts[DIFF_KEY]);
	diff_report_done(&d);
}
END_TEST

/* The same content signed by two keys: the signature's value follows from the key. */
START_TEST(one_program_two_keys)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;

	fx_make_stub(&a, PE_MACHINE_X86_64, "257");
	fx_make_stub(&b, PE_MACHINE_X86_64, "257");
	ck_ok(authenticode_sign(fx_db, &a, &e));
	ck_ok(authenticode_sign(fx_pk, &b, &e));
	fx_write("a.efi", a.data, a.len);
	fx_write("b.efi", b.data, b.len);
	struct diff_report d = compare(fx_path("a.efi"), fx_path("b.efi"));
	(void)find(&d, DIFF_KEY, "certificate 1: signature", "signer");
	(void)find(&d, DIFF_SIGNED, "certificate 1: signature", "value");
	(void)find(&d, DIFF_CHECKSUM, "PE header", "checksum");
	check_causes(&d, d.counts[DIFF_KEY]);
	diff_report_done(&d);

	/* By one key, as one that is random by nature would: the checksum follows from the signature. */
	b.len = 0;
	buf_append(&b, a.data, a.len);
	b.data[b.len - 20] ^= 1;
	b.data[FX_OPT + PE_OPT_CHECKSUM] ^= 1;
	fx_write("b.efi", b.data, b.len);
	d = compare(fx_path("a.efi"), fx_path("b.efi"));
	(void)find(&d, DIFF_SIGNATURE, "certificate 1: signature", "value");
	(void)find(&d, DIFF_CHECKSUM, "PE header", "checksum");
	check_causes(&d, 1);
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
	t.b.esp_fs.uuid[3] = 5;
	d = two_compare(&t);
	check_values(find(&d, DIFF_DERIVED, "esp: boot sector", "volume id"), "0", "0x5");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

/* Bytes that no writer would write. */

#define DISK	 (UINT64_C(0))
#define ESP	 (1 * MiB)
#define USR	 (5 * MiB)
#define VERITY	 (9 * MiB)
#define SIG	 (10 * MiB)
#define USR_B	 (11 * MiB)
#define DISK_END (17 * MiB)

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

static void flip(const char *path, uint64_t at)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 0x80;
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

static void make_equal(void)
{
	struct im_spec s;

	im_spec_init(&s);
	im_make(&s, fx_path("a.raw"));
	im_make(&s, fx_path("b.raw"));
	im_spec_done(&s);
}

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

/* Bytes inside of a UKI on the ESP, which is where a pattern is found first. */
static uint64_t find_bytes(const char *path, const char *pattern, size_t len, uint64_t from)
{
	_cleanup_source_ struct source s = SOURCE_INIT;

	ck_ok(source_open(&s, path, &e));
	const uint8_t *p = memmem(s.bytes + from, s.size_bytes - from, pattern, len);
	ck_assert_ptr_nonnull(p);
	return (uint64_t)(p - s.bytes);
}

/* @n: causes, this one included */
static void flip_one(uint64_t at, enum diff_kind kind, const char *where, const char *field,
		     size_t n)
{
	flip(fx_path("b.raw"), at);
	struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
	(void)find(&d, kind, where, field);
	check_causes(&d, n);
	diff_report_done(&d);
	flip(fx_path("b.raw"), at);
}

START_TEST(inside_of_a_uki)
{
	static const char header[] = { 'P', 'E', 0, 0, 0x64, (char)0x86 },
			  code[] = { 7, 14, 21, 28 };

	make_equal();
	uint64_t pe = find_bytes(fx_path("b.raw"), header, sizeof(header), ESP);
	flip_one(pe + 8, DIFF_FORMAT, "esp: /EFI/Linux/node_1.efi: PE header", "timestamp", 1);
	flip_one(pe + 24 + 64, DIFF_DAMAGE, "esp: /EFI/Linux/node_1.efi: PE header", "checksum", 1);
	flip_one(pe + 24 + 16, DIFF_FORMAT, "esp: /EFI/Linux/node_1.efi: PE header", "entry point",
		 1);
	uint64_t kernel = find_bytes(fx_path("b.raw"), header, sizeof(header), pe + 1);
	flip_one(kernel + 8, DIFF_FORMAT, "esp: /EFI/Linux/node_1.efi: .linux: PE header",
		 "timestamp", 1);
	flip_one(find_bytes(fx_path("b.raw"), code, sizeof(code), kernel), DIFF_CONTENT,
		 "esp: /EFI/Linux/node_1.efi: .linux: .text", "content, offset 1", 1);
	flip_one(pe - 0x20, DIFF_SLACK, "esp: /EFI/Linux/node_1.efi: before the PE header",
		 "content, offset 32", 1);
	flip_one(pe + 24 + 112 + 5 * 8, DIFF_FORMAT, "esp: /EFI/Linux/node_1.efi: PE header",
		 "relocations", 1);
	flip_one(find_bytes(fx_path("b.raw"), "6.12", 4, ESP) + 10, DIFF_SLACK,
		 "esp: /EFI/Linux/node_1.efi: .uname: after the end of its content",
		 "content, offset 6", 1);
	flip_one(find_bytes(fx_path("b.raw"), "6.12", 4, ESP), DIFF_CONTENT,
		 "esp: /EFI/Linux/node_1.efi: .uname", "content, line 1", 1);
}
END_TEST

/* The same words in another order. */
START_TEST(order_of_the_command_line)
{
	struct two t;

	two_init(&t);
	t.b.cmdline = "quiet console=ttyS0";
	struct diff_report d = two_compare(&t);
	(void)find(&d, DIFF_CMDLINE, "esp: /EFI/Linux/node_1.efi: .cmdline", "content, line 1");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

/* Data and key are the same: then a signature's own bytes are the cause. */
START_TEST(value_of_a_signature)
{
	static const char start[] = "\"signature\":\"";

	make_equal();
	uint64_t at = find_bytes(fx_path("b.raw"), start, strlen(start), SIG) + strlen(start) + 500;
	_cleanup_close_ int fd = open(fx_path("b.raw"), O_RDWR | O_CLOEXEC);
	char c;
	ck_assert_int_eq(pread(fd, &c, 1, (off_t)at), 1);
	c = c == 'A' ? 'B' : 'A';
	ck_assert_int_eq(pwrite(fd, &c, 1, (off_t)at), 1);
	struct diff_report d = compare(fx_path("a.raw"), fx_path("b.raw"));
	(void)find(&d, DIFF_SIGNATURE, "usr-verity-sig-a: signature", "value");
	check_causes(&d, 1);
	diff_report_done(&d);
}
END_TEST

/* A partition with a signature of another program, which writes the time into it. */
static void write_sig(const char *name, const struct buf *der)
{
	static const uint8_t root[32] = { 1 };
	_cleanup_buf_ struct buf b = BUF_INIT;

	ck_ok(verity_sig_build(fx_db->cert, root, der->data, der->len, &b, &e));
	fx_write(name, b.data, b.len);
}

START_TEST(time_of_a_signature)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	_cleanup_free_ char *content = strdup(fx_path("content")), *out = strdup(fx_path("der"));

	if (!fx_has("openssl"))
		test_skip("openssl is missing");
	fx_write("content", "x", 1);
	fx_runs(0, NULL, "openssl", "smime", "-sign", "-nocerts", "-binary", "-outform", "der",
		"-in", content, "-out", out, "-signer", fx_path("db.crt"), "-inkey",
		fx_path("db.key"));
	fx_read("der", &der);
	write_sig("a.sig", &der);
	uint8_t *time = memmem(der.data, der.len, "\x17\x0d", 2); /* UTCTime */
	ck_assert_ptr_nonnull(time);
	time[2] = time[2] == '9' ? '8' : '9';
	write_sig("b.sig", &der);
	struct diff_report d = compare(fx_path("a.sig"), fx_path("b.sig"));
	(void)find(&d, DIFF_SIGNING_TIME, "signature", "signing time");
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

static void two_init_erofs(struct two *t)
{
	two_init(t);
	t->a.usr_writer = t->b.usr_writer = &fs_writer_erofs;
}

START_TEST(usr_as_erofs)
{
	struct two t;

	two_init_erofs(&t);
	im_text(t.b.usr, "lib/text", "one\n2\nthree\n");
	one_cause(&t, DIFF_CONTENT, "usr-a: /lib/text", "content, line 2", "two", "2");
	two_init_erofs(&t);
	t.b.usr_fs.uuid[0] = 0xff;
	one_cause(&t, DIFF_DERIVED, "usr-a: superblock", "UUID",
		  "01010101-0101-0101-0101-010101010101", "ff010101-0101-0101-0101-010101010101");
	two_init_erofs(&t);
	struct diff_report d = two_compare(&t);
	ck_assert_uint_eq(diff_report_total(&d), 0);
	flip_one(USR + 4 * MiB - 1, DIFF_SLACK, "usr-a: after the end of its content",
		 "content, offset", 2);
	flip_one(USR + 1024 + 49, DIFF_DERIVED, "usr-a: superblock", "UUID", 3);
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

FX_MAIN("diff", equal_disks_are_equal, line_of_a_text, offset_of_a_binary, attributes_of_a_file,
	entries_of_a_tree, hard_links, superblock_of_usr, superblock_of_verity, seed_of_the_layout,
	version, command_line, initrd, what_was_taken_from_usr, another_key, one_program_two_keys,
	esp, flipped_bytes, no_byte_is_passed_over, inside_of_a_uki, order_of_the_command_line,
	value_of_a_signature, time_of_a_signature, same_tree_at_other_places,
	same_tree_in_another_size, behind_the_end_of_a_file, free_space_beside_other_differences,
	filesystems_of_two_types, usr_as_erofs, directories_of_outputs, limit)
