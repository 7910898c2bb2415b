/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The checked view of an ELF file that this folder's readers share; 32 and 64 bit look the same. */
#include "stage1/elf/elf.h"

struct elf_image {
	const uint8_t *data;
	uint64_t len;
	bool is64;
	uint64_t ph_offset;
	unsigned int ph_count, ph_entry_bytes;
};

struct elf_segment {
	uint32_t type;
	uint64_t offset, vaddr, file_bytes, align;
};

/* One note; name and descriptor lie inside of the file. */
struct elf_note {
	uint32_t type, name_bytes, desc_bytes;
	const char *name;
	const uint8_t *desc;
};

/** elf_image_init() - check the header and that the program headers lie inside */
int elf_image_init(struct elf_image *im, const void *data, uint64_t len, struct err *e) must_check;

/** elf_segment_at() - program header @i, below ph_count; what it points to is not checked */
void elf_segment_at(const struct elf_image *im, unsigned int i, struct elf_segment *ret);

/** elf_range() - @bytes at @offset of the file, or NULL if they do not lie inside */
const uint8_t *elf_range(const struct elf_image *im, uint64_t offset, uint64_t bytes);

/**
 * elf_next_note() - the note at *@pos of a segment; moves *@pos behind it
 * Return: false at the end, or where what follows is no whole note
 */
bool elf_next_note(const struct elf_image *im, const struct elf_segment *s, uint64_t *pos,
		   struct elf_note *ret);
