/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UEFI programs: headers, sections (those of a UKI by what they hold) and signatures. */
#include "builder/audit/compare.h"
#include "signing/authenticode.h"
#include "signing/pe.h"

#define COFF_BYTES	24
#define OPTIONAL_BYTES	112 /* PE32+, without its directories */
#define CHECKSUM_AT	64
#define DIRECTORY_BYTES 8
#define PE_CERTIFICATES 4 /* among the directories */

static const struct field coff_fields[] = {
	{ "machine", 4, 2, FIELD_HEX, DIFF_FORMAT },
	{ "number of sections", 6, 2, FIELD_NUMBER, DIFF_SIZE },
	{ "timestamp", 8, 4, FIELD_TIME, DIFF_FORMAT },
	{ "symbol table", 12, 4, FIELD_HEX, DIFF_FORMAT },
	{ "number of symbols", 16, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "size of the optional header", 20, 2, FIELD_NUMBER, DIFF_FORMAT },
	{ "characteristics", 22, 2, FIELD_HEX, DIFF_FORMAT },
};
static const struct field_table coff_table = { coff_fields, ARRAY_SIZE(coff_fields), COFF_BYTES };

static const struct field optional_fields[] = {
	{ "linker version", 2, 2, FIELD_HEX, DIFF_FORMAT },
	{ "size of code", 4, 4, FIELD_NUMBER, DIFF_SIZE },
	{ "size of data", 8, 4, FIELD_NUMBER, DIFF_SIZE },
	{ "entry point", 16, 4, FIELD_HEX, DIFF_FORMAT },
	{ "image base", 24, 8, FIELD_HEX, DIFF_FORMAT },
	{ "section alignment", 32, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "file alignment", 36, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "size of image", 56, 4, FIELD_NUMBER, DIFF_SIZE },
	{ "size of headers", 60, 4, FIELD_NUMBER, DIFF_SIZE },
	{ "subsystem", 68, 2, FIELD_NUMBER, DIFF_FORMAT },
	{ "DLL characteristics", 70, 2, FIELD_HEX, DIFF_FORMAT },
};
static const struct field_table optional_table = { optional_fields, ARRAY_SIZE(optional_fields),
						   OPTIONAL_BYTES };

static const char *const directory_names[] = {
	"exports",	"imports",	"resources",	     "exceptions",
	"certificates", "relocations",	"debug information", "architecture",
	"global",	"thread local", "load settings",     "bound imports",
	"import table", "late imports", "runtime",	     "reserved directory",
};

struct programs {
	struct pe *pe[2];
	size_t before; /* differences before this file */
};

bool compare_is_pe(const struct source *s)
{
	return s->bytes && s->size_bytes > 64 && s->bytes[0] == 'M' && s->bytes[1] == 'Z' &&
	       s->size_bytes >= 64 + (uint64_t)get_le32(s->bytes + 0x3c) &&
	       memcmp(s->bytes + get_le32(s->bytes + 0x3c), "PE\0\0", 4) == 0;
}

static bool differs(const struct compare *c, const struct programs *p)
{
	return diff_report_total(c->report) > p->before;
}

static void section_source(const struct pe *pe, const struct pe_section *s, struct source *ret)
{
	size_t len;
	const uint8_t *p = pe_content(pe, s, &len);

	source_init_bytes(ret, p, len);
}

static int compare_section(struct compare *c, const char *name, const struct source *a,
			   const struct source *b, struct err *e)
{
	uint64_t at;
	int r = source_mismatch(a, b, 0, c->pool, &at, e);

	if (r < 0 || at == MISMATCH_NONE)
		return r;
	if (str_eq(name, ".cmdline"))
		return compare_cmdline(c, a, b, e);
	if (str_eq(name, ".osrel") && compare_usr_changed(c, "lib/os-release content"))
		return compare_bytes(c, a, b, DIFF_FROM_USR, e);
	if (str_eq(name, ".pcrsig"))
		return compare_bytes(c, a, b, DIFF_SIGNED, e);
	return compare_content(c, a, b, e);
}

