/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <fcntl.h>

#include "base/blob.h"
#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "stage1/elf/elf.h"

#define NOTE(name, json)                                                                       \
	"__attribute__((used, section(\".note.dlopen\"), aligned(4)))\n"                       \
	"static const struct { unsigned n, d, t; char v[4]; char j[sizeof(" json ")]; } " name \
	" = { 4, sizeof(" json "), 0x407c0c0a, \"FDO\", " json " };\n"

#define NEED_FIDO                                                             \
	"\"[{\\\"feature\\\":\\\"fido\\\",\\\"priority\\\":\\\"required\\\"," \
	"\\\"soname\\\":[\\\"libfido2.so.2\\\",\\\"libfido2.so.1\\\"]}]\""
#define LIKE_TWO                                 \
	"\"[{\\\"soname\\\":[\\\"libx.so\\\"]}," \
	"{\\\"soname\\\":[\\\"liby.so\\\"],\\\"priority\\\":\\\"suggested\\\"}]\""

/* Compiles one file; false if this machine has no compiler that can. */
static bool compile(const char *dir, const char *out, const char *code, const char *const *flags)
{
	_cleanup_free_ char *c = str_printf("%s/x.c", dir), *o = str_printf("%s/%s", dir, out);
	const char *argv[32] = { "cc", "-shared", "-fPIC", "-nostdlib", "-o", o, c };
	struct err e;
	size_t n = 7;
	int status;

	while (*flags)
		argv[n++] = *flags++;
	ck_ok(outfile_write(c, 0644, code, strlen(code), &e));
	struct buf diag = BUF_INIT;
	int r = run_program(&(struct run_params){ .argv = argv, .dir = dir, .diag = &diag },
			    &status, &e);
	buf_done(&diag);
	return r == 0 && status == 0;
}

static struct blob *load(const char *dir, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	struct blob *b;
	struct err e;

	ck_ok(blob_new_file(AT_FDCWD, path, &b, &e));
	return b;
}

static const char *const word_flags[] = { "-m32", "-m64" };

static bool make_library(char *dir, bool is64)
{
	const char *const none[] = { word_flags[is64], "-Wl,-soname,libdep.so.1", NULL };
	const char *const flags[] = { word_flags[is64],		"-Wl,-soname,libmain.so.3",
				      "-Wl,--enable-new-dtags", "-Wl,-rpath,$ORIGIN/lib:/opt/lib",
				      "-Wl,--no-as-needed",	"-L.",
				      "-l:libdep.so.1",		NULL };

	return compile(dir, "libdep.so.1", "int dep(void) { return 1; }", none) &&
	       compile(dir, "libmain.so.3", NOTE("a", NEED_FIDO) NOTE("b", LIKE_TWO), flags);
}

static void check_library(const char *dir, bool is64)
{
	_cleanup_(blob_unref) struct blob *b = load(dir, "libmain.so.3");
	_cleanup_(elf_free) struct elf *elf = NULL;
	struct err e;

	ck_ok(elf_read(b->data, b->len, &elf, &e));
	ck_assert_uint_eq(elf->bits, is64 ? 64 : 32);
	ck_assert_uint_eq(elf->machine, is64 ? EM_X86_64 : EM_386);
	ck_assert_uint_eq(elf->type, ET_DYN);
	ck_assert(elf->dynamic);
	ck_assert_ptr_null(elf->interpreter);
	ck_assert_str_eq(elf->soname, "libmain.so.3");
	ck_assert_uint_eq(elf->needed.n, 1);
	ck_assert_str_eq(elf->needed.v[0], "libdep.so.1");
	ck_assert_uint_eq(elf->rpath.n, 0);
	ck_assert_uint_eq(elf->runpath.n, 2);
	ck_assert_str_eq(elf->runpath.v[0], "$ORIGIN/lib");
	ck_assert_uint_eq(elf->n_dlopens, 0);
	ck_ok(elf_read_dlopen(elf, b->data, b->len, &e));
	ck_assert_uint_eq(elf->n_dlopens, 3);
	ck_assert_int_eq(elf->dlopens[0].priority, ELF_REQUIRED);
	ck_assert_str_eq(elf->dlopens[0].feature, "fido");
	ck_assert_uint_eq(elf->dlopens[0].sonames.n, 2);
	ck_assert_str_eq(elf->dlopens[0].sonames.v[1], "libfido2.so.1");
	ck_assert_int_eq(elf->dlopens[1].priority, ELF_RECOMMENDED);
	ck_assert_ptr_null(elf->dlopens[1].feature);
	ck_assert_int_eq(elf->dlopens[2].priority, ELF_SUGGESTED);
}

