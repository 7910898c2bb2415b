/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Layouts: which partitions a disk has, where they lie, and everything that must agree with that: the
 * partition table, what systemd-repart completes on first boot, what systemd-sysupdate fills later.
 * Specs: UAPI Discoverable Partitions; UEFI 2.10 ch. 5; repart.d(5); sysupdate.d(5).
 */
#include "base/err.h"
#include "base/sink.h"

#define LAYOUT_MAX_PARTITIONS 32
#define LAYOUT_LABEL_CHARS    36
#define LAYOUT_ALIGN_BYTES    MiB

enum layout_type { LAYOUT_ESP, LAYOUT_USR, LAYOUT_USR_VERITY, LAYOUT_USR_VERITY_SIG, LAYOUT_ROOT };

#define LAYOUT_NO_SLOT (-1)

struct layout_partition {
	enum layout_type type;
	int slot;	     /* 0 is A, which the image fills; LAYOUT_NO_SLOT for esp and root */
	uint64_t size_bytes; /* root: the least that first boot must find free */
};

struct layout {
	char *name;
	uint32_t sector_bytes; /* 512 or 4096 */
	struct layout_partition partitions[LAYOUT_MAX_PARTITIONS];
	size_t n_partitions;
	unsigned int boot_tries; /* boots that an updated slot gets to prove itself */
};

void layout_free(struct layout *l);
DEFINE_CLEANUP(struct layout *, layout_free)

/**
 * layout_check() - the rules that hold for any layout: one ESP in front, whole slots of equal sizes,
 * the root last
 * @ret_partition: on failure, the one that breaks the rule; n_partitions when it is none of them
 * Return: 0; -EINVAL with the partition and the rule
 */
int layout_check(const struct layout *l, size_t *ret_partition, struct err *e) must_check;

/** layout_type_name() - "usr-verity" and so on, as a layout's YAML has it */
const char *layout_type_name(enum layout_type t);

/** layout_type_guid() - Discoverable Partitions type as UUID text; @arch: "x86-64" or "arm64", else NULL */
const char *layout_type_guid(enum layout_type t, const char *arch);

/** layout_find() - the partition of a type in a slot (LAYOUT_NO_SLOT for esp), or NULL */
const struct layout_partition *layout_find(const struct layout *l, enum layout_type t, int slot);

#define LAYOUT_READ_ONLY (UINT64_C(1) << 60) /* the attribute of all partitions of a slot */

/* A partition with its place on the disk. */
struct layout_placed {
	enum layout_type type;
	int slot;
	uint64_t start_bytes, size_bytes;
	uint8_t uuid[16]; /* as UUID text has it: byte 0 first */
	char label[LAYOUT_LABEL_CHARS + 1];
	uint64_t attributes; /* GPT attribute bits */
};

struct layout_plan {
	const struct layout *layout; /* borrowed */
	const char *arch;	     /* borrowed */
	uint8_t disk_uuid[16];
	uint64_t disk_bytes;
	struct layout_placed placed[LAYOUT_MAX_PARTITIONS]; /* without root */
	size_t n_placed;
};

struct layout_params {
	const char *arch;
	const char *name, *version;				/* of the image */
	uint64_t esp_bytes, usr_bytes, verity_bytes, sig_bytes; /* what is to go into each */
};

/**
 * layout_place() - give every partition its place, label and UUID (UUIDs follow with layout_set_root_hash())
 * Return: 0; -ENOSPC a content does not fit, with how much is missing and what to change; -EINVAL a
 *         label longer than 36 characters
 */
int layout_place(const struct layout *l, const struct layout_params *p, struct layout_plan *ret,
		 struct err *e) must_check;

/**
 * layout_set_root_hash() - UUIDs of slot A's usr and usr-verity are the halves of the root hash; those of
 *                          the disk and of all other partitions are derived from it
 *
 * So all that an auditor needs to know what they must be is the root hash, which is signed.
 */
void layout_set_root_hash(struct layout_plan *plan, const uint8_t root_hash[32]);

/** layout_volume_id() - of the ESP's filesystem: also derived from the root hash */
void layout_volume_id(const uint8_t root_hash[32], uint8_t uuid[16]);

/**
 * layout_is_derived() - does this UUID, or beginning of one, follow from a root hash?
 * @len: 4 to 16 bytes
 */
bool layout_is_derived(const uint8_t root_hash[32], const uint8_t *uuid, size_t len);

/** layout_placed_find() - the first of a type in a slot, borrowed from @plan; NULL if there is none */
const struct layout_placed *layout_placed_find(const struct layout_plan *plan, enum layout_type t,
					       int slot);

/**
 * layout_write_gpt() - protective MBR and both partition tables
 * @fd: a regular file of at least plan->disk_bytes
 * Return: 0; negative errno of libfdisk
 */
int layout_write_gpt(const struct layout_plan *plan, int fd, struct err *e) must_check;

/* A file for /usr that the layout determines. */
struct layout_file {
	char *path; /* "usr/lib/repart.d/50-root.conf" */
	char *text;
};

struct layout_files {
	struct layout_file v[16];
	size_t n;
};

/* Which updates an image takes. */
struct layout_updates {
	const char *name, *version; /* of the image; nothing older is taken */
	const char *url; /* http(s), of signed ones; NULL: the node's /var/lib/slipway/updates */
};

/**
 * layout_node_files() - repart.d and sysupdate.d for the image
 * Return: 0; -ENOMEM
 */
int layout_node_files(const struct layout *l, const struct layout_updates *u,
		      struct layout_files *ret, struct err *e) must_check;
void layout_files_done(struct layout_files *f);
