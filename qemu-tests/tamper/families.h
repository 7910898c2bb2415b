/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All families of mutations, by the file that they are in, and what they share. */
#include "qemu-tests/tamper/parts.h"

/* mutate_bytes.c */
extern const struct tamper_kind tamper_m_flip, tamper_m_byte, tamper_m_run, tamper_m_move;
/* mutate_gpt.c */
extern const struct tamper_kind tamper_m_entry, tamper_m_header, tamper_m_mbr;
/* mutate_disk.c */
extern const struct tamper_kind tamper_m_size, tamper_m_slots, tamper_m_fill, tamper_m_grown;
/* mutate_tree.c */
extern const struct tamper_kind tamper_m_superblock, tamper_m_resigned;
/* mutate_sig.c */
extern const struct tamper_kind tamper_m_json, tamper_m_cms;
/* mutate_pe.c */
extern const struct tamper_kind tamper_m_pe_field, tamper_m_pe_signature, tamper_m_pe_section,
	tamper_m_old_loader;
/* mutate_esp.c */
extern const struct tamper_kind tamper_m_esp_add, tamper_m_esp_change, tamper_m_esp_params;
/* mutate_fat.c */
extern const struct tamper_kind tamper_m_fat_entry, tamper_m_fat_table, tamper_m_fat_boot;

/** tamper_random_bytes() - of the seed's series */
void tamper_random_bytes(struct tamper *t, void *data, size_t len);

/** tamper_pick() - one of an array */
#define tamper_pick(t, array) ((array)[tamper_random(t, ARRAY_SIZE(array))])

/* regions.c */

struct tamper_region {
	char name[48]; /* "usr-verity-a: level 0" */
	uint64_t at, len;
};

#define TAMPER_REGIONS_MAX 64

/** tamper_regions() - the disk in pieces of one use each; what has no bytes is left out */
int tamper_regions(const struct tamper *t, struct tamper_region *v, size_t *ret_n,
		   struct err *e) must_check;

/* gpt_edit.c */

/**
 * tamper_gpt_store() - write a table that was read and then changed
 * @checksums: make them right
 */
int tamper_gpt_store(struct tamper *t, struct gpt *g, bool checksums, struct err *e) must_check;

/* esp.c */

/** tamper_esp_pick() - any file; @suffix: of its name, or "" */
int tamper_esp_pick(struct tamper *t, const struct tamper_esp *esp, const char *suffix,
		    struct tree_node **ret, struct err *e) must_check;
