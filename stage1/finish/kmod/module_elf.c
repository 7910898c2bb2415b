/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kmod reads of a module: 64-bit little-endian relocatable ELF.
 * Spec: System V gABI, chapter 4; include/linux/export-internal.h and modinfo of Linux
 */
#include <elf.h>

#include "stage1/finish/kmod/internal.h"

#define VERSION_ENTRY_BYTES 64 /* of __versions: u64 CRC and the symbol's name */
#define VERSION_NAME_BYTES  56

/* A stretch of the file that was checked to lie in it. */
struct stretch {
	const uint8_t *data;
	uint64_t len;
};

struct image {
	const uint8_t *data;
	uint64_t len;
	uint64_t section_headers; /* offset */
	uint32_t n_sections;
	struct stretch section_names;
};

static int bad(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "malformed module: %s", what);
}

static bool lies_inside(uint64_t off, uint64_t len, uint64_t total)
{
	return off <= total && len <= total - off;
}

/* A NUL-terminated string at an offset of a string table, or NULL. */
static const char *string_at(const struct stretch *s, uint64_t off)
{
	if (off >= s->len || !memchr(s->data + off, 0, s->len - off))
		return NULL;
	return (const char *)s->data + off;
}

static int section_at(const struct image *im, uint32_t i, struct stretch *ret, uint32_t *ret_name,
		      struct err *e)
{
	const uint8_t *h = im->data + im->section_headers + (uint64_t)i * sizeof(Elf64_Shdr);
	uint64_t off = get_le64(h + offsetof(Elf64_Shdr, sh_offset));
	uint64_t len = get_le64(h + offsetof(Elf64_Shdr, sh_size));

	*ret_name = get_le32(h + offsetof(Elf64_Shdr, sh_name));
	if (get_le32(h + offsetof(Elf64_Shdr, sh_type)) == SHT_NOBITS)
		off = len = 0;
	if (!lies_inside(off, len, im->len))
		return bad(e, "a section lies past the end");
	*ret = (struct stretch){ im->data + off, len };
	return 0;
}

static int open_image(struct image *im, const uint8_t *data, uint64_t len, struct err *e)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT };
	uint32_t name;

	if (len < sizeof(Elf64_Ehdr) || memcmp(data, ident, sizeof(ident)) != 0)
		return bad(e, "not 64-bit little-endian ELF");
	*im = (struct image){ .data = data, .len = len };
	im->section_headers = get_le64(data + offsetof(Elf64_Ehdr, e_shoff));
	im->n_sections = get_le16(data + offsetof(Elf64_Ehdr, e_shnum));
	uint32_t names = get_le16(data + offsetof(Elf64_Ehdr, e_shstrndx));
	if (get_le16(data + offsetof(Elf64_Ehdr, e_type)) != ET_REL)
		return bad(e, "not a relocatable file");
	if (get_le16(data + offsetof(Elf64_Ehdr, e_shentsize)) != sizeof(Elf64_Shdr) ||
	    !lies_inside(im->section_headers, im->n_sections * sizeof(Elf64_Shdr), len) ||
	    names >= im->n_sections)
		return bad(e, "section headers");
	return section_at(im, names, &im->section_names, &name, e);
}

/* The first section with this name; empty if there is none. */
static int find_section(const struct image *im, const char *name, struct stretch *ret,
			struct err *e)
{
	for (uint32_t i = 1; i < im->n_sections; i++) {
		struct stretch s;
		uint32_t name_off;
		int r = section_at(im, i, &s, &name_off, e);
		if (r < 0)
			return r;
		const char *have = string_at(&im->section_names, name_off);
		if (!have)
			return bad(e, "a section's name");
		if (str_eq(have, name)) {
			*ret = s;
			return 0;
		}
	}
	*ret = (struct stretch){ 0 };
	return 0;
}

/* Values go into text files and into an index of ASCII: no control characters. */
static int add_checked(struct buf *list, const char *s, size_t len, struct err *e)
{
	if (len >= MODULE_NAME_BYTES)
		return bad(e, "a name or value of 4096 bytes or more");
	for (size_t i = 0; i < len; i++)
		if ((s[i] < ' ' && s[i] != '\t') || (uint8_t)s[i] >= 0x7f)
			return bad(e, "a name or value that is not printable ASCII");
	names_add(list, s, len);
	return 0;
}

