/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: what finishers read out of packages: a maintainer script, and files of sysusers.d,
 * tmpfiles.d and units. Built by `make fuzz`.
 */
#include "stage1/finish/script.h"
#include "stage1/finish/sysusers.h"
#include "stage1/finish/tmpfiles.h"
#include "stage1/finish/unit_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take_call(void *ctx unused_, const struct strv *args, struct err *e unused_)
{
	for (size_t i = 0; i < args->n; i++)
		(void)script_is_literal(args->v[i]);
	return 0;
}

/* A tree with the bytes at all the places that are read. */
static int fill(struct tree *t, const uint8_t *data, size_t size, struct err *e)
{
	static const char *const paths[] = { "usr/lib/sysusers.d/x.conf",
					     "usr/lib/tmpfiles.d/x.conf",
					     "usr/lib/systemd/system/x.service" };
	static const struct tree_meta m = { .mode = 0644 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++)
		r = tree_add_file(t, paths[i], &m, blob_new(data, size), NULL, e);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	_cleanup_sysusers_ struct sysusers users = SYSUSERS_INIT;
	_cleanup_tmpfiles_ struct tmpfiles files = TMPFILES_INIT;
	_cleanup_unit_install_ struct unit_install unit = { 0 };
	_cleanup_free_ char *text = strndup((const char *)data, size);
	const struct finish_params p = { .tree = t, .arch = "x86-64", .image_id = "x" };
	struct err e;

	if (!t || !text || fill(t, data, size, &e) < 0)
		return 0;
	(void)!script_find_calls_in(text, "update-alternatives", take_call, NULL, &e);
	(void)!sysusers_read(&users, &p, &e);
	if (tmpfiles_read(t, &files, &e) == 0)
		(void)tmpfiles_makes(&files, "/var/x");
	(void)!unit_read_install(t, UNIT_SYSTEM, "x.service", &unit, &e);
	return 0;
}