/* Sections are paired by name; of several with one name the first. */
static int compare_sections(struct compare *c, const struct programs *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->pe[0]->n_sections; i++) {
		const struct pe_section *a = &p->pe[0]->sections[i],
					*b = pe_find(p->pe[1], a->name);
		struct source sa, sb;
		size_t mark = compare_enter(c, "%s", a->name);
		section_source(p->pe[0], a, &sa);
		if (b)
			section_source(p->pe[1], b, &sb);
		r = b ? compare_section(c, a->name, &sa, &sb, e)
		      : compare_add(c, &(struct finding){ DIFF_MISSING, "section", "", NULL }, e);
		compare_leave(c, mark);
	}
	for (size_t i = 0; r == 0 && i < p->pe[1]->n_sections; i++) {
		if (pe_find(p->pe[0], p->pe[1]->sections[i].name))
			continue;
		size_t mark = compare_enter(c, "%s", p->pe[1]->sections[i].name);
		r = compare_add(c, &(struct finding){ DIFF_MISSING, "section", NULL, "" }, e);
		compare_leave(c, mark);
	}
	return r;
}

/* Where sections lie follows from how long they are, unless nothing else differs. */
static int compare_section_headers(struct compare *c, const struct programs *p, struct err *e)
{
	enum diff_kind place = differs(c, p) ? DIFF_SIZE : DIFF_PLACEMENT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->pe[0]->n_sections; i++) {
		const struct pe_section *a = &p->pe[0]->sections[i],
					*b = pe_find(p->pe[1], a->name);
		if (!b)
			continue;
		const uint64_t v[][2] = { { a->characteristics, b->characteristics },
					  { a->virtual_bytes, b->virtual_bytes },
					  { a->virtual_address, b->virtual_address },
					  { a->raw_bytes, b->raw_bytes },
					  { a->raw_offset, b->raw_offset } };
		static const char *const names[] = { "characteristics", "size in memory", "address",
						     "size in the file", "offset" };
		size_t mark = compare_enter(c, "%s", a->name);
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(names); k++)
			r = compare_add_numbers(c, k ? place : DIFF_FORMAT, names[k], v[k], e);
		compare_leave(c, mark);
	}
	return r;
}

static int compare_certificates(struct compare *c, const struct programs *p, struct err *e)
{
	bool signed_differs = differs(c, p);
	size_t at[2] = { 0, 0 };
	struct source s[2];
	int r = 0;

	for (unsigned int i = 1; r == 0; i++) {
		bool there[2];
		for (int w = 0; w < 2; w++) {
			const uint8_t *der;
			size_t len = 0;
			r = pe_certificate(p->pe[w], &at[w], &der, &len, e);
			if (r < 0)
				return compare_damaged(c, w, r, e);
			there[w] = r > 0;
			source_init_bytes(&s[w], der, len);
		}
		r = 0;
		if (!there[0] && !there[1])
			break;
		size_t mark = compare_enter(c, "certificate %u", i);
		if (there[0] && there[1])
			r = compare_signature(c, &s[0], &s[1], signed_differs, e);
		else
			r = compare_add(c,
					&(struct finding){ DIFF_KEY, "signature",
							   there[0] ? "" : NULL,
							   there[1] ? "" : NULL },
					e);
		compare_leave(c, mark);
	}
	return r;
}

/* Where other parts of the file are. That of the certificates is looked at after these. */
static int compare_directories(struct compare *c, const struct programs *p, struct err *e)
{
	const uint8_t *a = p->pe[0]->data + p->pe[0]->optional_header,
		      *b = p->pe[1]->data + p->pe[1]->optional_header;
	uint32_t n = MIN(get_le32(a + OPTIONAL_BYTES - 4), get_le32(b + OPTIONAL_BYTES - 4));
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < MIN(n, ARRAY_SIZE(directory_names)); i++) {
		size_t at = OPTIONAL_BYTES + i * DIRECTORY_BYTES;
		const uint64_t v[] = { get_le64(a + at), get_le64(b + at) };
		if (i != PE_CERTIFICATES)
			r = compare_add_numbers(c, DIFF_FORMAT, directory_names[i], v, e);
	}
	return r;
}

/* All but what the certificates change: the checksum and their place. */
static int compare_headers(struct compare *c, const struct programs *p, struct err *e)
{
	const struct pe *a = p->pe[0], *b = p->pe[1];
	const uint8_t *coff[] = { a->data + a->optional_header - COFF_BYTES,
				  b->data + b->optional_header - COFF_BYTES };
	uint8_t optional[2][OPTIONAL_BYTES];
	size_t mark = compare_enter(c, "PE header");

	for (int w = 0; w < 2; w++) {
		memcpy(optional[w], p->pe[w]->data + p->pe[w]->optional_header, OPTIONAL_BYTES);
		put_le32(optional[w] + CHECKSUM_AT, 0);
	}
	int r = compare_directories(c, p, e);
	if (r == 0)
		r = compare_fields(c, &coff_table, coff, !differs(c, p), e);
	if (r == 0)
		r = compare_fields(c, &optional_table,
				   (const uint8_t *[]){ optional[0], optional[1] }, !differs(c, p),
				   e);
	compare_leave(c, mark);
	return r;
}

