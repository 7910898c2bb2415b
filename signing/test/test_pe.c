/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/test/fixture.h"

static struct err e;

static void make(struct buf *b)
{
	static const char text[] = "some code", data[] = "some data";
	const struct fx_section s[] = { { ".text", text, sizeof(text), FX_CODE },
					{ ".data", data, sizeof(data), FX_DATA } };

	fx_make_pe(b, PE_MACHINE_X86_64, s, ARRAY_SIZE(s));
}

START_TEST(parses)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct pe pe;
	size_t len;

	make(&b);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_assert_uint_eq(pe.machine, PE_MACHINE_X86_64);
	ck_assert_uint_eq(pe.n_sections, 2);
	ck_assert_uint_eq(pe.cert_offset, 0);
	const struct pe_section *s = pe_find(&pe, ".data");
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(s->virtual_address, 0x2000);
	const uint8_t *content = pe_content(&pe, s, &len);
	ck_assert_uint_eq(len, 10);
	ck_assert_mem_eq(content, "some data", 10);
	ck_assert_ptr_null(pe_find(&pe, ".dat"));
}
END_TEST

/* All of them must be refused without a byte read outside: each is a heap block of its own. */
START_TEST(truncations_are_refused)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	make(&b);
	for (size_t len = 0; len < b.len; len += len < 1100 ? 1 : 16) {
		uint8_t *cut = malloc(len ? len : 1);
		struct pe pe;
		ck_assert_ptr_nonnull(cut);
		if (len)
			memcpy(cut, b.data, len);
		ck_fails(pe_parse(&pe, cut, len, &e), -EBADMSG, "PE file");
		free(cut);
	}
}
END_TEST

enum { SECTION_0 = FX_TABLE, SECTION_1 = FX_TABLE + PE_SECTION_BYTES };
enum { DIRECTORY_CERT = FX_OPT + PE_OPT_DIRECTORIES + 4 * PE_DIRECTORY_BYTES };

static const struct {
	size_t off;
	int bytes;
	uint32_t value;
	const char *message;
} bad[] = {
	{ 0, 2, 0x4d5a, "no MZ" },
	{ 0x3c, 4, 0, "no PE header" },
	{ 0x3c, 4, UINT32_MAX, "no PE header" },
	{ 0x3c, 4, FX_HEADERS + 1024, "no PE header" },
	{ FX_LFANEW + PE_COFF_OPTIONAL_BYTES, 2, 100, "optional header" },
	{ FX_LFANEW + PE_COFF_OPTIONAL_BYTES, 2, 0xffff, "optional header" },
	{ FX_LFANEW + PE_COFF_OPTIONAL_BYTES, 2, 1900, "headers of" },
	{ FX_LFANEW + PE_COFF_N_SECTIONS, 2, 0, "0 sections" },
	{ FX_LFANEW + PE_COFF_N_SECTIONS, 2, 97, "97 sections" },
	{ FX_LFANEW + PE_COFF_N_SECTIONS, 2, 96, "headers of" },
	{ FX_OPT, 2, 0x10b, "not PE32+" },
	{ FX_OPT + PE_OPT_N_DIRECTORIES, 4, 4, "4 data directories" },
	{ FX_OPT + PE_OPT_N_DIRECTORIES, 4, 17, "17 data directories" },
	{ FX_OPT + PE_OPT_N_DIRECTORIES, 4, UINT32_MAX, "data directories" },
	{ FX_OPT + PE_OPT_SECTION_ALIGNMENT, 4, 0, "alignments 0" },
	{ FX_OPT + PE_OPT_FILE_ALIGNMENT, 4, 513, "513" },
	{ FX_OPT + PE_OPT_FILE_ALIGNMENT, 4, 0x80000000, "alignments" },
	{ FX_OPT + PE_OPT_HEADERS_BYTES, 4, 300, "headers of 300" },
	{ FX_OPT + PE_OPT_HEADERS_BYTES, 4, UINT32_MAX, "headers of" },
	{ FX_OPT + PE_OPT_HEADERS_BYTES, 4, FX_HEADERS + 1, ".text leaves the file" },
	{ FX_OPT + PE_OPT_IMAGE_BYTES, 4, 0x2009, ".data leaves the image" },
	{ SECTION_0, 1, '\n', "no proper name" },
	{ SECTION_0 + PE_SECTION_VIRTUAL_ADDRESS, 4, 512, ".text overlaps in memory" },
	{ SECTION_1 + PE_SECTION_VIRTUAL_ADDRESS, 4, 0x1009, ".data overlaps in memory" },
	{ SECTION_1 + PE_SECTION_VIRTUAL_ADDRESS, 4, UINT32_MAX, ".data leaves the image" },
	{ SECTION_1 + PE_SECTION_VIRTUAL_BYTES, 4, UINT32_MAX, ".data leaves the image" },
	{ SECTION_1 + PE_SECTION_RAW_OFFSET, 4, UINT32_MAX, ".data leaves the file" },
	{ SECTION_1 + PE_SECTION_RAW_OFFSET, 4, 0, ".data leaves the file" },
	{ SECTION_1 + PE_SECTION_RAW_OFFSET, 4, FX_HEADERS + 511, "overlap in the file" },
	{ SECTION_1 + PE_SECTION_RAW_BYTES, 4, UINT32_MAX, ".data leaves the file" },
	{ SECTION_1 + PE_SECTION_RAW_BYTES, 4, 513, ".data leaves the file" },
	{ DIRECTORY_CERT, 4, 2048, "certificate table" },
	{ DIRECTORY_CERT + 4, 4, 8, "certificate table" },
	{ DIRECTORY_CERT, 4, UINT32_MAX & ~7U, "certificate table" },
};

