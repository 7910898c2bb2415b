/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot loader and UKI: headers, sections, signatures. The checksum, which nothing signs, is made right. */
#include "qemu-tests/tamper/families.h"
#include "qemu-tests/tamper/uki_edit.h"
#include "signing/authenticode.h"
#include "signing/pe_format.h"

struct program {
	struct tamper_esp esp;
	char *path;
	struct buf b; /* its bytes, to be changed */
	struct pe pe; /* of the bytes as they were */
};

#define PROGRAM_INIT                                  \
	{                                             \
		.esp = TAMPER_ESP_INIT, .b = BUF_INIT \
	}

static int open_program(struct tamper *t, const char *suffix, struct program *p, struct err *e)
{
	struct tree_node *n;
	int r = tamper_esp_open(t, &p->esp, e);

	if (r == 0)
		r = tamper_esp_pick(t, &p->esp, suffix, &n, e);
	if (r < 0)
		return r;
	p->path = tree_path(n);
	buf_append(&p->b, n->inode->blob->data, (size_t)n->inode->blob->len);
	if (!p->path || buf_failed(&p->b))
		return err_oom(e);
	/* Of the tree's bytes, which stay. */
	return pe_parse(&p->pe, n->inode->blob->data, (size_t)n->inode->blob->len, e);
}

static void program_done(struct program *p)
{
	tamper_esp_done(&p->esp);
	free(p->path);
	buf_done(&p->b);
}
#define _cleanup_program_ __attribute__((cleanup(program_done)))

static int save(struct tamper *t, struct program *p, const char *what, struct err *e)
{
	if (buf_failed(&p->b))
		return err_oom(e);
	int r = tamper_esp_put(&p->esp, p->path, p->b.data, p->b.len, e);
	if (r == 0)
		r = tamper_esp_save(t, &p->esp, e);
	return r < 0 ? r : tamper_note(t, e, "%s: %s", p->path, what);
}

/* Loaders have names in capitals, too. */
static const char *any_program(struct tamper *t)
{
	return tamper_random(t, 3) ? ".efi" : ".EFI";
}

/* ---- fields ------------------------------------------------------------------------------- */

static uint8_t *section_header(struct program *p, size_t i)
{
	return p->b.data + p->pe.section_table + i * PE_SECTION_BYTES;
}

static void edit_headers(struct tamper *t, struct program *p)
{
	p->b.data[tamper_random(t, p->pe.headers_bytes)] ^= (uint8_t)(1 << tamper_random(t, 8));
}

static void edit_section_field(struct tamper *t, struct program *p)
{
	static const size_t fields[] = { 0,
					 PE_SECTION_VIRTUAL_BYTES,
					 PE_SECTION_VIRTUAL_ADDRESS,
					 PE_SECTION_RAW_BYTES,
					 PE_SECTION_RAW_OFFSET,
					 24,
					 28,
					 32,
					 PE_SECTION_CHARACTERISTICS };
	static const uint32_t steps[] = { 1, -1U, 512, -512U, 4096, 0x80000000 };
	uint8_t *at =
		section_header(p, tamper_random(t, p->pe.n_sections)) + tamper_pick(t, fields);

	put_le32(at, get_le32(at) + tamper_pick(t, steps));
}

static void edit_content(struct tamper *t, struct program *p)
{
	const struct pe_section *s = &p->pe.sections[tamper_random(t, p->pe.n_sections)];

	if (s->raw_bytes)
		p->b.data[s->raw_offset + tamper_random(t, s->raw_bytes)] ^= 0x20;
}

/* Between the end of the content and that of the sector. */
static void edit_padding(struct tamper *t, struct program *p)
{
	const struct pe_section *s = &p->pe.sections[tamper_random(t, p->pe.n_sections)];

	if (s->raw_bytes > s->virtual_bytes)
		p->b.data[s->raw_offset + s->virtual_bytes +
			  tamper_random(t, s->raw_bytes - s->virtual_bytes)] ^= 1;
}

static void edit_optional(struct tamper *t, struct program *p)
{
	p->b.data[p->pe.optional_header + tamper_random(t, 240)] ^=
		(uint8_t)(1 << tamper_random(t, 8));
}

