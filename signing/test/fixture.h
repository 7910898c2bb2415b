/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For the tests of this module: a set of keys made once, small PE files, programs to compare with. */
#include <fcntl.h>

#include "base/blob.h"
#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "signing/keygen.h"
#include "signing/openssl.h"
#include "signing/pe.h"
#include "signing/pe_format.h"
#include "signing/signer.h"

#define FX_NOW 1700000000 /* 2023-11-14 22:13:20 UTC */

static char *fx_dir;
static struct signer *fx_db, *fx_pk;

/* Heap strings of the tests live until the process ends: the pointer is kept. */
static inline char *fx_path(const char *name)
{
	static char paths[16][4096];
	static unsigned int next;
	char *p = paths[next++ % ARRAY_SIZE(paths)];

	snprintf(p, sizeof(paths[0]), "%s/%s", fx_dir, name);
	return p;
}

static inline void fx_write(const char *name, const void *data, size_t len)
{
	struct err e = { 0 };

	ck_ok(outfile_write(fx_path(name), 0600, data, len, &e));
}

static inline void fx_read(const char *name, struct buf *b)
{
	_cleanup_(blob_unref) struct blob *blob = NULL;
	struct err e = { 0 };

	ck_ok(blob_new_file(AT_FDCWD, fx_path(name), &blob, &e));
	buf_append(b, blob->data, blob->len);
}

/* Exit status of a program; its words are shown if it is not the one wanted. */
static inline void fx_run(int want, const char *const *argv, struct buf *out)
{
	_cleanup_buf_ struct buf diag = BUF_INIT;
	struct run_params p = { .argv = argv, .out = out, .diag = &diag };
	struct err e = { 0 };
	int status;

	ck_ok(run_program(&p, &status, &e));
	ck_assert_msg(status == want, "%s %s: status %d: %s", argv[0], argv[1], status,
		      buf_str(&diag));
}
#define fx_runs(want, out, ...) fx_run(want, (const char *const[]){ __VA_ARGS__, NULL }, out)

static inline bool fx_has(const char *program)
{
	const char *const argv[] = { program, "--version", NULL };
	_cleanup_buf_ struct buf diag = BUF_INIT;
	struct run_params p = { .argv = argv, .diag = &diag };
	struct err e;
	int status;

	return run_program(&p, &status, &e) != -ENOENT;
}

/* A signer as keygen() makes it, of its own key. */
static inline struct signer *fx_signer(const char *name)
{
	struct signer *s = NULL;
	struct err e = { 0 };
	char key[64], crt[64];

	snprintf(key, sizeof(key), "%s.key", name);
	snprintf(crt, sizeof(crt), "%s.crt", name);
	ck_ok(signer_load(fx_path(key), fx_path(crt), 0, &s, &e));
	return s;
}

/* Run once, before the tests, in the process that forks them. */
static inline void fx_setup(void)
{
	struct err e = { 0 };

	fx_dir = test_dir();
	struct keygen_params p = { .dir = fx_dir, .now = FX_NOW, .valid_days = 3650 };
	ck_ok(keygen(&p, &e));
	fx_db = fx_signer("db");
	fx_pk = fx_signer("PK");
}

static inline void fx_teardown(void)
{
	signer_free(fx_db);
	signer_free(fx_pk);
	test_dir_remove(fx_dir);
}

#define FX_MAIN(suite_name, ...)                                                       \
	int main(void)                                                                 \
	{                                                                              \
		const TTest *tests_[] = { __VA_ARGS__ };                               \
		return test_run_with(suite_name, tests_, ARRAY_SIZE(tests_), fx_setup, \
				     fx_teardown);                                     \
	}

struct fx_section {
	const char *name;
	const void *data;
	uint32_t len;
	uint32_t characteristics;
};

#define FX_CODE 0x60000020
#define FX_DATA 0x40000040
enum { FX_LFANEW = 0x40, FX_OPT = FX_LFANEW + 24, FX_TABLE = FX_OPT + 240, FX_HEADERS = 1024 };

