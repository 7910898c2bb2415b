/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/stages/cmdline.h"

#include "base/buf.h"

/* A block that was changed is a panic, and a panic a reboot (panic= is the recipe's). */
char *cmdline_make(const char *words, const char *root_hash, const char *signature)
{
	return str_printf("%s usrhash=%s dm_verity.require_signatures=1 "
			  "systemd.verity_usr_options=root-hash-signature=base64:%s,"
			  "panic-on-corruption",
			  words, root_hash, signature);
}

/* Characters that no command line has stand for what differs from build to build. */
#define ROOT_HASH "\001"
#define SIGNATURE "\002"

static void append_pattern(struct buf *b, char c)
{
	if (c == ROOT_HASH[0])
		buf_append_str(b, "[0-9a-f]\\{64\\}");
	else if (c == SIGNATURE[0])
		buf_append_str(b, "[A-Za-z0-9+/=]*");
	else if (strchr("\\.[]*^$", c))
		buf_append(b, (const char[]){ '\\', c }, 2);
	else
		buf_append(b, &c, 1);
}

char *cmdline_pattern(const char *words)
{
	_cleanup_free_ char *line = cmdline_make(words, ROOT_HASH, SIGNATURE);
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!line)
		return NULL;
	for (const char *c = line; *c; c++)
		append_pattern(&b, *c);
	buf_append_str(&b, "\n");
	return buf_take_str(&b);
}