/* What follows from everything else, if anything else differs. */
static int compare_ends(struct compare *c, const struct programs *p, struct err *e)
{
	const struct pe *a = p->pe[0], *b = p->pe[1];
	const uint64_t offset[] = { a->cert_offset, b->cert_offset },
		       bytes[] = { a->cert_bytes, b->cert_bytes },
		       sum[] = { get_le32(a->data + a->checksum), get_le32(b->data + b->checksum) };
	bool follows = differs(c, p);
	enum diff_kind place = follows ? DIFF_SIZE : DIFF_PLACEMENT;
	size_t mark = compare_enter(c, "PE header");

	int r = compare_add_numbers(c, place, "offset of the certificates", offset, e);
	if (r == 0)
		r = compare_add_numbers(c, place, "size of the certificates", bytes, e);
	if (r == 0)
		r = compare_add_numbers(c, follows ? DIFF_CHECKSUM : DIFF_DAMAGE, "checksum", sum,
					e);
	compare_leave(c, mark);
	return r;
}

/* The same part of both files. */
struct stretch {
	size_t from[2], len[2];
};

static int compare_stretch(struct compare *c, const struct programs *p, const struct stretch *x,
			   const char *name, struct err *e)
{
	struct source s[2];

	for (int w = 0; w < 2; w++)
		source_init_bytes(&s[w], p->pe[w]->data + x->from[w], x->len[w]);
	size_t mark = compare_enter(c, "%s", name);
	int r = compare_bytes(c, &s[0], &s[1], DIFF_SLACK, e);
	compare_leave(c, mark);
	return r;
}

/* What follows a section's content in the file. If that is of another length, so is this. */
static int compare_section_end(struct compare *c, const struct programs *p, const char *name,
			       struct err *e)
{
	struct stretch x;

	for (int w = 0; w < 2; w++) {
		const struct pe_section *s = pe_find(p->pe[w], name);
		size_t content = s ? MIN(s->virtual_bytes, s->raw_bytes) : 0;
		x.from[w] = s && s->raw_bytes ? s->raw_offset + content : 0;
		x.len[w] = s ? s->raw_bytes - content : 0;
	}
	if (x.len[0] != x.len[1])
		return 0;
	size_t mark = compare_enter(c, "%s", name);
	int r = compare_stretch(c, p, &x, "after the end of its content", e);
	compare_leave(c, mark);
	return r;
}

/* What is in no section and no header. */
static int compare_unused(struct compare *c, const struct programs *p, struct err *e)
{
	struct stretch start = { { 0, 0 },
				 { p->pe[0]->optional_header - COFF_BYTES,
				   p->pe[1]->optional_header - COFF_BYTES } };

	int r = compare_stretch(c, p, &start, "before the PE header", e);
	for (size_t i = 0; r == 0 && i < p->pe[0]->n_sections; i++)
		r = compare_section_end(c, p, p->pe[0]->sections[i].name, e);
	return r;
}

int compare_pe(struct compare *c, const struct source *a, const struct source *b, struct err *e)
{
	_cleanup_free_ struct pe *pes = calloc(2, sizeof(*pes));
	struct programs p = { .before = diff_report_total(c->report) };

	if (!pes)
		return err_oom(e);
	p.pe[0] = &pes[0];
	p.pe[1] = &pes[1];
	int r = pe_parse(&pes[0], a->bytes, a->size_bytes, e);
	if (r < 0)
		return compare_damaged(c, 0, r, e);
	r = pe_parse(&pes[1], b->bytes, b->size_bytes, e);
	if (r < 0)
		return compare_damaged(c, 1, r, e);
	r = compare_sections(c, &p, e);
	if (r == 0)
		r = compare_section_headers(c, &p, e);
	if (r == 0)
		r = compare_unused(c, &p, e);
	if (r == 0)
		r = compare_headers(c, &p, e);
	if (r == 0)
		r = compare_certificates(c, &p, e);
	return r < 0 ? r : compare_ends(c, &p, e);
}
