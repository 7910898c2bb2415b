/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway keygen, slipway version */
#include <sys/stat.h>

#include "builder/cli/cli.h"
#include "signing/keygen.h"

static int run_keygen(struct cli *c, int argc, char **argv, struct err *e)
{
	char **args;
	size_t n;

	int r = cli_parse(&cmd_keygen, NULL, argc, argv, &args, &n);
	if (r)
		return r;
	const struct keygen_params p = { .dir = args[0], .now = c->now, .valid_days = 3650 };
	r = keygen(&p, e);
	if (r < 0)
		return r;
	cli_note(
		c,
		"%s: development keys PK, KEK and db. Never sign with them what others are to trust.",
		args[0]);
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
