/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/pe.h"
#include "signing/pe_format.h"

/* The DOS header's e_lfanew, the COFF header and the optional header's fixed part. */
static int parse_headers(struct pe *pe, struct err *e)
{
	const uint8_t *d = pe->data;
	size_t len = pe->len;

	if (len < 64 || d[0] != 'M' || d[1] != 'Z')
		return err_set(e, -EBADMSG, "not a PE file: no MZ header");
	uint64_t coff = get_le32(d + 0x3c);
	if (coff < 64 || coff + PE_COFF_HEADER_BYTES > len || memcmp(d + coff, "PE\0\0", 4) != 0)
		return err_set(e, -EBADMSG, "not a PE file: no PE header at %#lx",
			       (unsigned long)coff);
	pe->machine = get_le16(d + coff + PE_COFF_MACHINE);
	pe->n_sections = get_le16(d + coff + PE_COFF_N_SECTIONS);
	pe->optional_header = coff + PE_COFF_HEADER_BYTES;
	size_t optional_bytes = get_le16(d + coff + PE_COFF_OPTIONAL_BYTES);
	const uint8_t *opt = d + pe->optional_header;
	if (optional_bytes < PE_OPT_DIRECTORIES || len - pe->optional_header < optional_bytes)
		return err_set(e, -EBADMSG, "PE file: optional header of %zu bytes",
			       optional_bytes);
	if (get_le16(opt + PE_OPT_MAGIC) != 0x20b)
		return err_set(e, -EBADMSG, "PE file: not PE32+ (magic %#x)",
			       get_le16(opt + PE_OPT_MAGIC));
	uint32_t n_dirs = get_le32(opt + PE_OPT_N_DIRECTORIES);
	if (n_dirs <= PE_DIRECTORY_CERTIFICATES || n_dirs > PE_DIRECTORIES_MAX ||
	    PE_OPT_DIRECTORIES + (size_t)n_dirs * PE_DIRECTORY_BYTES > optional_bytes)
		return err_set(e, -EBADMSG, "PE file: %u data directories", n_dirs);
	pe->checksum = pe->optional_header + PE_OPT_CHECKSUM;
	pe->cert_directory = pe->optional_header + PE_OPT_DIRECTORIES +
			     PE_DIRECTORY_CERTIFICATES * PE_DIRECTORY_BYTES;
	pe->section_table = pe->optional_header + optional_bytes;
	return 0;
}

static int parse_sizes(struct pe *pe, struct err *e)
{
	const uint8_t *opt = pe->data + pe->optional_header;

	pe->section_alignment = get_le32(opt + PE_OPT_SECTION_ALIGNMENT);
	pe->file_alignment = get_le32(opt + PE_OPT_FILE_ALIGNMENT);
	pe->image_bytes = get_le32(opt + PE_OPT_IMAGE_BYTES);
	pe->headers_bytes = get_le32(opt + PE_OPT_HEADERS_BYTES);
	if (!is_power_of_2(pe->section_alignment) || !is_power_of_2(pe->file_alignment) ||
	    pe->section_alignment > MiB || pe->file_alignment > MiB)
		return err_set(e, -EBADMSG, "PE file: alignments %u and %u", pe->section_alignment,
			       pe->file_alignment);
	if (pe->n_sections < 1 || pe->n_sections > PE_SECTIONS_MAX)
		return err_set(e, -EBADMSG, "PE file: %zu sections, expected 1 to %d",
			       pe->n_sections, PE_SECTIONS_MAX);
	if (pe->headers_bytes > pe->len ||
	    pe->section_table + pe->n_sections * PE_SECTION_BYTES > pe->headers_bytes)
		return err_set(e, -EBADMSG, "PE file: headers of %u bytes in a file of %zu",
			       pe->headers_bytes, pe->len);
	return 0;
}

/* Sections lie in memory one after the other, and in the file anywhere behind the headers. */
static int parse_section(struct pe *pe, size_t i, uint64_t *memory_end, struct err *e)
{
	const uint8_t *h = pe->data + pe->section_table + i * PE_SECTION_BYTES;
	struct pe_section *s = &pe->sections[i];

	memcpy(s->name, h, 8);
	s->name[8] = '\0';
	for (const char *c = s->name; *c; c++)
		if (*c <= ' ' || *c > '~')
			return err_set(e, -EBADMSG, "PE file: section %zu has no proper name", i);
	s->virtual_bytes = get_le32(h + PE_SECTION_VIRTUAL_BYTES);
	s->virtual_address = get_le32(h + PE_SECTION_VIRTUAL_ADDRESS);
	s->raw_bytes = get_le32(h + PE_SECTION_RAW_BYTES);
	s->raw_offset = get_le32(h + PE_SECTION_RAW_OFFSET);
	s->characteristics = get_le32(h + PE_SECTION_CHARACTERISTICS);
	if (s->virtual_address < *memory_end)
		return err_set(e, -EBADMSG,
			       "PE file: section %s overlaps in memory what is before it", s->name);
	*memory_end = (uint64_t)s->virtual_address + s->virtual_bytes;
	if (*memory_end > pe->image_bytes)
		return err_set(e, -EBADMSG, "PE file: section %s leaves the image", s->name);
	if (s->raw_bytes == 0)
		return 0;
	if (s->raw_offset < pe->headers_bytes || s->raw_offset > pe->len ||
	    s->raw_bytes > pe->len - s->raw_offset)
		return err_set(e, -EBADMSG,
			       "PE file: section %s leaves the file: %u bytes at %u of %zu",
			       s->name, s->raw_bytes, s->raw_offset, pe->len);
	return 0;
}

