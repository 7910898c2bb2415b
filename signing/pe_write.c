/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/pe.h"
#include "signing/pe_format.h"

#include <assert.h>

/* One's complement sum of the 16-bit words, the field itself being zero, plus the length. */
void pe_update_checksum(const struct pe *pe, uint8_t *data, size_t len)
{
	uint64_t sum = 0;
	size_t i = 0;

	put_le32(data + pe->checksum, 0);
	for (; i + 4 <= len; i += 4)
		sum += get_le32(data + i); /* two words at once: 2^16 is 1 in this sum */
	if (i + 2 <= len) {
		sum += get_le16(data + i);
		i += 2;
	}
	if (i < len)
		sum += data[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_le32(data + pe->checksum, (uint32_t)(sum + len));
}

/* A section of the file to be written: one of the stub, perhaps with new content, or a new one. */
struct out_section {
	struct pe_section h;
	const uint8_t *data;
	size_t len; /* of @data; the rest of raw_bytes is zeros */
	bool is_new;
};

struct layout {
	const struct pe *pe;
	struct out_section sections[PE_SECTIONS_MAX];
	size_t n;
	uint64_t headers_bytes, file_bytes, image_bytes, new_bytes;
	bool moved; /* does any section of @pe lie elsewhere in the file now? */
};

static int find_section(const struct layout *l, const char *name)
{
	for (size_t i = 0; i < l->pe->n_sections; i++)
		if (str_eq(l->sections[i].h.name, name))
			return (int)i;
	return -1;
}

static int set_content(struct layout *l, struct out_section *s, const void *data, size_t len,
		       struct err *e)
{
	if (len >= 2 * GiB)
		return err_set(e, -EFBIG, "section %s: %zu bytes do not fit into a PE file",
			       s->h.name, len);
	s->data = data;
	s->len = len;
	s->h.virtual_bytes = (uint32_t)len;
	s->h.raw_bytes = (uint32_t)align_up(len, l->pe->file_alignment);
	return 0;
}

static int replace_section(struct layout *l, size_t i, const struct pe_new_section *add,
			   struct err *e)
{
	struct out_section *s = &l->sections[i];
	uint64_t room = i + 1 < l->n ? l->sections[i + 1].h.virtual_address - s->h.virtual_address
				     : UINT32_MAX;

	if (add->len > room)
		return err_set(e, -ENOSPC, "section %s: %zu bytes, but there is room for %lu only",
			       add->name, add->len, (unsigned long)room);
	uint32_t old_raw_bytes = s->h.raw_bytes;
	int r = set_content(l, s, add->data, add->len, e);
	s->h.raw_bytes = MAX(s->h.raw_bytes, old_raw_bytes);
	return r;
}

static int append_section(struct layout *l, const struct pe_new_section *add, struct err *e)
{
	if (l->n == PE_SECTIONS_MAX)
		return err_set(e, -ENOSPC, "section %s: there are %d sections already", add->name,
			       PE_SECTIONS_MAX);
	struct out_section *s = &l->sections[l->n++];
	s->is_new = true;
	memcpy(s->h.name, add->name, strlen(add->name));
	s->h.characteristics =
		PE_SCN_MEM_READ | (add->code ? PE_SCN_CNT_CODE : PE_SCN_CNT_INITIALIZED_DATA);
	l->new_bytes += add->len;
	return set_content(l, s, add->data, add->len, e);
}

static int collect_sections(struct layout *l, const struct pe_new_section *add, size_t n,
			    struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < l->pe->n_sections; i++) {
		struct out_section *s = &l->sections[l->n++];
		s->h = l->pe->sections[i];
		s->len = s->h.raw_bytes;
		s->data = s->len ? l->pe->data + s->h.raw_offset : NULL;
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		int at = find_section(l, add[i].name);
		r = at >= 0 ? replace_section(l, (size_t)at, &add[i], e)
			    : append_section(l, &add[i], e);
	}
	return r;
}

/* Headers grow into the file's padding where they can; else all that follows moves. */
static int place_headers(struct layout *l, struct err *e)
{
	uint64_t end = l->pe->section_table + l->n * PE_SECTION_BYTES;

	l->headers_bytes =
		align_up(MAX(end, (uint64_t)l->pe->headers_bytes), l->pe->file_alignment);
	if (l->headers_bytes > l->sections[0].h.virtual_address)
		return err_set(
			e, -ENOSPC,
			"no room for the headers of %zu sections: %lu bytes, the first section is at %u",
			l->n, (unsigned long)l->headers_bytes, l->sections[0].h.virtual_address);
	return 0;
}

static int place_sections(struct layout *l, struct err *e)
{
	uint64_t file = l->headers_bytes, memory = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct out_section *s = &l->sections[i];
		if (s->is_new)
			s->h.virtual_address = (uint32_t)align_up(memory, l->pe->section_alignment);
		memory = (uint64_t)s->h.virtual_address + s->h.virtual_bytes;
		if (s->h.raw_bytes) {
			l->moved |= !s->is_new && s->h.raw_offset != file;
			s->h.raw_offset = (uint32_t)file;
			s->h.raw_bytes = (uint32_t)align_up(s->h.raw_bytes, l->pe->file_alignment);
		}
		file += s->h.raw_bytes;
		if (file >= 2 * GiB || memory >= 2 * GiB)
			return err_set(e, -EFBIG, "section %s: the PE file would be over 2 GiB",
				       s->h.name);
	}
	l->file_bytes = file;
	l->image_bytes = align_up(memory, l->pe->section_alignment);
	return 0;
}

