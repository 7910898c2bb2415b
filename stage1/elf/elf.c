/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/elf/elf.h"

#include <elf.h>

#include "stage1/elf/image.h"

/* No sane file has more; they keep the work on a hostile one small. */
#define MAX_STRING_BYTES    4096
#define MAX_DYNAMIC_ENTRIES 65536
#define MAX_NEEDED	    4096

#define X86_ISA_NEEDED 0xc0008002u /* GNU_PROPERTY_X86_ISA_1_NEEDED, x86-64 psABI */

static int malformed(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "malformed ELF file: %s", what);
}

bool elf_is(const void *data, uint64_t len)
{
	return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

const uint8_t *elf_range(const struct elf_image *im, uint64_t offset, uint64_t bytes)
{
	return offset <= im->len && bytes <= im->len - offset ? im->data + offset : NULL;
}

int elf_image_init(struct elf_image *im, const void *data, uint64_t len, struct err *e)
{
	struct elf_image v = { .data = data, .len = len };

	if (!elf_is(data, len))
		return err_set(e, -ENOEXEC, "not an ELF file");
	if (len < EI_NIDENT)
		return malformed(e, "shorter than its header");
	int class = v.data[EI_CLASS];
	if (class != ELFCLASS32 && class != ELFCLASS64)
		return err_set(e, -ENOTSUP, "ELF file of unknown class %d", class);
	if (v.data[EI_DATA] != ELFDATA2LSB)
		return err_set(e, -ENOTSUP, "ELF file that is not little-endian");
	v.is64 = class == ELFCLASS64;
	if (len < (v.is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return malformed(e, "shorter than its header");
	v.ph_offset = v.is64 ? get_le64(v.data + 32) : get_le32(v.data + 28);
	v.ph_entry_bytes = get_le16(v.data + (v.is64 ? 54 : 42));
	v.ph_count = get_le16(v.data + (v.is64 ? 56 : 44));
	if (v.ph_count && v.ph_entry_bytes != (v.is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return malformed(e, "program headers of a wrong size");
	if (!elf_range(&v, v.ph_offset, (uint64_t)v.ph_count * v.ph_entry_bytes) && v.ph_count)
		return malformed(e, "program headers past its end");
	*im = v;
	return 0;
}

void elf_segment_at(const struct elf_image *im, unsigned int i, struct elf_segment *ret)
{
	const uint8_t *p = im->data + im->ph_offset + (uint64_t)i * im->ph_entry_bytes;

	ret->type = get_le32(p);
	if (im->is64) {
		ret->offset = get_le64(p + 8);
		ret->vaddr = get_le64(p + 16);
		ret->file_bytes = get_le64(p + 32);
		ret->align = get_le64(p + 48);
	} else {
		ret->offset = get_le32(p + 4);
		ret->vaddr = get_le32(p + 8);
		ret->file_bytes = get_le32(p + 16);
		ret->align = get_le32(p + 28);
	}
}

bool elf_next_note(const struct elf_image *im, const struct elf_segment *s, uint64_t *pos,
		   struct elf_note *ret)
{
	const uint8_t *notes = elf_range(im, s->offset, s->file_bytes);
	uint64_t align = s->align == 8 ? 8 : 4;

	if (!notes || *pos > s->file_bytes || s->file_bytes - *pos < sizeof(Elf64_Nhdr))
		return false;
	const uint8_t *p = notes + *pos;
	ret->name_bytes = get_le32(p);
	ret->desc_bytes = get_le32(p + 4);
	ret->type = get_le32(p + 8);
	/* Both lengths are below 2^32, so nothing overflows. */
	uint64_t desc = align_up(*pos + sizeof(Elf64_Nhdr) + ret->name_bytes, align);
	if (desc > s->file_bytes || ret->desc_bytes > s->file_bytes - desc)
		return false;
	ret->name = (const char *)p + sizeof(Elf64_Nhdr);
	ret->desc = notes + desc;
	*pos = align_up(desc + ret->desc_bytes, align);
	return true;
}

/* A copy of the NUL-terminated string at an offset, or NULL with *ret_r set. */
static char *string_at(const struct elf_image *im, uint64_t offset, int *ret_r, struct err *e)
{
	if (offset >= im->len) {
		*ret_r = malformed(e, "a string past its end");
		return NULL;
	}
	uint64_t room = MIN(im->len - offset, MAX_STRING_BYTES);
	const char *s = (const char *)im->data + offset;
	if (!memchr(s, '\0', room)) {
		*ret_r = malformed(e, "a string without an end");
		return NULL;
	}
	char *copy = strdup(s);
	*ret_r = copy ? 0 : err_oom(e);
	return copy;
}

static int read_interpreter(struct elf *elf, const struct elf_image *im,
			    const struct elf_segment *s, struct err *e)
{
	int r = 0;

	if (elf->interpreter)
		return malformed(e, "two program interpreters");
	elf->interpreter = string_at(im, s->offset, &r, e);
	return r;
}

/* The level that x86 code asks for; whatever else is not understood is not needed. */
static void read_properties(struct elf *elf, const struct elf_image *im,
			    const struct elf_segment *s)
{
	uint64_t word = im->is64 ? 8 : 4, pos = 0;
	struct elf_note n;

	if (s->align != word)
		return;
	while (elf_next_note(im, s, &pos, &n)) {
		if (n.type != NT_GNU_PROPERTY_TYPE_0 || n.name_bytes != 4 ||
		    memcmp(n.name, "GNU", 4) != 0)
			continue;
		for (uint64_t at = 0; n.desc_bytes - at >= 8;) {
			uint32_t type = get_le32(n.desc + at), bytes = get_le32(n.desc + at + 4);
			at += 8;
			if (bytes > n.desc_bytes - at)
				return;
			if (type == X86_ISA_NEEDED && bytes == 4)
				elf->x86_isa_needed = get_le32(n.desc + at);
			at = MIN(at + align_up(bytes, word), n.desc_bytes);
		}
		return;
	}
}

struct dynamic {
	const uint8_t *entries;
	uint64_t count;
	uint64_t strings; /* file offset */
};

static void dynamic_at(const struct elf_image *im, const struct dynamic *d, uint64_t i,
		       uint64_t *ret_tag, uint64_t *ret_value)
{
	const uint8_t *p = d->entries + i * (im->is64 ? 16 : 8);

	*ret_tag = im->is64 ? get_le64(p) : get_le32(p);
	*ret_value = im->is64 ? get_le64(p + 8) : get_le32(p + 4);
}

/* The place in the file of what is loaded at an address; the address itself where nothing is. */
static uint64_t file_offset(const struct elf_image *im, uint64_t address)
{
	struct elf_segment s;

	for (unsigned int i = 0; i < im->ph_count; i++) {
		elf_segment_at(im, i, &s);
		if (s.type == PT_LOAD && address >= s.vaddr && address - s.vaddr < s.file_bytes)
			return address - s.vaddr + s.offset;
	}
	return address;
}

static int add_dynamic(struct elf *elf, const struct elf_image *im, const struct dynamic *d,
		       uint64_t tag, uint64_t value, struct err *e)
{
	uint64_t at;
	int r;

	if (tag != DT_NEEDED && tag != DT_SONAME && tag != DT_RPATH && tag != DT_RUNPATH)
		return 0;
	if (add_overflows(d->strings, value, &at))
		return malformed(e, "a string past its end");
	_cleanup_free_ char *s = string_at(im, at, &r, e);
	if (!s)
		return r;
	if (tag == DT_SONAME) {
		if (!elf->soname) /* the first counts, as for ldconfig */
			elf->soname = TAKE_PTR(s);
		return 0;
	}
	if (tag == DT_NEEDED) {
		if (elf->needed.n == MAX_NEEDED)
			return malformed(e, "it needs too many libraries");
		r = strv_take(&elf->needed, TAKE_PTR(s));
	} else {
		r = strv_split(tag == DT_RPATH ? &elf->rpath : &elf->runpath, s, ":");
	}
	return r < 0 ? err_oom(e) : 0;
}

static int read_dynamic(struct elf *elf, const struct elf_image *im, const struct elf_segment *s,
			struct err *e)
{
	struct dynamic d = { .entries = elf_range(im, s->offset, s->file_bytes),
			     .count = s->file_bytes / (im->is64 ? 16 : 8) };
	uint64_t tag, value;

	if (s->file_bytes == 0) /* debug information that was split off */
		return 0;
	if (!d.entries)
		return malformed(e, "dynamic section past its end");
	d.count = MIN(d.count, MAX_DYNAMIC_ENTRIES);
	for (uint64_t i = 0; i < d.count; i++) {
		dynamic_at(im, &d, i, &tag, &value);
		if (tag == DT_NULL) {
			d.count = i;
		} else if (tag == DT_STRTAB && !elf->dynamic) {
			d.strings = file_offset(im, value);
			elf->dynamic = true;
		}
	}
	for (uint64_t i = 0; elf->dynamic && i < d.count; i++) {
		dynamic_at(im, &d, i, &tag, &value);
		int r = add_dynamic(elf, im, &d, tag, value, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_segments(struct elf *elf, const struct elf_image *im, struct err *e)
{
	bool have_dynamic = false;
	struct elf_segment s;
	int r = 0;

	for (unsigned int i = 0; i < im->ph_count && r == 0; i++) {
		elf_segment_at(im, i, &s);
		if (s.type == PT_INTERP) {
			r = read_interpreter(elf, im, &s, e);
		} else if (s.type == PT_GNU_PROPERTY) {
			read_properties(elf, im, &s);
		} else if (s.type == PT_DYNAMIC) {
			if (have_dynamic)
				return malformed(e, "two dynamic sections");
			have_dynamic = true;
			r = read_dynamic(elf, im, &s, e);
		}
	}
	return r;
}

int elf_read(const void *data, uint64_t len, struct elf **ret, struct err *e)
{
	struct elf_image im;

	int r = elf_image_init(&im, data, len, e);
	if (r < 0)
		return r;
	_cleanup_(elf_free) struct elf *elf = calloc(1, sizeof(*elf));
	if (!elf)
		return err_oom(e);
	elf->bits = im.is64 ? 64 : 32;
	elf->type = get_le16(im.data + 16);
	elf->machine = get_le16(im.data + 18);
	elf->flags = get_le32(im.data + (im.is64 ? 48 : 36));
	r = read_segments(elf, &im, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(elf);
	return 0;
}

void elf_free(struct elf *elf)
{
	if (!elf)
		return;
	for (size_t i = 0; i < elf->n_dlopens; i++) {
		free(elf->dlopens[i].feature);
		strv_done(&elf->dlopens[i].sonames);
	}
	free(elf->dlopens);
	free(elf->interpreter);
	free(elf->soname);
	strv_done(&elf->needed);
	strv_done(&elf->rpath);
	strv_done(&elf->runpath);
	free(elf);
}