static int check_raw_overlaps(const struct pe *pe, struct err *e)
{
	for (size_t i = 0; i < pe->n_sections; i++) {
		const struct pe_section *a = &pe->sections[i];
		for (size_t j = 0; j < i; j++) {
			const struct pe_section *b = &pe->sections[j];
			if (a->raw_bytes && b->raw_bytes &&
			    a->raw_offset < (uint64_t)b->raw_offset + b->raw_bytes &&
			    b->raw_offset < (uint64_t)a->raw_offset + a->raw_bytes)
				return err_set(e, -EBADMSG,
					       "PE file: sections %s and %s overlap in the file",
					       b->name, a->name);
		}
	}
	return 0;
}

static uint64_t raw_end(const struct pe *pe)
{
	uint64_t end = pe->headers_bytes;

	for (size_t i = 0; i < pe->n_sections; i++)
		if (pe->sections[i].raw_bytes)
			end = MAX(end,
				  (uint64_t)pe->sections[i].raw_offset + pe->sections[i].raw_bytes);
	return end;
}

static int parse_certificates(struct pe *pe, struct err *e)
{
	size_t off = get_le32(pe->data + pe->cert_directory);
	size_t len = get_le32(pe->data + pe->cert_directory + 4);

	if (off == 0 && len == 0)
		return 0;
	if (off % 8 || off < raw_end(pe) || len < WIN_CERT_HEADER_BYTES || off > pe->len ||
	    len != pe->len - off)
		return err_set(
			e, -EBADMSG,
			"PE file: the certificate table (%zu bytes at %zu) is not the end of the file (%zu)",
			len, off, pe->len);
	pe->cert_offset = off;
	pe->cert_bytes = len;
	return 0;
}

int pe_parse(struct pe *ret, const void *data, size_t len, struct err *e)
{
	struct pe pe = { .data = data, .len = len };
	uint64_t memory_end;
	int r;

	r = parse_headers(&pe, e);
	if (r == 0)
		r = parse_sizes(&pe, e);
	memory_end = pe.headers_bytes;
	for (size_t i = 0; r == 0 && i < pe.n_sections; i++)
		r = parse_section(&pe, i, &memory_end, e);
	if (r == 0)
		r = check_raw_overlaps(&pe, e);
	if (r == 0)
		r = parse_certificates(&pe, e);
	if (r == 0)
		*ret = pe;
	return r;
}

const struct pe_section *pe_find(const struct pe *pe, const char *name)
{
	for (size_t i = 0; i < pe->n_sections; i++)
		if (str_eq(pe->sections[i].name, name))
			return &pe->sections[i];
	return NULL;
}

const uint8_t *pe_content(const struct pe *pe, const struct pe_section *s, size_t *ret_len)
{
	*ret_len = MIN(s->virtual_bytes, s->raw_bytes);
	return *ret_len ? pe->data + s->raw_offset : (const uint8_t *)"";
}

/*
 * Firmware hashes the headers, then the sections in the order of the file, then as many bytes as the
 * file has beyond the sum of these. Where there is no gap, that is the file from its start to the
 * certificate table, and a gap would be bytes that nobody checks.
 */
static int check_no_gaps(const struct pe *pe, uint64_t end, struct err *e)
{
	uint64_t sum = pe->headers_bytes;

	for (size_t i = 0; i < pe->n_sections; i++)
		sum += pe->sections[i].raw_bytes;
	if (sum != end)
		return err_set(
			e, -EBADMSG,
			"PE file: %lu bytes between its sections would be covered by no signature",
			(unsigned long)(end - sum));
	return 0;
}

int pe_digest(const struct pe *pe, uint8_t ret[SHA256_BYTES], struct err *e)
{
	size_t after_checksum = pe->checksum + 4, after_directory = pe->cert_directory + 8;
	size_t end = pe->cert_offset ? pe->cert_offset : pe->len;
	int r = check_no_gaps(pe, raw_end(pe), e);

	if (r < 0)
		return r;
	_cleanup_(sha256_free) struct sha256 *h = sha256_new();
	if (!h)
		return err_oom(e);
	sha256_update(h, pe->data, pe->checksum);
	sha256_update(h, pe->data + after_checksum, pe->cert_directory - after_checksum);
	sha256_update(h, pe->data + after_directory, end - after_directory);
	sha256_final(h, ret);
	return 0;
}
