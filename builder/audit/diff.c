/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/diff.h"

#include <sys/stat.h>

#include "builder/audit/compare.h"

#define UNPACK_MAX_BYTES GiB

static void compare_init(struct compare *c, const struct diff_params *p, struct diff_report *report)
{
	*report = (struct diff_report){ .limit = p->limit };
	*c = (struct compare){ .report = report,
			       .pool = p->pool,
			       .unpack_max_bytes = p->unpack_max_bytes ? p->unpack_max_bytes
								       : UNPACK_MAX_BYTES };
}

static void compare_done(struct compare *c)
{
	buf_done(&c->where);
	strv_done(&c->usr_changed);
}

int diff_sources(const struct source *a, const struct source *b, const struct diff_params *p,
		 struct diff_report *ret, struct err *e)
{
	struct compare c;

	compare_init(&c, p, ret);
	int r = compare_content(&c, a, b, e);
	diff_report_settle(ret);
	compare_done(&c);
	return r;
}

static int compare_files(struct compare *c, const char *const paths[2], struct err *e)
{
	_cleanup_source_ struct source a = SOURCE_INIT, b = SOURCE_INIT;

	int r = source_open(&a, paths[0], e);
	if (r == 0)
		r = source_open(&b, paths[1], e);
	return r < 0 ? r : compare_content(c, &a, &b, e);
}

int diff_paths(const char *a, const char *b, const struct diff_params *p, struct diff_report *ret,
	       struct err *e)
{
	const char *const paths[] = { a, b };
	struct stat st[2];
	struct compare c;

	compare_init(&c, p, ret);
	for (int w = 0; w < 2; w++)
		if (stat(paths[w], &st[w]) < 0)
			return err_sys(e, -errno, "%s", paths[w]);
	bool dirs = S_ISDIR(st[0].st_mode);
	if (dirs != S_ISDIR(st[1].st_mode))
		return err_set(e, -EINVAL,
			       "%s is a directory, %s is not: give two images, or two directories",
			       paths[!dirs], paths[dirs]);
	int r = dirs ? compare_outputs(&c, paths, e) : compare_files(&c, paths, e);
	diff_report_settle(ret);
	compare_done(&c);
	return r;
}
