/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/authenticode.h"
#include "signing/test/fixture.h"
#include "signing/uki.h"

#define TEXT(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}

static struct err e;

/* The parts of a UKI that is right; each test spoils its own copy of it. */
static struct buf stub, kernel;
static struct uki_params right;

static void setup(void)
{
	static uint8_t initrd[100001];

	buf_done(&stub);
	buf_done(&kernel);
	fx_make_stub(&stub, PE_MACHINE_X86_64, "257.13-1~deb13u1");
	fx_make_kernel(&kernel, PE_MACHINE_X86_64, FX_SBAT_HEADER "linux,1,The kernel");
	memset(initrd, 'i', sizeof(initrd));
	right = (struct uki_params){ .stub = { stub.data, stub.len },
				     .linux_ = { kernel.data, kernel.len },
				     .initrd = { initrd, sizeof(initrd) },
				     .osrel = TEXT("ID=node\n"),
				     .cmdline = TEXT("console=ttyS0 usrhash=00"),
				     .uname = TEXT("6.12.1-cloud"),
				     .sbat = TEXT("node,1,The image\n") };
}

static void teardown(void)
{
	buf_done(&stub);
	buf_done(&kernel);
}

static void ck_section(const struct pe *pe, const char *name, const void *data, size_t len)
{
	const struct pe_section *s = pe_find(pe, name);
	size_t n;

	ck_assert_msg(s != NULL, "no %s", name);
	const uint8_t *content = pe_content(pe, s, &n);
	ck_assert_uint_eq(s->virtual_bytes, len);
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(content, data, len);
	ck_assert_uint_eq(s->virtual_address % 4096, 0);
	ck_assert_uint_eq(s->raw_offset % 512, 0);
}

START_TEST(holds_its_parts)
{
	_cleanup_buf_ struct buf uki = BUF_INIT;
	static const char sbat[] = FX_SBAT_HEADER "systemd-stub,1,The stub\n"
						  "linux,1,The kernel\n"
						  "node,1,The image\n";
	static const char *const order[] = { ".text",	 ".sbat",  ".sdmagic", ".osrel",
					     ".cmdline", ".uname", ".linux",   ".initrd" };
	struct pe pe;

	setup();
	ck_ok(uki_check(&right, &e));
	ck_ok(uki_build(&right, &uki, &e));
	ck_ok(pe_parse(&pe, uki.data, uki.len, &e));
	ck_assert_uint_eq(pe.n_sections, ARRAY_SIZE(order));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		ck_assert_str_eq(pe.sections[i].name, order[i]);
	ck_section(&pe, ".linux", kernel.data, kernel.len);
	ck_section(&pe, ".initrd", right.initrd.data, right.initrd.len);
	ck_section(&pe, ".osrel", "ID=node\n", 8);
	ck_section(&pe, ".cmdline", "console=ttyS0 usrhash=00", 24);
	ck_section(&pe, ".uname", "6.12.1-cloud", 12);
	ck_section(&pe, ".sbat", sbat, sizeof(sbat) - 1);
	ck_assert_uint_eq(pe_find(&pe, ".linux")->characteristics, 0x40000020);
	ck_assert_uint_eq(pe_find(&pe, ".initrd")->characteristics, 0x40000040);
	ck_assert_uint_eq(pe.image_bytes % 4096, 0);
	teardown();
}
END_TEST

START_TEST(the_same_parts_give_the_same_bytes)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;

	setup();
	ck_ok(uki_build(&right, &a, &e));
	ck_ok(authenticode_sign(fx_db, &a, &e));
	ck_ok(uki_build(&right, &b, &e));
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.data, b.data, a.len);
	ck_ok(authenticode_verify(a.data, a.len, fx_db->cert, &e));
	teardown();
}
END_TEST

START_TEST(sbat_that_outgrows_the_stubs)
{
	_cleanup_buf_ struct buf uki = BUF_INIT, full = BUF_INIT;
	static char lines[4096];
	struct pe pe;

	setup();
	memset(lines, 'x', 3000);
	right.sbat = (struct uki_part){ lines, 3000 };
	ck_ok(uki_build(&right, &uki, &e));
	ck_ok(pe_parse(&pe, uki.data, uki.len, &e));
	ck_assert_uint_gt(pe_find(&pe, ".sbat")->virtual_bytes, 3000);
	ck_section(&pe, ".linux", kernel.data, kernel.len);
	memset(lines, 'x', sizeof(lines));
	right.sbat.len = sizeof(lines);
	ck_fails(uki_build(&right, &full, &e), -ENOSPC, "UKI: section .sbat: ");
	teardown();
}
END_TEST