static int alter_field(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		void (*make)(struct tamper *t, struct program *p);
	} ways[] = {
		{ "a bit of its headers", edit_headers },
		{ "a field of the optional header", edit_optional },
		{ "a field of a section", edit_section_field },
		{ "a byte of a section", edit_content },
		{ "a byte behind a section's content", edit_padding },
	};
	_cleanup_program_ struct program p = PROGRAM_INIT;
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(ways));
	int r = open_program(t, any_program(t), &p, e);

	if (r < 0)
		return r;
	ways[i].make(t, &p);
	if (tamper_random(t, 2))
		pe_update_checksum(&p.pe, p.b.data, p.b.len);
	return save(t, &p, ways[i].what, e);
}

/* ---- signatures --------------------------------------------------------------------------- */

static void set_directory(struct program *p, size_t offset, size_t len)
{
	put_le32(p->b.data + p->pe.cert_directory, (uint32_t)offset);
	put_le32(p->b.data + p->pe.cert_directory + 4, (uint32_t)len);
}

static int strip(struct tamper *t unused_, struct program *p, struct err *e unused_)
{
	set_directory(p, 0, 0);
	p->b.len = p->pe.cert_offset;
	return 0;
}

/* The bytes are still there, behind what the directory says. */
static int forget(struct tamper *t unused_, struct program *p, struct err *e unused_)
{
	set_directory(p, 0, 0);
	return 0;
}

static int edit_table(struct tamper *t, struct program *p, struct err *e unused_)
{
	p->b.data[p->pe.cert_offset + tamper_random(t, p->pe.cert_bytes)] ^=
		(uint8_t)(1 << tamper_random(t, 8));
	return 0;
}

static int edit_win_certificate(struct tamper *t, struct program *p, struct err *e unused_)
{
	p->b.data[p->pe.cert_offset + tamper_random(t, WIN_CERT_HEADER_BYTES)] ^=
		(uint8_t)(1 << tamper_random(t, 8));
	return 0;
}

static int edit_directory(struct tamper *t, struct program *p, struct err *e unused_)
{
	static const uint32_t steps[] = { 8, -8U, 1, 16 };
	uint8_t *at = p->b.data + p->pe.cert_directory + 4 * tamper_random(t, 2);

	put_le32(at, get_le32(at) + tamper_pick(t, steps));
	return 0;
}

static int trail(struct tamper *t, struct program *p, struct err *e unused_)
{
	size_t len = 8 * (1 + (size_t)tamper_random(t, 3));
	bool counted = tamper_random(t, 2);

	for (size_t i = 0; i < len; i++)
		buf_append(&p->b, &(uint8_t){ (uint8_t)tamper_random(t, 2) }, 1);
	if (counted && !buf_failed(&p->b))
		set_directory(p, p->pe.cert_offset, p->pe.cert_bytes + len);
	return 0;
}

static int sign_too(struct tamper *t, struct program *p, struct err *e)
{
	return authenticode_sign(t->p.stranger, &p->b, e);
}

static int sign_instead(struct tamper *t, struct program *p, struct err *e)
{
	int r = strip(t, p, e);

	return r < 0 ? r : authenticode_sign(t->p.stranger, &p->b, e);
}

/* First a stranger's, then the one that is good. */
static int sign_before(struct tamper *t, struct program *p, struct err *e)
{
	const uint8_t *old = p->pe.data + p->pe.cert_offset;
	int r = sign_instead(t, p, e);

	if (r < 0)
		return r;
	buf_append(&p->b, old, p->pe.cert_bytes);
	if (!buf_failed(&p->b))
		set_directory(p, p->pe.cert_offset, p->b.len - p->pe.cert_offset);
	return 0;
}

static int sign_twice(struct tamper *t unused_, struct program *p, struct err *e unused_)
{
	buf_append(&p->b, p->pe.data + p->pe.cert_offset, p->pe.cert_bytes);
	if (!buf_failed(&p->b))
		set_directory(p, p->pe.cert_offset, 2 * p->pe.cert_bytes);
	return 0;
}

