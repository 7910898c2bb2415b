/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Reading a partition table of any origin. What is damaged is read as far as it goes and said to be
 * damaged, so that whoever compares or audits can name the field.
 * Spec: UEFI 2.10, 5.3 GUID Partition Table Disk Layout
 */
#include "base/source.h"

#define GPT_HEADER_BYTES 92
#define GPT_ENTRIES_MAX	 1024
#define GPT_LABEL_UTF8	 (36 * 3 + 1)

/* Offsets in a header and in an entry. */
enum {
	GPT_REVISION = 8,
	GPT_HEADER_SIZE = 12,
	GPT_HEADER_CRC = 16,
	GPT_MY_LBA = 24,
	GPT_OTHER_LBA = 32,
	GPT_FIRST_USABLE = 40,
	GPT_LAST_USABLE = 48,
	GPT_DISK_GUID = 56,
	GPT_ENTRIES_LBA = 72,
	GPT_N_ENTRIES = 80,
	GPT_ENTRY_BYTES = 84,
	GPT_ENTRIES_CRC = 88,

	GPT_ENTRY_TYPE = 0,
	GPT_ENTRY_UUID = 16,
	GPT_ENTRY_FIRST = 32,
	GPT_ENTRY_LAST = 40,
	GPT_ENTRY_ATTRIBUTES = 48,
	GPT_ENTRY_LABEL = 56,
	GPT_ENTRY_MIN_BYTES = 128,
};

struct gpt {
	uint32_t sector_bytes;
	uint64_t header_at; /* in bytes */
	uint8_t header[GPT_HEADER_BYTES];
	uint64_t entries_at; /* in bytes */
	uint32_t n_entries, entry_bytes;
	uint8_t *entries; /* n_entries * entry_bytes */
	bool header_crc_ok, entries_crc_ok;
};

struct gpt_entry {
	uint32_t number;	    /* of the partition: 1 is the first */
	uint8_t type[16], uuid[16]; /* as UUID text has it: byte 0 first */
	uint64_t first_lba, last_lba, attributes;
	char label[GPT_LABEL_UTF8]; /* UTF-8; what is not Unicode is U+FFFD */
};

enum gpt_copy { GPT_PRIMARY, GPT_BACKUP };

/**
 * gpt_read() - one copy of the table of a disk
 * @ret: for gpt_done(), also after a failure
 * Return: 0, also if checksums are wrong; -EBADMSG there is none, or its geometry is none; -ENOMEM;
 *         what reading returns
 */
int gpt_read(const struct source *disk, enum gpt_copy copy, struct gpt *ret,
	     struct err *e) must_check;
void gpt_done(struct gpt *g);

/** gpt_entry() - entry @i, decoded; Return: false if it is not in use */
bool gpt_entry(const struct gpt *g, uint32_t i, struct gpt_entry *ret);

/** gpt_guid() - a GUID of the table in the order of UUID text */
void gpt_guid(const uint8_t *guid, uint8_t uuid[16]);