/* A kernel that is not ready for non-executable data takes the promise off the stub, too. */
START_TEST(nx_compat_is_the_kernels)
{
	_cleanup_buf_ struct buf yes = BUF_INIT, no = BUF_INIT;
	size_t at = FX_OPT + PE_OPT_DLL_CHARACTERISTICS;

	setup();
	ck_ok(uki_build(&right, &yes, &e));
	ck_assert_uint_eq(get_le16(yes.data + at), 0x160);
	put_le16(kernel.data + at, 0x60);
	ck_ok(uki_build(&right, &no, &e));
	ck_assert_uint_eq(get_le16(no.data + at), 0x60);
	teardown();
}
END_TEST

static void ck_refused(int code, const char *message)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	ck_fails(uki_build(&right, &b, &e), code, message);
	ck_assert_uint_eq(b.len, 0);
	ck_fails(uki_check(&right, &e), code, message);
	setup();
}

START_TEST(bad_texts)
{
	static char line[2049];

	memset(line, 'a', sizeof(line));
	setup();
	right.cmdline = (struct uki_part){ line, 2048 };
	ck_refused(-E2BIG, "2048 bytes, the kernel takes no more than 2047");
	right.cmdline = (struct uki_part){ line, 2047 };
	ck_ok(uki_check(&right, &e));
	right.cmdline = (struct uki_part)TEXT("quiet\n");
	ck_refused(-EINVAL, "command line: byte 0x0a at 5");
	right.cmdline = (struct uki_part){ "quiet", 6 };
	ck_refused(-EINVAL, "command line: byte 0x00 at 5");
	right.cmdline = (struct uki_part)TEXT("a\xc3\xa4");
	ck_refused(-EINVAL, "expected printable ASCII");
	right.cmdline = (struct uki_part)TEXT("quiet ");
	ck_refused(-EINVAL, "space at its start or end");
	right.uname = (struct uki_part)TEXT("6.12 ");
	ck_refused(-EINVAL, "kernel release: byte 0x20 at 4");
	teardown();
}
END_TEST

START_TEST(missing_parts)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	setup();
	right.stub.len = 0;
	ck_refused(-EINVAL, "the stub is empty");
	right.linux_.len = 0;
	ck_refused(-EINVAL, "the kernel is empty");
	right.osrel.len = 0;
	ck_refused(-EINVAL, "the os-release is empty");
	right.uname.len = 0;
	ck_refused(-EINVAL, "the kernel release is empty");
	right.initrd.len = 0;
	ck_ok(uki_check(&right, &e));
	ck_fails(uki_build(&right, &b, &e), -EINVAL, "the initrd is empty");
	setup();
	right.cmdline.len = 0;
	ck_ok(uki_check(&right, &e));
	ck_fails(uki_build(&right, &b, &e), -EINVAL, "the kernel command line is empty");
	teardown();
}
END_TEST

START_TEST(bad_stubs_and_kernels)
{
	struct buf other = BUF_INIT;

	setup();
	right.stub = right.linux_;
	ck_refused(-EINVAL, "stub: it is not a systemd-stub");
	right.stub = (struct uki_part)TEXT("#!/bin/sh");
	ck_refused(-EBADMSG, "UKI: stub: not a PE file");
	right.stub = (struct uki_part)TEXT("#!/bin/sh");
	right.stub_name = "s.stub";
	ck_refused(-EBADMSG, "UKI: stub s.stub: not a PE file");
	right.linux_ = (struct uki_part)TEXT("\x1f\x8b a compressed kernel");
	ck_refused(-EBADMSG, "UKI: kernel: not a PE file");
	fx_make_stub(&other, PE_MACHINE_X86_64, "252.39-1");
	right.stub = (struct uki_part){ other.data, other.len };
	ck_refused(-EINVAL, "stub: it is of systemd 252.39-1, needed is 254 or later");
	buf_done(&other);
	fx_make_stub(&other, PE_MACHINE_ARM64, "257.13");
	right.stub = (struct uki_part){ other.data, other.len };
	ck_refused(-EINVAL, "the stub is for arm64 (0xaa64), the kernel for x86-64 (0x8664)");
	buf_done(&other);
	ck_ok(uki_build(&right, &other, &e));
	right.stub = (struct uki_part){ other.data, other.len };
	ck_refused(-EINVAL, "stub: it has a section .osrel");
	buf_done(&other);
	teardown();
}
END_TEST

FX_MAIN("uki", holds_its_parts, the_same_parts_give_the_same_bytes, sbat_that_outgrows_the_stubs,
	nx_compat_is_the_kernels, bad_texts, missing_parts, bad_stubs_and_kernels)
