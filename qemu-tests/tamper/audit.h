/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the auditor says of a bad image. */
#include "builder/audit/verify.h"
#include "qemu-tests/tamper/mutate.h"

enum judgement {
	JUDGED_BAD,
	JUDGED_GOOD, /* the auditor's mistake */
	NOT_JUDGED,  /* he ended early: said to be unreadable, or crashed */
};

struct judgement_report {
	enum judgement what;
	char why[512]; /* the first check that failed; what ended it */
};

/**
 * tamper_audit() - let the auditor look at a disk, in a process of its own
 * @p: without a pool: threads are not there in a child
 * Return: 0; negative errno of fork and its like
 */
int tamper_audit(const struct source *disk, const struct verify_params *p,
		 struct judgement_report *ret, struct err *e) must_check;

/** tamper_audit_path() - the same for what is at a path: a disk, a container, a directory of outputs */
int tamper_audit_path(const char *path, const struct verify_params *p, struct judgement_report *ret,
		      struct err *e) must_check;

/** tamper_line() - what was altered, in a line; on the heap, NULL: no memory */
char *tamper_line(const struct tamper *t, const struct tamper_kind *family) must_check;

/** judgement_name() - "refused", "PASSED", "NOT JUDGED" */
const char *judgement_name(enum judgement j);
