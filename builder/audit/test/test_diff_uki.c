/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs in a UKI, and in signatures. */
#include "builder/audit/test/diff_support.h"

static struct err e;

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
	im_text(t.a.initrd, "etc/hosts", "one\n");
	im_text(t.b.initrd, "etc/hosts", "other\n");
	struct diff_report d = two_compare(&t);
	check_values(find(&d, DIFF_CONTENT, "esp: /EFI/Linux/node_1.efi: .initrd: /etc/hosts",
			  "content, line 1"),
		     "one", "other");
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

START_TEST(inside_of_a_uki)
{
	static const char header[] = { 'P', 'E', 0, 0, 0x64, (char)0x86 },
			  code[] = { 7, 14, 21, 28 };

	make_equal();
	uint64_t loader = find_bytes(fx_path("b.raw"), header, sizeof(header), ESP);
	uint64_t pe = find_bytes(fx_path("b.raw"), header, sizeof(header), loader + 1);
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

FX_MAIN("diff_uki", command_line, initrd, what_was_taken_from_usr, another_key,
	one_program_two_keys, inside_of_a_uki, order_of_the_command_line, value_of_a_signature,
	time_of_a_signature)
