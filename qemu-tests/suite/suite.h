/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The suite: cases on one image, side by side as far as jobs and memory go, and reports of how they
 * ended. Nothing here prints: reports are text in a buffer.
 */
#include "base/pool.h"
#include "qemu-tests/cases/cases.h"

enum suite_verdict {
	SUITE_NOT_RUN,
	SUITE_PASSED,
	SUITE_FAILED,
	SUITE_SKIPPED,
};

struct suite_result {
	const struct vm_case *c;
	enum suite_verdict verdict;
	bool started;
	double seconds;
	char *reason;	   /* of a failure or a skip; else NULL */
	struct strv notes; /* what it found out */
};

struct suite {
	struct suite_result *v; /* in the order of the cases' table */
	size_t n;
	double seconds;	     /* of all */
	enum vm_accel accel; /* what machines ran in; AUTO: there was none */
};

void suite_done(struct suite *s);
#define _cleanup_suite_ __attribute__((cleanup(suite_done)))

/**
 * suite_select() - the cases that are asked for
 * @image: path of the image, whose name tells which cases are for it
 * @patterns: names of cases, or patterns of them as fnmatch(3) has them; none: all that are for the
 *         image and leave it as it is
 * @s: zeros
 * Return: 0; -EINVAL a pattern that fits no case, or no case is for the image; -ENOMEM
 */
int suite_select(const char *image, const char *const *patterns, size_t n_patterns, struct suite *s,
		 struct err *e) must_check;

struct suite_params {
	struct vm_host_params host; /* of each case's own */
	struct vm_case_context ctx; /* image, root_hash, log_dir and limit_sec of each case's own */
	const char *tmp_dir;
	unsigned int jobs;     /* cases that run at the same time */
	uint64_t memory_bytes; /* what their machines may take together; one case may always run */
	bool persistent;       /* cases may write into the image; jobs is 1 then */
	const struct pool *cancel; /* after pool_cancel() on it no case is started; may be NULL */
	/* After each case; one call at a time. */
	void (*on_end)(void *data, const struct suite *s, const struct suite_result *r);
	void *data;
};

/**
 * suite_run() - run what was selected
 * Return: 0 all have a verdict; -ENOENT, -EOPNOTSUPP there is no QEMU that can run machines;
 * -EINVAL a case writes into the image, which must stay as it is; -ECANCELED; -ENOMEM
 */
int suite_run(const struct suite_params *p, struct suite *s, struct err *e) must_check;

/** suite_count() - how many ended so */
size_t suite_count(const struct suite *s, enum suite_verdict v);

/** suite_verdict_name() - "passed", "failed", "skipped" or "not-run" */
const char *suite_verdict_name(enum suite_verdict v);

/** suite_report_line() - a result for people: a line, and one for each note below it */
void suite_report_line(const struct suite_result *r, struct buf *out);

/**
 * suite_report_tap() - a result as a TAP test point
 * @number: from 1 on, in the order of printing
 * Spec: https://testanything.org/tap-version-13-specification.html
 */
void suite_report_tap(const struct suite_result *r, size_t number, struct buf *out);

/**
 * suite_report_junit() - all results as JUnit XML
 * @name: of the suite
 */
void suite_report_junit(const struct suite *s, const char *name, struct buf *out);
