/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of verification: what the checks share. One function for each subject. */
#include "base/buf.h"
#include "base/span.h"
#include "builder/audit/image.h"
#include "builder/audit/verify.h"
#include "signing/root_hash.h"
#include "stage1/fs/fs.h"
#include "verity/verity.h"

#define VERIFY_SLOTS 2

/* What /usr/lib/dpkg/status.d names. */
struct listed_package {
	char *name, *version, *arch;
};

struct package_list {
	struct listed_package *v; /* sorted by name, then architecture */
	size_t n, cap;
};

/* A slot that is in use, and what is known of it once it was looked at. */
struct verify_slot {
	char name[8];	   /* "slot a" */
	const char *label; /* of its /usr; NULL: there is no table that says so */
	struct source data, hash, sig;
	bool used, hashed; /* hashed: /usr is what the root hash says */
	bool begun;	   /* it is labelled empty, and on a node's disk still names a root hash */
	uint8_t root_hash[SHA256_BYTES];
	struct verity_params verity;
	struct buf signature; /* PKCS#7 of the root hash */
	struct source usr_src;
	struct fs_reader *usr; /* NULL: it cannot be read, or is not what the root hash says */
	char *os_release;
	int64_t time;		      /* of os-release, and so of all that the builder made */
	char *image_id, *version;     /* of os-release */
	struct package_list packages; /* empty: /usr does not tell */
	bool has_uki;
};

struct verify {
	const struct verify_params *p; /* params */
	struct verify_params params;
	struct policy default_policy;
	struct verify_report *report;
	char where[256];	   /* of the checks that are made now */
	const struct image *image; /* NULL: of split artefacts */
	struct image *owned_image;
	uint32_t sector_bytes;
	const char *arch;   /* "x86-64" or "arm64", by the types of partitions */
	bool has_root;	    /* the disk has booted: it has a root partition */
	bool has_statement; /* provenance was looked at */
	bool has_root_hash; /* the one that was asked for was found, and everything below it is right */
	struct verify_slot slots[VERIFY_SLOTS];
	bool *used_trust; /* for each trusted certificate: has it signed anything, or is it for enrolment? */
};

/** verify_at() - checks that follow are of this place */
void verify_at(struct verify *v, const char *fmt, ...) printf_format(2, 3);

/** verify_ok(), verify_fail(), verify_state() - the end of a check; Return: 0; -ENOMEM */
int verify_ok(struct verify *v, enum verify_id id, struct err *e, const char *fmt, ...)
	printf_format(4, 5) must_check;
int verify_fail(struct verify *v, enum verify_id id, struct err *e, const char *fmt, ...)
	printf_format(4, 5) must_check;
int verify_state(struct verify *v, enum verify_id id, struct err *e, const char *fmt, ...)
	printf_format(4, 5) must_check;

/** verify_differs() - a value that is another one than it must be */
int verify_differs(struct verify *v, enum verify_id id, const char *found, const char *expected,
		   struct err *e) must_check;

/** verify_is_fatal() - of an error: does it say nothing about the image? So does a sector that cannot be read. */
bool verify_is_fatal(int r);

/**
 * verify_failed() - end a check by what a reader said, unless that is no fault of the image
 * @r: negative; the message is in @e
 * Return: 0; @r if it is fatal; -ENOMEM
 */
int verify_failed(struct verify *v, enum verify_id id, int r, struct err *e) must_check;

/** verify_zero() - end a check: everything from @from on must be zero; a node may have left something there */
int verify_zero(struct verify *v, enum verify_id id, const struct source *s, uint64_t from,
		struct err *e) must_check;

/* verify.c */

/** verify_init() - @p: copied; what it points to is borrowed; for verify_done(), also after a failure */
int verify_init(struct verify *v, const struct verify_params *p, struct verify_report *report,
		struct err *e) must_check;
void verify_done(struct verify *v);

/** verify_image() - all of a disk but the certificates, which verify_certs() looks at in the end */
int verify_image(struct verify *v, const struct source *disk, struct err *e) must_check;

/** verify_started() - each slot that is in use has a kernel that starts it */
int verify_started(struct verify *v, struct err *e) must_check;

/** verify_root_hash() - the one that the UUIDs of a slot's partitions are; false: there are none */
bool verify_root_hash(const struct verify *v, int slot, uint8_t ret[SHA256_BYTES]);

/* verify_provenance.c */

/* What a statement is about: a disk, or all that a build wrote. */
struct verify_stated {
	const char *dir, *stem; /* where it is if params do not name it; stem: "node_1", or NULL */
	const struct source
		*disk; /* NULL: all files of the directory, of which the disk may be missing */
};

