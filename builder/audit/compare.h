/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Inside of `diff`: comparers of formats, which call each other as things lie in each other, from a disk
 * down to a line of a file in an initrd in a UKI on an ESP.
 *
 * What a comparer is given differs. It names what it knows to differ and why; when it names nothing,
 * compare_content() names the first byte, so that no difference is passed over. -EBADMSG and -EINVAL of
 * a parser are a difference (DIFF_DAMAGE) and no error.
 */
#include "base/buf.h"
#include "base/mismatch.h"
#include "base/strv.h"
#include "builder/audit/diff.h"
#include "builder/audit/image.h"
#include "verity/verity.h"

#define COMPARE_IMAGE_SLOTS 8

struct compare {
	struct diff_report *report;
	struct pool *pool;
	size_t unpack_max_bytes;
	struct buf where; /* names of what encloses what is being compared */
	unsigned int depth;
	size_t n_unreadable; /* how often compare_damaged() reported a parser's refusal */
	/* What was learned on the way, by which consequences are told from causes. */
	uint8_t roots[2][COMPARE_IMAGE_SLOTS]
		     [VERITY_ROOT_HASH_BYTES]; /* of the hash trees in A, B */
	size_t n_roots[2];
	struct strv usr_changed; /* "lib/os-release content": sorted */
	bool data_equal;	 /* the data of the hash tree in hand is known to be equal */
};

struct finding {
	enum diff_kind kind;
	const char *field;
	const char *a, *b; /* NULL: it is not there */
};

typedef int compare_fn(struct compare *c, const struct source *a, const struct source *b,
		       struct err *e);

/* compare.c */

/** compare_enter() - into a thing of that name; Return: for compare_leave() */
size_t compare_enter(struct compare *c, const char *fmt, ...) printf_format(2, 3);
void compare_leave(struct compare *c, size_t mark);

/** compare_add() - a difference of what we are in; Return: 0; -ENOMEM */
int compare_add(struct compare *c, const struct finding *f, struct err *e) must_check;

/** compare_add_numbers() - the same for two numbers, if they differ */
int compare_add_numbers(struct compare *c, enum diff_kind kind, const char *field,
			const uint64_t values[2], struct err *e) must_check;

/**
 * compare_damaged() - what to do with a parser's error
 * @which: 0: of A, 1: of B
 * Return: 0 if it was bad content, which is now in the report; else @code, an error
 */
int compare_damaged(struct compare *c, int which, int code, struct err *e) must_check;

/** compare_content() - any two contents, equal or not, by what they are */
compare_fn compare_content must_check;

/** compare_bytes() - the first difference: the line of a text, the offset of something else */
int compare_bytes(struct compare *c, const struct source *a, const struct source *b,
		  enum diff_kind kind, struct err *e) must_check;

/** compare_slack() - bytes behind @end_a and @end_b that belong to nothing */
int compare_slack(struct compare *c, const struct source *a, uint64_t end_a, const struct source *b,
		  uint64_t end_b, struct err *e) must_check;

/** compare_is_derived() - is this a UUID, or the beginning of one, that follows from a root hash of it? */
bool compare_is_derived(const struct compare *c, int which, const uint8_t *uuid, size_t len);

/** compare_is_root() - is it the root hash of a hash tree in A (0) or B (1)? @len: 16 for its halves */
bool compare_is_root(const struct compare *c, int which, const uint8_t *hash, size_t len);

/** compare_usr_changed() - "lib/os-release content": was that found to differ in /usr? */
bool compare_usr_changed(const struct compare *c, const char *path_and_field);

/* fields.c */

enum field_form {
	FIELD_NUMBER,
	FIELD_HEX,
	FIELD_BYTES,
	FIELD_UUID,
	FIELD_GUID,
	FIELD_TEXT,
	FIELD_TIME
};

/* A field of a structure: little-endian numbers of 1 to 8 bytes, or bytes. */
struct field {
	const char *name;
	uint16_t at, len;
	enum field_form form;
	enum diff_kind kind;
};

struct field_table {
	const struct field *v;
	size_t n;
	size_t bytes; /* of the structure, at most 4096; 0: only these fields are compared */
};

/**
 * compare_fields() - each field, and the bytes that are in none (DIFF_FORMAT)
 * @pair: the structure of A and of B
 * @alone: nothing differs that a consequence could follow from: it is a cause
 */
int compare_fields(struct compare *c, const struct field_table *t, const uint8_t *const pair[2],
		   bool alone, struct err *e) must_check;

/** compare_as_cause() - what a consequence is when it follows from nothing */
enum diff_kind compare_as_cause(enum diff_kind k);

/** field_time() - seconds since 1970 as people and programs read them; @out: 64 characters */
void field_time(int64_t t, char *out);

/* The comparers of formats, and how these are told. */
bool compare_is_filesystem(const struct source *s);
bool compare_is_pe(const struct source *s);
bool compare_is_verity(const struct source *s);
bool compare_is_verity_sig(const struct source *s);
bool compare_is_zstd(const struct source *s);
bool compare_is_cpio(const struct source *s);
compare_fn compare_disk must_check;
compare_fn compare_filesystem must_check;
compare_fn compare_pe must_check;
compare_fn compare_verity must_check;
compare_fn compare_verity_sig must_check;
compare_fn compare_zstd must_check;
compare_fn compare_cpio must_check;

/* compare_verity.c */

/** compare_learn_root() - the root hash of a hash area in A (0) or B (1), if it is one */
void compare_learn_root(struct compare *c, int which, const struct source *area);

/* compare_signature.c */

/** compare_signature() - two PKCS#7 signatures; @signed_differs: what they sign is known to differ */
int compare_signature(struct compare *c, const struct source *a, const struct source *b,
		      bool signed_differs, struct err *e) must_check;

/* compare_gpt.c */

/** compare_partition_tables() - both copies, and the MBR */
int compare_partition_tables(struct compare *c, const struct image *const images[2],
			     struct err *e) must_check;

/* compare_cmdline.c */

/** compare_cmdline() - the words that differ; or else their order, or what is between them */
compare_fn compare_cmdline must_check;

/* outputs.c */

/** compare_outputs() - two directories of outputs, as diff_paths() */
int compare_outputs(struct compare *c, const char *const dirs[2], struct err *e) must_check;