START_TEST(bad_fields_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct pe pe;
		make(&b);
		uint8_t *exact = malloc(b.len), *at = exact + bad[i].off;
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, b.data, b.len);
		for (int k = 0; k < bad[i].bytes; k++)
			at[k] = (uint8_t)(bad[i].value >> (8 * k));
		int r = pe_parse(&pe, exact, b.len, &e);
		ck_assert_msg(r == -EBADMSG && strstr(e.msg, bad[i].message),
			      "case %zu (%s): %d %s", i, bad[i].message, r, e.msg);
		free(exact);
	}
}
END_TEST

/* Whatever a parsed file says, its digest and its extension must stay inside of it. */
START_TEST(any_changed_byte_is_safe)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t parsed = 0;

	make(&b);
	uint8_t *exact = malloc(b.len);
	ck_assert_ptr_nonnull(exact);
	for (size_t i = 0; i < (SECTION_1 + PE_SECTION_BYTES) * ARRAY_SIZE(values); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		uint8_t digest[SHA256_BYTES];
		struct pe pe;
		memcpy(exact, b.data, b.len);
		exact[i / ARRAY_SIZE(values)] = values[i % ARRAY_SIZE(values)];
		if (pe_parse(&pe, exact, b.len, &e) < 0)
			continue;
		parsed++;
		struct pe_new_section add = { ".new", "content", 7, false };
		if (pe_digest(&pe, digest, &e) < 0 ||
		    pe_add_sections(&pe, &add, 1, 0, &out, &e) < 0)
			continue;
		ck_ok(pe_parse(&pe, out.data, out.len, &e));
	}
	ck_assert_uint_gt(parsed, 100);
	free(exact);
}
END_TEST

START_TEST(digest_leaves_out_checksum_and_signatures)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t plain[SHA256_BYTES], other[SHA256_BYTES];
	struct pe pe;

	make(&b);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_ok(pe_digest(&pe, plain, &e));
	pe_update_checksum(&pe, b.data, b.len);
	ck_assert_uint_ne(get_le32(b.data + pe.checksum), 0);
	size_t end = b.len;
	buf_append(&b, "\x10\0\0\0\0\x02\x02\0signed!!", 16);
	put_le32(b.data + pe.cert_directory, (uint32_t)end);
	put_le32(b.data + pe.cert_directory + 4, 16);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_assert_uint_eq(pe.cert_bytes, 16);
	ck_ok(pe_digest(&pe, other, &e));
	ck_assert_mem_eq(plain, other, SHA256_BYTES);
	for (size_t off = 0; off < end; off += 8) {
		if (off + 8 > pe.checksum && off < pe.checksum + 4)
			continue;
		if (off + 8 > pe.cert_directory && off < pe.cert_directory + 8)
			continue;
		b.data[off] ^= 1;
		ck_ok(pe_digest(&pe, other, &e));
		ck_assert_mem_ne(plain, other, SHA256_BYTES);
		b.data[off] ^= 1;
	}
}
END_TEST