static int set_checksum(struct tamper *t, struct program *p, struct err *e unused_)
{
	put_le32(p->b.data + p->pe.checksum, (uint32_t)tamper_random(t, 2) * 0x12345);
	return 0;
}

static int alter_signature(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		int (*make)(struct tamper *t, struct program *p, struct err *e);
		bool keep_checksum;
	} ways[] = {
		{ "its signature removed", strip, false },
		{ "its signature not named any more", forget, false },
		{ "a bit of its certificate table", edit_table, false },
		{ "a bit of its signature's header", edit_win_certificate, false },
		{ "another place of its signatures", edit_directory, false },
		{ "more behind its signature", trail, false },
		{ "a stranger's signature too", sign_too, true },
		{ "a stranger's signature instead", sign_instead, true },
		{ "a stranger's signature before its own", sign_before, false },
		{ "its signature twice", sign_twice, false },
		{ "another checksum", set_checksum, true },
	};
	_cleanup_program_ struct program p = PROGRAM_INIT;
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(ways));
	int r = open_program(t, any_program(t), &p, e);

	if (r == 0 && !p.pe.cert_offset)
		r = err_set(e, -ENOENT, "%s is not signed", p.path);
	if (r == 0)
		r = ways[i].make(t, &p, e);
	if (r < 0)
		return r;
	if (!ways[i].keep_checksum && !buf_failed(&p.b))
		pe_update_checksum(&p.pe, p.b.data, p.b.len);
	return save(t, &p, ways[i].what, e);
}

/* ---- sections of a UKI -------------------------------------------------------------------- */

/* One that is there already cannot be added: it gets another name first. */
static int add_section(struct tamper *t, const struct program *p, struct buf *out, struct err *e)
{
	static const char *const names[] = { ".cmdline", ".initrd", ".osrel",  ".linux",
					     ".profile", ".dtb",    ".ucode",  ".pcrsig",
					     ".efifw",	 ".hwids",  ".splash", ".dtbauto",
					     ".x" };
	static const char content[] = "systemd.unit=rescue.target init=/bin/sh";
	struct pe_new_section add = { ".new", content, sizeof(content) - 1, false };
	_cleanup_buf_ struct buf plain = BUF_INIT;
	struct pe pe;
	int r = tamper_pe_unsigned(p->pe.data, p->pe.len, &plain, e);

	if (r == 0)
		r = pe_parse(&pe, plain.data, plain.len, e);
	if (r == 0)
		r = pe_add_sections(&pe, &add, 1, 0, out, e);
	if (r == 0)
		r = pe_parse(&pe, out->data, out->len, e);
	if (r == 0)
		strncpy((char *)out->data + pe.section_table +
				(pe.n_sections - 1) * PE_SECTION_BYTES,
			tamper_pick(t, names), 8);
	return r;
}

static int swap_sections(struct tamper *t, const struct program *p, struct buf *out, struct err *e)
{
	size_t len = tamper_random(t, 2) ? 8 : PE_SECTION_BYTES; /* names, or all of the headers */
	uint8_t kept[PE_SECTION_BYTES];
	int r = tamper_pe_unsigned(p->pe.data, p->pe.len, out, e);

	if (r < 0)
		return r;
	uint8_t *table = out->data + p->pe.section_table;
	uint8_t *a = table + tamper_random(t, p->pe.n_sections) * PE_SECTION_BYTES;
	uint8_t *b = table + tamper_random(t, p->pe.n_sections) * PE_SECTION_BYTES;
	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
	return 0;
}

static int rename_section(struct tamper *t, const struct program *p, struct buf *out, struct err *e)
{
	static const char *const names[] = { ".cmdline", ".initrd", ".osrel",
					     ".CMDLINE", ".x",	    ".profile" };
	int r = tamper_pe_unsigned(p->pe.data, p->pe.len, out, e);

	if (r == 0)
		strncpy((char *)out->data + p->pe.section_table +
				tamper_random(t, p->pe.n_sections) * PE_SECTION_BYTES,
			tamper_pick(t, names), 8);
	return r;
}

