/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What kinds are made of: find a place, change it there, note it. For files in tamper/ only. */
#include "qemu-tests/tamper/tamper.h"
#include "signing/pe.h"
#include "stage1/fs/fs.h"
#include "verity/geometry.h"

/** tamper_random() - the next number of the seed's series, below @below */
uint64_t tamper_random(struct tamper *t, uint64_t below);

/** tamper_note() - a line of what was done */
int tamper_note(struct tamper *t, struct err *e, const char *fmt, ...)
	printf_format(3, 4) must_check;

/** tamper_partition() - by the name of struct image_partition; -ENOENT */
int tamper_partition(const struct tamper *t, const char *name, const struct image_partition **ret,
		     struct err *e) must_check;

/** tamper_write() - bytes at an offset of a partition */
int tamper_write(struct tamper *t, const struct image_partition *p, uint64_t off, const void *data,
		 size_t len, struct err *e) must_check;

/** tamper_flip() - one bit, chosen by the seed, of @len bytes at an offset of a partition */
int tamper_flip(struct tamper *t, const struct image_partition *p, uint64_t off, uint64_t len,
		struct err *e) must_check;

/* usr.c */

/* Every boot runs it, first of all that is in /usr. */
#define TAMPER_BOOT_FILE "lib/systemd/systemd"

struct tamper_usr {
	const struct image_partition *data, *hash;
	struct verity_params params;
	struct verity_geometry geometry;
};

/** tamper_usr_open() - slot A's /usr and its hash tree */
int tamper_usr_open(const struct tamper *t, struct tamper_usr *ret, struct err *e) must_check;

/**
 * tamper_usr_block() - where a file of /usr has a block of its content
 * @path: without a leading slash, from /usr on
 * @middle: one in its middle; else its first
 * @ret_block: data block of the hash tree
 */
int tamper_usr_block(const struct tamper_usr *u, const char *path, bool middle, uint64_t *ret_block,
		     struct err *e) must_check;

/** tamper_usr_read() - content of a file of /usr; -ENOENT */
int tamper_usr_read(const struct tamper_usr *u, const char *path, struct buf *ret,
		    struct err *e) must_check;

/* esp.c */

struct tamper_esp {
	const struct image_partition *part;
	struct tree *tree;	 /* may be changed */
	struct fs_params params; /* its label is this struct's: do not copy it */
	char label[12];
	char *uki; /* path of the first of /EFI/Linux */
};

#define TAMPER_ESP_INIT      \
	{                    \
		.part = NULL \
	}
#define _cleanup_tamper_esp_ __attribute__((cleanup(tamper_esp_done)))

/** tamper_esp_open() - the ESP as a tree */
int tamper_esp_open(const struct tamper *t, struct tamper_esp *ret, struct err *e) must_check;
void tamper_esp_done(struct tamper_esp *esp);

/** tamper_esp_put() - add or replace a file */
int tamper_esp_put(struct tamper_esp *esp, const char *path, const void *data, size_t len,
		   struct err *e) must_check;

/** tamper_esp_choose() - have loader.conf choose an entry by its name, which is that of its file */
int tamper_esp_choose(struct tamper_esp *esp, const char *entry, struct err *e) must_check;

/** tamper_esp_save() - write the tree; an unchanged one changes no byte */
int tamper_esp_save(struct tamper *t, const struct tamper_esp *esp, struct err *e) must_check;

/* pe_edit.c */

/** tamper_pe_unsigned() - a copy of a PE file without its signatures */
int tamper_pe_unsigned(const void *data, size_t len, struct buf *ret, struct err *e) must_check;

/** tamper_pe_rebuild() - an unsigned copy with other content in some of its sections */
int tamper_pe_rebuild(const void *data, size_t len, const struct pe_new_section *sections, size_t n,
		      struct buf *ret, struct err *e) must_check;

/** tamper_pe_keep_signature() - put the signatures of the PE file in @from behind the unsigned @pe */
int tamper_pe_keep_signature(const void *from, size_t len, struct buf *pe,
			     struct err *e) must_check;

/** tamper_pe_section() - content of a section, borrowed; -ENOENT */
int tamper_pe_section(const void *data, size_t len, const char *name, const uint8_t **ret,
		      size_t *ret_len, struct err *e) must_check;

/* gpt_edit.c */

/**
 * tamper_gpt_set_uuid() - give a partition another UUID, in both tables, with their checksums
 * @uuid: as UUID text has it
 */
int tamper_gpt_set_uuid(struct tamper *t, const struct image_partition *p, const uint8_t uuid[16],
			struct err *e) must_check;
