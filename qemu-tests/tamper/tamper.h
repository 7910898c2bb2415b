/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The maker of bad images: from a good disk, each kind makes one that nobody signed, as somebody would
 * who can write the disk, or who starts the machine. The good disk is only read. What a kind alters
 * is a function of the disk, the seed and the keys; several kinds may be put into one image.
 */
#include "base/strv.h"
#include "builder/audit/image.h"
#include "qemu-tests/tamper/overlay.h"
#include "signing/signer.h"

/* What alterations leave where they have an effect: a word on the kernel command line, and a file. */
#define TAMPER_WORD "slipway.tampered"
#define TAMPER_FILE "/run/slipway-tampered"
/* An entry of the boot loader that an alteration adds. */
#define TAMPER_ENTRY "slipway-tampered.conf"

struct tamper_params {
	const struct source *disk; /* raw, of one good image in slot A */
	uint64_t seed;		   /* where there is a choice of bits, it chooses */
	/* The image's own key, for what its owner once signed; NULL: kinds that want it are -ENOKEY. */
	const struct signer *owner;
	const struct signer *stranger; /* whose certificate is nowhere in the image */
};

struct tamper {
	struct tamper_params p;
	struct overlay disk;
	struct image *image; /* of the altered disk, with the partitions of the good one */
	uint64_t random;     /* state */
	char *file; /* in /usr, without a leading slash: whose content was altered last; or NULL */
	/* What was done, a line each. */
	struct strv notes;
	/* SMBIOS type 11 strings that the machine must be started with. */
	struct strv smbios;
};

struct tamper_kind {
	const char *name;
	const char *made; /* what is altered, for people */
	/* Return: 0; -ENOENT, -ENOTSUP the image has no such thing; -ENOKEY; -EBADMSG; -ENOMEM … */
	int (*alter)(struct tamper *t, struct err *e);
};

extern const struct tamper_kind *const tamper_kinds[];
extern const size_t n_tamper_kinds;

/** tamper_kind_find() - NULL: there is none of that name */
const struct tamper_kind *tamper_kind_find(const char *name);

/**
 * tamper_new() - the good disk, nothing altered yet
 * @p: what it points to is borrowed
 * Return: 0; as image_open(); -ENOMEM
 */
int tamper_new(const struct tamper_params *p, struct tamper **ret, struct err *e) must_check;
void tamper_free(struct tamper *t);
DEFINE_CLEANUP(struct tamper *, tamper_free)

/** tamper_apply() - alter it; after a failure @t is only good for tamper_free() */
int tamper_apply(struct tamper *t, const struct tamper_kind *k, struct err *e) must_check;