/* What the loader sorts and the kernel obeys. */
static int replace_section(struct tamper *t, const struct program *p, struct buf *out,
			   struct err *e)
{
	static const struct {
		const char *name, *text;
	} texts[] = {
		{ ".cmdline", "init=/bin/sh" },
		{ ".cmdline", "" },
		{ ".osrel", "ID=node\nIMAGE_VERSION=99\n" },
		{ ".uname", "6.0" },
		{ ".initrd", "070701" },
		{ ".sbat", "sbat,1,SBAT Version,sbat,1,x\n" },
	};
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(texts));
	const struct pe_new_section s = { texts[i].name, texts[i].text, strlen(texts[i].text),
					  false };

	return tamper_pe_rebuild(p->pe.data, p->pe.len, &s, 1, out, e);
}

static int alter_section(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		int (*make)(struct tamper *t, const struct program *p, struct buf *out,
			    struct err *e);
	} ways[] = {
		{ "one more section", add_section },
		{ "sections changed places", swap_sections },
		{ "a section of another name", rename_section },
		{ "another content of a section", replace_section },
	};
	_cleanup_program_ struct program p = PROGRAM_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(ways));
	bool kept = tamper_random(t, 2);
	int r = open_program(t, ".efi", &p, e);

	if (r == 0)
		r = ways[i].make(t, &p, &out, e);
	if (r == 0)
		r = kept ? tamper_pe_keep_signature(p.pe.data, p.pe.len, &out, e)
			 : tamper_sign(t, false, &out, e);
	if (r < 0)
		return r == -EBADMSG ? err_wrap(e, -ENOTSUP, "not to be signed") : r;
	buf_done(&p.b);
	p.b = out;
	out = (struct buf)BUF_INIT;
	_cleanup_free_ char *what = str_printf("%s, %s", ways[i].what,
					       kept ? "its signature is kept" : "by a stranger");
	return what ? save(t, &p, what, e) : err_oom(e);
}

/* ---- another loader that the owner has signed ---------------------------- */

/* In both of a loader's places, as a build has it. */
static int put_copies(struct program *p, struct err *e)
{
	static const char *const loaders[] = { "EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTAA64.EFI",
					       "EFI/systemd/systemd-bootx64.efi",
					       "EFI/systemd/systemd-bootaa64.efi" };
	int r = tamper_esp_put(&p->esp, p->path, p->b.data, p->b.len, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(loaders); i++)
		if (tree_lookup(p->esp.tree, loaders[i]))
			r = tamper_esp_put(&p->esp, loaders[i], p->b.data, p->b.len, e);
	return r;
}

/* It differs in its code, as another release would. */
static int alter_old_loader(struct tamper *t, struct err *e)
{
	_cleanup_program_ struct program p = PROGRAM_INIT;
	_cleanup_buf_ struct buf plain = BUF_INIT;
	int r = open_program(t, ".EFI", &p, e);

	if (r == 0)
		r = tamper_pe_unsigned(p.pe.data, p.pe.len, &plain, e);
	if (r < 0)
		return r;
	const struct pe_section *s = &p.pe.sections[0];
	plain.data[s->raw_offset + tamper_random(t, MIN(s->raw_bytes, s->virtual_bytes))] ^= 1;
	pe_update_checksum(&p.pe, plain.data, plain.len);
	r = tamper_sign(t, true, &plain, e);
	if (r < 0)
		return r;
	p.b.len = 0;
	buf_append(&p.b, plain.data, plain.len);
	r = buf_failed(&p.b) ? err_oom(e) : put_copies(&p, e);
	if (r == 0)
		r = tamper_esp_save(t, &p.esp, e);
	return r < 0 ? r : tamper_note(t, e, "%s: of another release, by the owner", p.path);
}

const struct tamper_kind tamper_m_pe_field = { "pe-field", "fields and bytes of UEFI programs",
					       alter_field };
const struct tamper_kind tamper_m_pe_signature = { "pe-signature", "signatures of UEFI programs",
						   alter_signature };
const struct tamper_kind tamper_m_pe_section = { "pe-section", "sections of the UKI",
						 alter_section };
const struct tamper_kind tamper_m_old_loader = { "old-loader",
						 "a boot loader of another release, by the owner",
						 alter_old_loader };