START_TEST(gaps_have_no_digest)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t digest[SHA256_BYTES];
	struct pe pe;

	make(&b);
	put_le32(b.data + SECTION_0 + PE_SECTION_RAW_BYTES, 256);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_fails(pe_digest(&pe, digest, &e), -EBADMSG, "256 bytes between its sections");
}
END_TEST

/* What lay behind the table or in front of its place would be part of no digest. */
START_TEST(the_certificate_table_ends_the_file)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct pe pe;

	make(&b);
	uint32_t end = (uint32_t)b.len;
	buf_append_zero(&b, 32);
	static const struct {
		int off, len, want;
	} cases[] = { { 0, 32, 0 },	   { 8, 24, 0 },	{ 0, 24, -EBADMSG },
		      { 0, 40, -EBADMSG }, { 4, 28, -EBADMSG }, { -8, 40, -EBADMSG },
		      { 32, 0, -EBADMSG }, { 28, 4, -EBADMSG } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_le32(b.data + DIRECTORY_CERT, end + (uint32_t)cases[i].off);
		put_le32(b.data + DIRECTORY_CERT + 4, (uint32_t)cases[i].len);
		int r = pe_parse(&pe, b.data, b.len, &e);
		ck_assert_msg(r == cases[i].want, "case %zu: %d %s", i, r, e.msg);
	}
}
END_TEST

static const struct pe_new_section two[] = { { ".osrel", "ID=x\n", 5, false },
					     { ".linux", "kernel", 6, true } };

START_TEST(sections_are_added)
{
	_cleanup_buf_ struct buf b = BUF_INIT, out = BUF_INIT;
	struct pe pe, grown;

	make(&b);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_ok(pe_add_sections(&pe, two, 2, PE_DLL_NX_COMPAT, &out, &e));
	ck_ok(pe_parse(&grown, out.data, out.len, &e));
	ck_assert_uint_eq(grown.n_sections, 4);
	ck_assert_uint_eq(grown.headers_bytes, FX_HEADERS);
	ck_assert_uint_eq(grown.image_bytes, 0x5000);
	ck_assert_uint_eq(out.len, b.len + 1024);
	ck_assert_mem_eq(out.data + FX_HEADERS, b.data + FX_HEADERS, b.len - FX_HEADERS);
	const struct pe_section *s = pe_find(&grown, ".linux");
	ck_assert_uint_eq(s->virtual_bytes, 6);
	ck_assert_uint_eq(s->virtual_address, 0x4000);
	ck_assert_uint_eq(s->characteristics, PE_SCN_CNT_CODE | PE_SCN_MEM_READ);
	ck_assert_uint_eq(pe_find(&grown, ".osrel")->characteristics,
			  PE_SCN_CNT_INITIALIZED_DATA | PE_SCN_MEM_READ);
	ck_assert_mem_eq(out.data + s->raw_offset, "kernel\0", 7);
	const uint8_t *opt = out.data + grown.optional_header;
	ck_assert_uint_eq(get_le16(opt + PE_OPT_DLL_CHARACTERISTICS), 0x60);
	ck_assert_uint_eq(get_le32(opt + PE_OPT_INITIALIZED_DATA), 11);
}
END_TEST