static void library_of(bool is64)
{
	char *dir = test_dir();
	bool made = make_library(dir, is64);

	if (made)
		check_library(dir, is64);
	test_dir_remove(dir);
	if (!made)
		test_skip("no compiler for %d-bit x86", is64 ? 64 : 32);
}

START_TEST(reads_a_64_bit_library)
{
	library_of(true);
}
END_TEST

START_TEST(reads_a_32_bit_library)
{
	library_of(false);
}
END_TEST

START_TEST(reads_rpath_and_cpu_level)
{
	static const char *const flags[] = { "-m64", "-Wl,--disable-new-dtags", "-Wl,-rpath,/old",
					     "-Wl,-z,x86-64-v3", NULL };
	_cleanup_(elf_free) struct elf *elf = NULL;
	char *dir = test_dir();
	struct err e;

	if (!compile(dir, "lib.so", "void start(void) {}", flags)) {
		test_dir_remove(dir);
		test_skip("no compiler for 64-bit x86");
	}
	_cleanup_(blob_unref) struct blob *b = load(dir, "lib.so");
	ck_ok(elf_read(b->data, b->len, &elf, &e));
	ck_assert_uint_eq(elf->rpath.n, 1);
	ck_assert_str_eq(elf->rpath.v[0], "/old");
	ck_assert_uint_eq(elf->x86_isa_needed, 1u << 2);
	test_dir_remove(dir);
}
END_TEST

START_TEST(knows_its_own_interpreter)
{
	_cleanup_(blob_unref) struct blob *b = NULL;
	_cleanup_(elf_free) struct elf *elf = NULL;
	struct err e;

	ck_ok(blob_new_file(AT_FDCWD, "/proc/self/exe", &b, &e));
	ck_ok(elf_read(b->data, b->len, &elf, &e));
	ck_assert_ptr_nonnull(elf->interpreter);
	ck_assert_int_eq(access(elf->interpreter, R_OK), 0);
	ck_assert(strv_contains(&elf->needed, "libc.so.6"));
}
END_TEST

/* The smallest 64-bit library: header, two program headers, a dynamic section, strings. */
struct tiny {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	Elf64_Dyn dyn[4];
	char strings[16];
};

static struct tiny tiny(void)
{
	return (struct tiny){
		.eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_phoff = offsetof(struct tiny, ph),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3 },
		.ph = { { .p_type = PT_LOAD, .p_vaddr = 0x1000, .p_filesz = sizeof(struct tiny) },
			{ .p_type = PT_DYNAMIC,
			  .p_offset = offsetof(struct tiny, dyn),
			  .p_filesz = sizeof(Elf64_Dyn[4]) } },
		.dyn = { { .d_tag = DT_SONAME, .d_un.d_val = 1 },
			 { .d_tag = DT_STRTAB,
			   .d_un.d_val = 0x1000 + offsetof(struct tiny, strings) },
			 { .d_tag = DT_NEEDED, .d_un.d_val = 3 } },
		.strings = "\0a\0b",
	};
}

static int read_tiny(const struct tiny *t, struct err *e)
{
	_cleanup_(elf_free) struct elf *elf = NULL;

	return elf_read(t, sizeof(*t), &elf, e);
}

START_TEST(refuses_what_is_malformed)
{
	struct tiny t = tiny();
	struct err e;

	ck_ok(read_tiny(&t, &e));
	ck_fails(elf_read("#!/bin/sh", 9, NULL, &e), -ENOEXEC, "not an ELF");
	ck_fails(elf_read("\x7f"
			  "ELF\2\1",
			  6, NULL, &e),
		 -EBADMSG, "shorter than its header");
	t.eh.e_ident[EI_DATA] = ELFDATA2MSB;
	ck_fails(read_tiny(&t, &e), -ENOTSUP, "little-endian");
	t = tiny();
	t.eh.e_ident[EI_CLASS] = 3;
	ck_fails(read_tiny(&t, &e), -ENOTSUP, "class 3");
	t = tiny();
	t.eh.e_phoff = UINT64_MAX - 8;
	ck_fails(read_tiny(&t, &e), -EBADMSG, "program headers past");
	t = tiny();
	t.eh.e_phentsize = 8;
	ck_fails(read_tiny(&t, &e), -EBADMSG, "wrong size");
	t = tiny();
	t.ph[1].p_offset = sizeof(t) - 8;
	ck_fails(read_tiny(&t, &e), -EBADMSG, "dynamic section past");
	t = tiny();
	t.ph[2] = t.ph[1];
	ck_fails(read_tiny(&t, &e), -EBADMSG, "two dynamic");
	t = tiny();
	t.dyn[0].d_un.d_val = UINT64_MAX;
	ck_fails(read_tiny(&t, &e), -EBADMSG, "string past");
	t = tiny();
	memset(t.strings, 'x', sizeof(t.strings));
	ck_fails(read_tiny(&t, &e), -EBADMSG, "without an end");
	t = tiny();
	t.ph[2] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = UINT64_MAX };
	ck_fails(read_tiny(&t, &e), -EBADMSG, "string past");
}
END_TEST

