/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Small kernel modules for tests: relocatable ELF with the sections that kmod reads, and no code. */
#include <elf.h>

#include "base/buf.h"
#include "base/strv.h"

struct maker {
	const char *exports;	   /* names, separated by spaces; they get a symbol __crc_<name> */
	const char *plain_exports; /* names in __ksymtab_strings only */
	const char *imports;	   /* undefined symbols */
	const char *versions;	   /* names in __versions */
	const char *modinfo;	   /* strings, separated by '|' */
};

enum { MAKER_SECTIONS = 7 };

static inline void maker_symbol(struct buf *symtab, struct buf *strtab, const char *prefix,
				const char *name, uint16_t section)
{
	Elf64_Sym sym = { .st_name = (uint32_t)strtab->len,
			  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE),
			  .st_shndx = section,
			  .st_value = section ? 0x12345678 : 0 };

	buf_append(symtab, &sym, sizeof(sym));
	buf_printf(strtab, "%s%s", prefix, name);
	buf_append_zero(strtab, 1);
}

static inline void maker_split(const char *s, const char *sep, struct strv *out)
{
	if (s && strv_split(out, s, sep) < 0)
		abort();
}

static inline void maker_strings(struct buf *b, const char *s, const char *sep)
{
	_cleanup_strv_ struct strv words = STRV_INIT;

	maker_split(s, sep, &words);
	for (size_t i = 0; i < words.n; i++)
		buf_append(b, words.v[i], strlen(words.v[i]) + 1);
}

static inline void maker_symbols(const struct maker *m, struct buf *symtab, struct buf *strtab)
{
	_cleanup_strv_ struct strv exports = STRV_INIT, imports = STRV_INIT;

	buf_append_zero(symtab, sizeof(Elf64_Sym));
	buf_append_zero(strtab, 1);
	maker_split(m->imports, " ", &imports);
	for (size_t i = 0; i < imports.n; i++)
		maker_symbol(symtab, strtab, "", imports.v[i], SHN_UNDEF);
	maker_split(m->exports, " ", &exports);
	for (size_t i = 0; i < exports.n; i++)
		maker_symbol(symtab, strtab, "__crc_", exports.v[i], SHN_ABS);
}

static inline void maker_versions(const char *names, struct buf *b)
{
	_cleanup_strv_ struct strv words = STRV_INIT;

	maker_split(names, " ", &words);
	for (size_t i = 0; i < words.n; i++) {
		char entry[64] = { 0 };
		memcpy(entry + 8, words.v[i], strlen(words.v[i]));
		buf_append(b, entry, sizeof(entry));
	}
}

/* The module's bytes; to be freed with buf_done(). */
static inline struct buf make_module(const struct maker *m)
{
	static const char *const names[MAKER_SECTIONS] = {
		"", ".modinfo", ".symtab", ".strtab", "__versions", "__ksymtab_strings", ".shstrtab"
	};
	struct buf part[MAKER_SECTIONS] = { 0 }, out = BUF_INIT;
	Elf64_Shdr headers[MAKER_SECTIONS] = { 0 };
	Elf64_Ehdr ehdr = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_REL,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_ehsize = sizeof(ehdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = MAKER_SECTIONS,
			    .e_shstrndx = MAKER_SECTIONS - 1 };

	maker_strings(&part[1], m->modinfo, "|");
	maker_symbols(m, &part[2], &part[3]);
	maker_versions(m->versions, &part[4]);
	maker_strings(&part[5], m->plain_exports, " ");
	for (size_t i = 0; i < MAKER_SECTIONS; i++) {
		headers[i].sh_name = (uint32_t)part[6].len;
		buf_append(&part[6], names[i], strlen(names[i]) + 1);
	}
	buf_append_zero(&out, sizeof(ehdr));
	for (size_t i = 1; i < MAKER_SECTIONS; i++) {
		buf_pad(&out, 8);
		headers[i].sh_type = i == 2		? SHT_SYMTAB
				     : i == 3 || i == 6 ? SHT_STRTAB
							: SHT_PROGBITS;
		headers[i].sh_offset = out.len;
		headers[i].sh_size = part[i].len;
		headers[i].sh_entsize = i == 2 ? sizeof(Elf64_Sym) : 0;
		buf_append(&out, part[i].data, part[i].len);
		buf_done(&part[i]);
	}
	buf_pad(&out, 8);
	ehdr.e_shoff = out.len;
	buf_append(&out, headers, sizeof(headers));
	memcpy(out.data, &ehdr, sizeof(ehdr));
	return out;
}
