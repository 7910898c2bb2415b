/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * PE32+ files (UEFI programs): a bounded look at them, and adding sections to them.
 * Spec: Microsoft, PE Format.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

#define PE_MACHINE_X86_64 0x8664
#define PE_MACHINE_ARM64  0xaa64
#define PE_SECTIONS_MAX	  96

struct pe_section {
	char name[9]; /* NUL-terminated */
	uint32_t virtual_address, virtual_bytes;
	uint32_t raw_offset, raw_bytes; /* in the file */
	uint32_t characteristics;
};

/* Every offset in here has been checked to lie inside of the bytes. */
struct pe {
	const uint8_t *data;
	size_t len;
	uint16_t machine;
	size_t optional_header; /* offset */
	size_t section_table;	/* offset */
	size_t checksum;	/* offset of the CheckSum field */
	size_t cert_directory;	/* offset of the certificate table's directory entry */
	uint32_t section_alignment, file_alignment;
	uint32_t headers_bytes, image_bytes;
	size_t cert_offset, cert_bytes; /* the certificate table; 0, 0: unsigned */
	size_t n_sections;
	struct pe_section sections[PE_SECTIONS_MAX]; /* in the order of the table */
};

/**
 * pe_parse() - check the headers and the section table
 * @data: borrowed; must outlive @ret
 *
 * Refused are: what is not PE32+; sections that overlap, run backwards or leave the file or the image;
 * a certificate table that is not the end of the file.
 * Return: 0; -EBADMSG with the reason
 */
int pe_parse(struct pe *ret, const void *data, size_t len, struct err *e) must_check;

/** pe_find() - the section of that name, or NULL */
const struct pe_section *pe_find(const struct pe *pe, const char *name);

/**
 * pe_content() - where a section's content is: as long as it is in memory, or in the file if that is less
 * @ret_len: bytes
 */
const uint8_t *pe_content(const struct pe *pe, const struct pe_section *s, size_t *ret_len);

/**
 * pe_digest() - Authenticode digest: all of the file but the checksum and the signatures
 * Return: 0; -EBADMSG if there are bytes between sections that no digest would cover
 * Spec: Windows Authenticode Portable Executable Signature Format, "Calculating the PE Image Hash"
 */
int pe_digest(const struct pe *pe, uint8_t ret[SHA256_BYTES], struct err *e) must_check;

/** pe_update_checksum() - compute and store CheckSum; @data is a PE file for which @pe was made */
void pe_update_checksum(const struct pe *pe, uint8_t *data, size_t len);

struct pe_new_section {
	const char *name; /* 1 to 8 characters */
	const void *data;
	size_t len;
	bool code; /* CNT_CODE instead of CNT_INITIALIZED_DATA */
};

/**
 * pe_add_sections() - a copy of a PE file with more sections
 * @pe: not signed, nothing after its last section
 * @add: added in this order, in memory and in the file; one that is there already is replaced, if
 *       what follows it in memory leaves room
 * @clear_dll_characteristics: bits to be cleared there
 * @ret: must be empty
 * Return: 0; -ENOSPC no room for section headers or for a longer section; -EFBIG 2 GiB and more;
 * -EINVAL @pe is signed or has trailing data; -ENOMEM
 */
int pe_add_sections(const struct pe *pe, const struct pe_new_section *add, size_t n,
		    uint16_t clear_dll_characteristics, struct buf *ret, struct err *e) must_check;
