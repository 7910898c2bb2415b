/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What an image says of itself, read and not verified: `inspect` shows it, `diff` compares two. What is
 * not there is NULL, zero or empty. Text of the image is as it is: whoever shows it escapes it.
 */
#include "builder/audit/artefacts.h"
#include "builder/audit/origins.h"
#include "builder/audit/packages.h"
#include "builder/audit/signers.h"

#define SUMMARY_PCR11_PHASES 5

struct summary {
	struct artefacts *files;
	char *name, *version, *os; /* IMAGE_ID, IMAGE_VERSION, PRETTY_NAME of os-release */
	bool has_root_hash;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];

	const char *filesystem; /* type of /usr */
	char compression[32];	/* of /usr: "lz4", "none"; "": the type has none */
	uint64_t usr_bytes;	/* the filesystem */
	uint64_t content_bytes; /* of its files */
	struct listing usr;	/* everything in it */
	struct image_packages packages;
	struct image_origins origins;
	struct origin_size *others; /* than packages: the biggest first */
	size_t n_others;

	char *kernel; /* release */
	char *cmdline;
	uint64_t initrd_bytes;
	bool has_pcr11;
	uint8_t pcr11[SUMMARY_PCR11_PHASES][SHA256_BYTES]; /* as summary_pcr11_phase() */
	struct image_signers signers;
};

/** summary_pcr11_phase() - the last phase that was reached: "" is the stub alone */
const char *summary_pcr11_phase(size_t i);

/**
 * summary_read() - of what artefacts_open() opens
 * Return: as artefacts_open(); a UKI or a signature that is damaged is left out
 */
int summary_read(const char *path, struct summary **ret, struct err *e) must_check;
void summary_free(struct summary *s);
DEFINE_CLEANUP(struct summary *, summary_free)

/** summary_used_bytes() - what a partition of the disk holds; Return: false if that is not known */
bool summary_used_bytes(const struct image_partition *p, uint64_t *ret);