START_TEST(headers_grow_when_they_must)
{
	_cleanup_buf_ struct buf b = BUF_INIT, out = BUF_INIT, full = BUF_INIT;
	struct pe_new_section many[PE_SECTIONS_MAX];
	char names[PE_SECTIONS_MAX][9];
	struct pe pe, grown;

	make(&b);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		snprintf(names[i], sizeof(names[i]), ".n%zu", i);
		many[i] = (struct pe_new_section){ names[i], names[i], 5, false };
	}
	ck_ok(pe_add_sections(&pe, many, 40, 0, &out, &e));
	ck_ok(pe_parse(&grown, out.data, out.len, &e));
	ck_assert_uint_eq(grown.headers_bytes, 2048);
	ck_assert_uint_eq(grown.sections[0].raw_offset, 2048);
	ck_assert_mem_eq(out.data + 2048, b.data + FX_HEADERS, 1024);
	ck_fails(pe_add_sections(&pe, many, 95, 0, &full, &e), -ENOSPC, "96 sections already");
	ck_fails(pe_add_sections(&pe, many, 94, 0, &full, &e), -ENOSPC, "no room for the headers");
	put_le32(b.data + FX_OPT + PE_OPT_DIRECTORIES + PE_DIRECTORY_DEBUG * 8 + 4, 28);
	ck_fails(pe_add_sections(&pe, many, 40, 0, &full, &e), -ENOSPC, "no room for more headers");
}
END_TEST

START_TEST(sections_are_replaced_in_place)
{
	_cleanup_buf_ struct buf b = BUF_INIT, out = BUF_INIT, full = BUF_INIT;
	struct pe pe, grown;
	static char big[4097];

	make(&b);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	memset(big, 'b', sizeof(big));
	struct pe_new_section r = { ".text", big, 4096, false };
	ck_ok(pe_add_sections(&pe, &r, 1, 0, &out, &e));
	ck_ok(pe_parse(&grown, out.data, out.len, &e));
	ck_assert_uint_eq(grown.n_sections, 2);
	ck_assert_uint_eq(grown.sections[0].virtual_bytes, 4096);
	ck_assert_uint_eq(grown.sections[0].characteristics, FX_CODE);
	ck_assert_mem_eq(out.data + grown.sections[1].raw_offset, "some data", 10);
	r.len++;
	ck_fails(pe_add_sections(&pe, &r, 1, 0, &full, &e), -ENOSPC, "room for 4096 only");
}
END_TEST

START_TEST(what_cannot_be_extended)
{
	_cleanup_buf_ struct buf b = BUF_INIT, out = BUF_INIT;
	struct pe pe;

	make(&b);
	buf_append(&b, "trailing", 8);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_fails(pe_add_sections(&pe, two, 2, 0, &out, &e), -EINVAL, "after its last section");
	put_le32(b.data + DIRECTORY_CERT, (uint32_t)b.len - 8);
	put_le32(b.data + DIRECTORY_CERT + 4, 8);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_fails(pe_add_sections(&pe, two, 2, 0, &out, &e), -EINVAL, "it is signed");
	struct pe_new_section huge = { ".huge", two, 2 * GiB, false };
	_cleanup_buf_ struct buf c = BUF_INIT;
	make(&c);
	ck_ok(pe_parse(&pe, c.data, c.len, &e));
	ck_fails(pe_add_sections(&pe, &huge, 1, 0, &out, &e), -EFBIG, ".huge");
	huge.len = 2 * GiB - MiB;
	struct pe_new_section both[] = { huge, huge };
	both[1].name = ".more";
	ck_fails(pe_add_sections(&pe, both, 2, 0, &out, &e), -EFBIG, ".more");
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* objdump reads what we wrote, and finds the checksum right if it says anything about it. */
START_TEST(objdump_lists_the_sections)
{
	_cleanup_buf_ struct buf b = BUF_INIT, out = BUF_INIT, text = BUF_INIT;
	struct pe pe;

	if (!fx_has("objdump"))
		test_skip("no objdump");
	make(&b);
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	ck_ok(pe_add_sections(&pe, two, 2, 0, &out, &e));
	fx_write("o.efi", out.data, out.len);
	fx_runs(0, &text, "objdump", "-h", fx_path("o.efi"));
	ck_assert_msg(strstr(buf_str(&text), ".osrel        00000005  0000000000003000") &&
			      strstr(buf_str(&text), ".linux        00000006  0000000000004000"),
		      "%s", buf_str(&text));
}
END_TEST

FX_MAIN("pe", parses, truncations_are_refused, bad_fields_are_refused, any_changed_byte_is_safe,
	digest_leaves_out_checksum_and_signatures, gaps_have_no_digest,
	the_certificate_table_ends_the_file, sections_are_added, headers_grow_when_they_must,
	sections_are_replaced_in_place, what_cannot_be_extended, objdump_lists_the_sections)
