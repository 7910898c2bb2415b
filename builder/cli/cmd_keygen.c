/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway keygen, slipway version */
#include <sys/stat.h>

#include "builder/cli/cli.h"
#include "signing/keygen.h"

static int run_keygen(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *next = NULL;
	const struct cli_option options[] = {
		{ .name = "next",
		  .arg = "NAME",
		  .value = &next,
		  .help = "one more key that signs images, and what makes nodes trust and revoke it" },
		{ 0 },
	};
	char **args;
	size_t n;

	int r = cli_parse(&cmd_keygen, options, argc, argv, &args, &n);
	if (r)
		return r;
	const struct keygen_params p = { .dir = args[0], .now = c->now, .valid_days = 3650 };
	r = next ? keygen_next(&p, next, e) : keygen(&p, e);
	if (r < 0)
		return r;
	cli_note(c, "%s: development key%s %s. Never sign with them what others are to trust.",
		 args[0], next ? "" : "s", next ? next : "PK, KEK and db");
	return 0;
}

const struct cli_command cmd_keygen = {
	.name = "keygen",
	.args = "DIRECTORY",
	.summary = "Make development keys: Secure Boot PK, KEK and db; db signs images",
	.text = "For production, sign with keys that live elsewhere: see signing: in recipe(5).",
	.min_args = 1,
	.max_args = 1,
	.run = run_keygen,
};