static void write_section_header(uint8_t *h, const struct pe_section *s)
{
	memset(h, 0, 8);
	memcpy(h, s->name, strlen(s->name));
	put_le32(h + PE_SECTION_VIRTUAL_BYTES, s->virtual_bytes);
	put_le32(h + PE_SECTION_VIRTUAL_ADDRESS, s->virtual_address);
	put_le32(h + PE_SECTION_RAW_BYTES, s->raw_bytes);
	put_le32(h + PE_SECTION_RAW_OFFSET, s->raw_offset);
	put_le32(h + PE_SECTION_CHARACTERISTICS, s->characteristics);
}

static void write_headers(const struct layout *l, uint16_t clear_dll_characteristics, uint8_t *d)
{
	const struct pe *pe = l->pe;
	uint8_t *opt = d + pe->optional_header, *coff = opt - PE_COFF_HEADER_BYTES;

	memset(d, 0, l->headers_bytes);
	memcpy(d, pe->data, pe->section_table + pe->n_sections * PE_SECTION_BYTES);
	put_le16(coff + PE_COFF_N_SECTIONS, (uint16_t)l->n);
	put_le32(opt + PE_OPT_INITIALIZED_DATA,
		 (uint32_t)(get_le32(opt + PE_OPT_INITIALIZED_DATA) + l->new_bytes));
	put_le32(opt + PE_OPT_IMAGE_BYTES, (uint32_t)l->image_bytes);
	put_le32(opt + PE_OPT_HEADERS_BYTES, (uint32_t)l->headers_bytes);
	uint16_t dll = get_le16(opt + PE_OPT_DLL_CHARACTERISTICS);
	put_le16(opt + PE_OPT_DLL_CHARACTERISTICS, dll & (uint16_t)~clear_dll_characteristics);
	for (size_t i = 0; i < l->n; i++)
		write_section_header(d + pe->section_table + i * PE_SECTION_BYTES,
				     &l->sections[i].h);
}

static void write_sections(const struct layout *l, uint8_t *d)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct out_section *s = &l->sections[i];
		if (!s->h.raw_bytes)
			continue;
		uint8_t *at = d + s->h.raw_offset;
		if (s->len)
			memcpy(at, s->data, s->len);
		memset(at + s->len, 0, s->h.raw_bytes - s->len);
	}
}

/* What a copy with moved or more sections would break: signatures, symbols, data behind the sections. */
static int check_extensible(const struct pe *pe, struct err *e)
{
	const uint8_t *coff = pe->data + pe->optional_header - PE_COFF_HEADER_BYTES;
	uint64_t end = pe->headers_bytes, last = 0;

	if (pe->cert_offset)
		return err_set(e, -EINVAL, "PE file: it is signed, sections cannot be added");
	for (size_t i = 0; i < pe->n_sections; i++) {
		const struct pe_section *s = &pe->sections[i];
		if (!s->raw_bytes)
			continue;
		if (s->raw_offset < last)
			return err_set(e, -EINVAL,
				       "PE file: section %s is not in the order of the table",
				       s->name);
		last = s->raw_offset;
		end = (uint64_t)s->raw_offset + s->raw_bytes;
	}
	if (end != pe->len || get_le32(coff + PE_COFF_SYMBOL_TABLE) ||
	    get_le32(coff + PE_COFF_N_SYMBOLS))
		return err_set(
			e, -EINVAL,
			"PE file: symbols or other data after its last section: strip it first");
	return 0;
}

/* The debug directory holds file offsets. */
static bool has_debug_directory(const struct pe *pe)
{
	const uint8_t *opt = pe->data + pe->optional_header;

	return get_le32(opt + PE_OPT_N_DIRECTORIES) > PE_DIRECTORY_DEBUG &&
	       get_le32(opt + PE_OPT_DIRECTORIES + PE_DIRECTORY_DEBUG * PE_DIRECTORY_BYTES + 4);
}

int pe_add_sections(const struct pe *pe, const struct pe_new_section *add, size_t n,
		    uint16_t clear_dll_characteristics, struct buf *ret, struct err *e)
{
	_cleanup_free_ struct layout *l = calloc(1, sizeof(*l));
	int r;

	assert(ret->len == 0);
	if (!l)
		return err_oom(e);
	l->pe = pe;
	r = check_extensible(pe, e);
	if (r == 0)
		r = collect_sections(l, add, n, e);
	if (r == 0)
		r = place_headers(l, e);
	if (r == 0)
		r = place_sections(l, e);
	if (r < 0)
		return r;
	if (l->moved && has_debug_directory(pe))
		return err_set(e, -ENOSPC,
			       "PE file: no room for more headers before its first section");
	uint8_t *d = buf_grow(ret, l->file_bytes);
	if (!d)
		return err_oom(e);
	write_headers(l, clear_dll_characteristics, d);
	write_sections(l, d);
	pe_update_checksum(pe, d, l->file_bytes);
	ret->len = l->file_bytes;
	ret->data[ret->len] = '\0';
	return 0;
}