/* A file that is nothing but one note. */
static int read_note(const char *json, size_t len, struct err *e)
{
	_cleanup_(elf_free) struct elf *elf = NULL;
	struct tiny t = tiny();
	struct buf b = BUF_INIT;
	uint8_t head[16] = { 4, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0x0c, 0x7c, 0x40, 'F', 'D', 'O', 0 };

	put_le32(head + 4, (uint32_t)len);
	t.ph[2] = (Elf64_Phdr){ .p_type = PT_NOTE,
				.p_offset = sizeof(t),
				.p_filesz = sizeof(head) + len,
				.p_align = 4 };
	buf_append(&b, &t, sizeof(t));
	buf_append(&b, head, sizeof(head));
	buf_append(&b, json, len);
	int r = elf_read(b.data, b.len, &elf, e);
	if (r == 0)
		r = elf_read_dlopen(elf, b.data, b.len, e);
	buf_done(&b);
	return r;
}

START_TEST(refuses_malformed_notes)
{
	static const char *const bad[][2] = {
		{ "[", "ends too early" },
		{ "{}", "not an array" },
		{ "[1]", "no object" },
		{ "[{}]", "no array \"soname\"" },
		{ "[{\"soname\":[]}]", "no array \"soname\"" },
		{ "[{\"soname\":\"x\"}]", "no array \"soname\"" },
		{ "[{\"soname\":[1]}]", "no string" },
		{ "[{\"soname\":[\"x\"],\"priority\":\"high\"}]", "priority" },
		{ "[[[[[[[[[[]]]]]]]]]]", "nesting" },
	};
	_cleanup_free_ char *large = calloc(1, 70000);
	struct err e;

	ck_ok(read_note("[]", 2, &e));
	ck_ok(read_note("[{\"soname\":[\"x\"]}]\0\0\0", 22, &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_fails(read_note(bad[i][0], strlen(bad[i][0]), &e), -EBADMSG, bad[i][1]);
	ck_fails(read_note(large, 70000, &e), -EBADMSG, "too long");
}
END_TEST

/* Whatever it is, it is read or refused: nothing is touched that is not there. */
static void survive(const uint8_t *data, size_t len)
{
	_cleanup_free_ uint8_t *copy = malloc(len ? len : 1); /* exact, for the sanitizer */
	_cleanup_(elf_free) struct elf *elf = NULL;
	struct err e = { 0 };

	memcpy(copy, data, len);
	int r = elf_read(copy, len, &elf, &e);
	if (r == 0)
		r = elf_read_dlopen(elf, copy, len, &e);
	ck_assert(r == 0 || r == -EBADMSG || r == -ENOEXEC || r == -ENOTSUP);
}

START_TEST(survives_damage)
{
	char *dir = test_dir();

	if (!make_library(dir, true)) {
		test_dir_remove(dir);
		test_skip("no compiler for 64-bit x86");
	}
	_cleanup_(blob_unref) struct blob *b = load(dir, "libmain.so.3");
	size_t len = MIN(b->len, 8 * KiB);
	_cleanup_free_ uint8_t *copy = malloc(b->len);
	memcpy(copy, b->data, b->len);
	for (size_t cut = 0; cut < b->len; cut += cut < 2048 ? 1 : 17)
		survive(copy, cut);
	for (size_t bit = 0; bit < 8 * len; bit += bit < 8 * 1024 ? 1 : 5) {
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		survive(copy, b->len);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("elf", reads_a_64_bit_library, reads_a_32_bit_library, reads_rpath_and_cpu_level,
	  knows_its_own_interpreter, refuses_what_is_malformed, refuses_malformed_notes,
	  survives_damage)