/** verify_provenance() - the statement on a build's outputs, if there is one */
int verify_provenance(struct verify *v, const struct verify_stated *what, struct err *e) must_check;

/** verify_is_statement() - by its name */
bool verify_is_statement(const char *path);

/** verify_statement() - a statement by itself, and what of its outputs lies beside it */
int verify_statement(struct verify *v, const char *path, struct err *e) must_check;

/** verify_stated_at_all() - was there one, if the policy wants that? */
int verify_stated_at_all(struct verify *v, struct err *e) must_check;

/* verify_outputs.c */
/** verify_outputs() - a directory of what one build wrote */
int verify_outputs(struct verify *v, const char *dir, struct err *e) must_check;

/* verify_gpt.c */
/** verify_arch() - by the types of partitions; where they do not say, x86-64 */
const char *verify_arch(const struct image *image);

int verify_gpt(struct verify *v, struct err *e) must_check;

/* verify_slot.c */
/** verify_slot() - hash tree, signature and filesystem; @s: its sources and root_hash are set */
int verify_slot(struct verify *v, struct verify_slot *s, struct err *e) must_check;
void verify_slot_done(struct verify_slot *s);

/* verify_usr.c */
/** verify_usr() - the filesystem in a slot whose hash tree was right */
int verify_usr(struct verify *v, struct verify_slot *s, struct err *e) must_check;

/** verify_read_file() - append a regular file's content; Return: also -EBADMSG it is none, or too long */
int verify_read_file(struct fs_reader *reader, const struct fs_stat *st, uint64_t max_bytes,
		     struct buf *ret, struct err *e) must_check;

/* verify_packages.c */
/** verify_packages() - read the packages of a slot, and hold them against policy and lock */
int verify_packages(struct verify *v, struct verify_slot *s, struct err *e) must_check;

/** package_list_find() - where the first of this name stands, or would */
size_t package_list_find(const struct package_list *l, const char *name);
void package_list_done(struct package_list *l);

/* verify_content.c */
/** verify_content() - every file of a slot's /usr */
int verify_content(struct verify *v, struct verify_slot *s, struct err *e) must_check;

/** verify_search_file() - look for secrets in a file; what there is is added to @found, in words */
int verify_search_file(const struct verify *v, const char *path, struct span content,
		       struct strv *found, struct err *e) must_check;

/** verify_forbidden() - may there be such a path on a node? If not it is added to @found, in words */
int verify_forbidden(struct verify *v, const char *path, struct strv *found,
		     struct err *e) must_check;

/** verify_found() - end a check: nothing was found, or that; @found is sorted */
int verify_found(struct verify *v, enum verify_id id, struct strv *found, const char *good,
		 struct err *e) must_check;

/* verify_initrd.c */
/**
 * verify_initrd() - compressed, as it lies in a UKI
 * @usr: what its files are compared with; NULL: there is none that could be read
 */
int verify_initrd(struct verify *v, struct fs_reader *usr, const uint8_t *data, size_t len,
		  struct err *e) must_check;

/* verify_cert.c */

/* Does a certificate's key speak for it? 0 yes; -EKEYREJECTED no; other: it is malformed */
typedef int verify_signed_fn(X509 *cert, const void *ctx, struct err *e);

/**
 * verify_signer() - end a check: which of the trusted certificates has signed this?
 * @ret: NULL if none has
 */
int verify_signer(struct verify *v, enum verify_id id, verify_signed_fn *fn, const void *ctx,
		  X509 **ret, struct err *e) must_check;

/**
 * verify_may_sign() - is a certificate for enrolment one of the trusted? verify_certs() looks at it then
 * @der: as it lies in the image
 */
bool verify_may_sign(struct verify *v, const uint8_t *der, size_t len);

/** verify_certs() - validity, key and algorithm of every certificate that has signed something, or may */
int verify_certs(struct verify *v, struct err *e) must_check;

/* verify_pe.c */

struct verify_pe {
	const uint8_t *data;
	size_t len;
};

/** verify_pe() - Authenticode of a program and the form of what the signature does not cover */
int verify_pe(struct verify *v, const struct verify_pe *pe, struct err *e) must_check;

/* verify_uki.c */
/** verify_uki() - @path: on the ESP, for its name */
int verify_uki(struct verify *v, const char *path, const struct verify_pe *uki,
	       struct err *e) must_check;

/* verify_esp.c */
int verify_esp(struct verify *v, const struct source *esp, struct err *e) must_check;