/* A PE32+ file for UEFI; sections in memory from 0x1000 on, each on a page of its own. */
static inline void fx_make_pe(struct buf *b, uint16_t machine, const struct fx_section *s, size_t n)
{
	uint8_t h[FX_HEADERS] = "MZ", *opt = h + FX_OPT;
	uint32_t memory = 0x1000, file = FX_HEADERS;

	put_le32(h + 0x3c, FX_LFANEW);
	memcpy(h + FX_LFANEW, "PE\0\0", 4);
	put_le16(h + FX_LFANEW + PE_COFF_MACHINE, machine);
	put_le16(h + FX_LFANEW + PE_COFF_N_SECTIONS, (uint16_t)n);
	put_le16(h + FX_LFANEW + PE_COFF_OPTIONAL_BYTES, 240);
	put_le16(h + FX_LFANEW + 22, 0x22e); /* executable, stripped */
	put_le16(opt, 0x20b);
	put_le32(opt + 16, 0x1000); /* entry */
	put_le32(opt + 20, 0x1000);
	put_le32(opt + PE_OPT_SECTION_ALIGNMENT, 4096);
	put_le32(opt + PE_OPT_FILE_ALIGNMENT, 512);
	put_le32(opt + PE_OPT_HEADERS_BYTES, FX_HEADERS);
	put_le16(opt + 68, 10); /* EFI application */
	put_le16(opt + PE_OPT_DLL_CHARACTERISTICS, 0x160);
	put_le32(opt + PE_OPT_N_DIRECTORIES, 16);
	for (size_t i = 0; i < n; i++) {
		uint8_t *t = h + FX_TABLE + i * PE_SECTION_BYTES;
		uint32_t raw = (uint32_t)align_up(s[i].len, 512);
		memcpy(t, s[i].name, strlen(s[i].name));
		put_le32(t + PE_SECTION_VIRTUAL_BYTES, s[i].len);
		put_le32(t + PE_SECTION_VIRTUAL_ADDRESS, memory);
		put_le32(t + PE_SECTION_RAW_BYTES, raw);
		put_le32(t + PE_SECTION_RAW_OFFSET, file);
		put_le32(t + PE_SECTION_CHARACTERISTICS, s[i].characteristics);
		memory += (uint32_t)align_up(s[i].len, 4096);
		file += raw;
	}
	put_le32(opt + PE_OPT_IMAGE_BYTES, memory);
	buf_append(b, h, sizeof(h));
	for (size_t i = 0; i < n; i++) {
		buf_append(b, s[i].data, s[i].len);
		buf_pad(b, 512);
	}
}

#define FX_SBAT_HEADER \
	"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"

/* Stands in for linuxx64.efi.stub. */
static inline void fx_make_stub(struct buf *b, uint16_t machine, const char *version)
{
	static const uint8_t code[700] = { 0xc3, 1, 2, 3 };
	static const char sbat[] = FX_SBAT_HEADER "systemd-stub,1,The stub\n";
	char magic[128];

	snprintf(magic, sizeof(magic), "#### LoaderInfo: systemd-stub %s ####", version);
	const struct fx_section s[] = {
		{ ".text", code, sizeof(code), FX_CODE },
		{ ".sbat", sbat, sizeof(sbat) - 1, FX_DATA },
		{ ".sdmagic", magic, (uint32_t)strlen(magic) + 1, FX_DATA },
	};
	fx_make_pe(b, machine, s, ARRAY_SIZE(s));
}

/* Stands in for a kernel. */
static inline void fx_make_kernel(struct buf *b, uint16_t machine, const char *sbat)
{
	static uint8_t code[70000];
	const struct fx_section s[] = {
		{ ".text", code, sizeof(code), FX_CODE },
		{ ".data", code, 5000, 0xc0000040 },
		{ ".sbat", sbat, sbat ? (uint32_t)strlen(sbat) : 0, FX_DATA },
	};

	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)(i * 7 + (i >> 8));
	fx_make_pe(b, machine, s, sbat ? 3 : 2);
}
