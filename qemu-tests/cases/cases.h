/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A registry of cases, each of which judges an image, most of them by running it in a machine. */
#include "base/strv.h"
#include "qemu-tests/cases/allowed.h"
#include "qemu-tests/vm/vm.h"
#include "signing/signer.h"

/* What each of a case's machines takes, unless it asks for another. */
#define VM_CASE_MEMORY_BYTES (2 * GiB)

struct vm_case_context {
	struct vm_host *host;	       /* the case's own */
	const char *image;	       /* raw disk; only read, unless the case keeps it */
	const char *root_hash;	       /* hex, what /usr must have; NULL: not known */
	const struct allowed *allowed; /* what an image may have of that which others must not */
	const struct strv *forbidden;  /* words of whoever built it, which must not stand in it */
	const char *
		log_dir; /* existing, the case's own: consoles, journals, whatever explains a failure */
	const char *
		scratch_dir; /* existing, empty, the case's own, gone afterwards: plain files only */
	const char *tmp_dir;	/* where a case makes more of them: private_dir_make() */
	struct strv notes;	/* what it found out, for the report */
	unsigned int limit_sec; /* of one machine */
	unsigned int repeat;	/* how often what happens at random moments */
	uint64_t seed;		/* of what is random: the same for the same */
	/* A directory of vm_save(): to be filled with the node once it is up; to start from. NULL: none. */
	const char *save_dir, *resume_dir;
	const struct signer *owner; /* who signed the image; NULL: his key is not at hand */
	const void *data;	    /* the case's */
};

/* What run() returns instead of 0 where the image has not got what the case is about. */
#define VM_CASE_SKIPPED 1

struct vm_case {
	const char *name;
	const char *image; /* the recipe whose image it is for; NULL: any */
	const char *description;
	unsigned int machines;	  /* that run at the same time; 0: it only looks into the image */
	unsigned int typical_sec; /* under emulation; the longest case is started first */
	bool keeps;		  /* it writes into the image, which is a node's own disk */
	bool saves_running;	  /* it fills save_dir, where it is given one */
	bool from_running;	  /* it starts from resume_dir, where it is given one */
	/* Return: 0 passed; VM_CASE_SKIPPED, with the reason in @e; negative errno failed, likewise */
	int (*run)(struct vm_case_context *ctx, struct err *e);
	const void *data; /* what tells it from others with the same run() */
};

extern const struct vm_case *const vm_cases[];
extern const size_t n_vm_cases;

/** vm_case_fits() - is a case for the image in a file? Images are called <recipe>_<version>. */
bool vm_case_fits(const struct vm_case *c, const char *path);

/** vm_case_find() - NULL: there is none of that name */
const struct vm_case *vm_case_find(const char *name);

/**
 * vm_case_run() - one case, with a scratch directory and one for logs of its own
 * @ctx:       without scratch_dir, tmp_dir and notes; log_dir is the one that the case's own is made in
 * @tmp_dir:   where the scratch directory is made
 * @ret_notes: what the case found out, also when it failed
 * Return: as the case
 */
int vm_case_run(const struct vm_case *c, const struct vm_case_context *ctx, const char *tmp_dir,
		struct strv *ret_notes, struct err *e) must_check;
