/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway-etc-diff, for the person who wants to know what a node has changed. */
#include "stage1/finish/node_file.h"

#define NAME "etc-diff"

extern const char node_etc_diff_start[], node_etc_diff_end[];

int finish_etc_diff(const struct finish_params *p, struct err *e)
{
	static const char *const needed[] = { "usr/bin/sh", "usr/bin/sha256sum", "usr/bin/stat",
					      "usr/lib/systemd/systemd" };
	static const struct node_file program[] = { NODE_PROGRAM(etc_diff, "etc-diff") };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!tree_lookup(p->tree, needed[i]))
			return 0;
	int r = node_files_put(p, NAME, program, ARRAY_SIZE(program), e);
	return r < 0 ? r
		     : finish_put_link(p, NAME, "usr/bin/slipway-etc-diff",
				       "../lib/slipway/etc-diff", e);
}
