/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The boot tests: a registry of cases, each of which judges an image by running it. */
#include "base/strv.h"
#include "qemu-tests/vm/vm.h"

struct vm_case_context {
	struct vm_host *host;
	const char *image;     /* raw disk; only read */
	const char *root_hash; /* hex, what /usr must have; NULL: not known */
	const char *log_dir;
	const char *scratch_dir; /* existing, empty, the case's own */
	struct strv notes;	 /* what it found out, for the report */
	unsigned int limit_sec;	 /* of one machine */
};

struct vm_case {
	const char *name;
	const char *image; /* the recipe whose image it is for */
	const char *description;
	/* Return: 0 passed; negative errno failed, with the reason */
	int (*run)(struct vm_case_context *ctx, struct err *e);
};

extern const struct vm_case *const vm_cases[];
extern const size_t n_vm_cases;

/** vm_case_fits() - is a case for the image in a file? Images are called <recipe>_<version>. */
bool vm_case_fits(const struct vm_case *c, const char *path);

/** vm_case_find() - NULL: there is none of that name */
const struct vm_case *vm_case_find(const char *name);

/**
 * vm_case_run() - one case, with a scratch directory of its own
 * @ctx:       without scratch_dir and notes
 * @tmp_dir:   where that directory is made
 * @ret_notes: what the case found out, also when it failed
 * Return: as the case
 */
int vm_case_run(const struct vm_case *c, const struct vm_case_context *ctx, const char *tmp_dir,
		struct strv *ret_notes, struct err *e) must_check;