static int read_modinfo(const struct stretch *s, struct module *m, struct err *e)
{
	const struct {
		const char *key;
		struct buf *list;
	} wanted[] = { { "alias=", &m->aliases },
		       { "softdep=", &m->softdeps },
		       { "weakdep=", &m->weakdeps } };
	uint64_t at = 0;
	int r = 0;

	while (at < s->len && r >= 0) {
		const char *str = (const char *)s->data + at;
		size_t len = strnlen(str, s->len - at);
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
			size_t key_len = strlen(wanted[i].key);
			if (len >= key_len && memcmp(str, wanted[i].key, key_len) == 0)
				r = add_checked(wanted[i].list, str + key_len, len - key_len, e);
		}
		at += len + 1;
	}
	return r;
}

/* Exports have a symbol __crc_<name>; imports are undefined. Symbol 0 is none. */
static int read_symtab(const struct stretch *symtab, const struct stretch *strtab, struct module *m,
		       struct err *e)
{
	static const char crc[] = "__crc_";

	if (symtab->len % sizeof(Elf64_Sym))
		return bad(e, "size of .symtab");
	for (uint64_t at = sizeof(Elf64_Sym); at < symtab->len; at += sizeof(Elf64_Sym)) {
		const uint8_t *sym = symtab->data + at;
		const char *name = string_at(strtab, get_le32(sym + offsetof(Elf64_Sym, st_name)));
		int r = 0;
		if (!name)
			return bad(e, "a symbol's name");
		if (str_has_prefix(name, crc))
			r = add_checked(&m->exports, name + strlen(crc), strlen(name) - strlen(crc),
					e);
		if (r >= 0 && *name && get_le16(sym + offsetof(Elf64_Sym, st_shndx)) == SHN_UNDEF)
			r = add_checked(&m->imports, name, strlen(name), e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without symbol versions: the names of the exports' own string section. */
static int read_ksymtab_strings(const struct stretch *s, struct module *m, struct err *e)
{
	if (s->len && s->data[s->len - 1] != 0)
		return bad(e, "__ksymtab_strings has no end");
	for (uint64_t at = 0; at < s->len;) {
		const char *name = (const char *)s->data + at;
		size_t len = strlen(name);
		int r = len ? add_checked(&m->exports, name, len, e) : 0;
		if (r < 0)
			return r;
		at += len + 1;
	}
	return 0;
}

/* Imports that no code refers to, such as module_layout; the others come a second time, which does
 * no harm. */
static int read_versions(const struct stretch *s, struct module *m, struct err *e)
{
	if (s->len % VERSION_ENTRY_BYTES)
		return bad(e, "size of __versions");
	for (uint64_t at = 0; at < s->len; at += VERSION_ENTRY_BYTES) {
		const char *name = (const char *)s->data + at + 8;
		size_t len = strnlen(name, VERSION_NAME_BYTES);
		if (len == VERSION_NAME_BYTES)
			return bad(e, "a name in __versions has no end");
		int r = len ? add_checked(&m->imports, name, len, e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int module_elf_read(const uint8_t *data, uint64_t len, struct module *m, struct err *e)
{
	struct stretch symtab, strtab, versions, strings, modinfo;
	struct image im;
	int r = open_image(&im, data, len, e);

	if (r >= 0)
		r = find_section(&im, ".symtab", &symtab, e);
	if (r >= 0)
		r = find_section(&im, ".strtab", &strtab, e);
	if (r >= 0)
		r = find_section(&im, "__versions", &versions, e);
	if (r >= 0)
		r = find_section(&im, "__ksymtab_strings", &strings, e);
	if (r >= 0)
		r = find_section(&im, ".modinfo", &modinfo, e);
	if (r < 0)
		return r;
	if (!symtab.len || !strtab.len)
		return bad(e, "no symbol table");
	r = read_symtab(&symtab, &strtab, m, e);
	if (r >= 0 && m->exports.len == 0)
		r = read_ksymtab_strings(&strings, m, e);
	if (r >= 0)
		r = read_versions(&versions, m, e);
	if (r >= 0)
		r = read_modinfo(&modinfo, m, e);
	if (r >= 0 &&
	    (buf_failed(&m->exports) || buf_failed(&m->imports) || buf_failed(&m->aliases) ||
	     buf_failed(&m->softdeps) || buf_failed(&m->weakdeps)))
		r = err_oom(e);
	return r;
}
