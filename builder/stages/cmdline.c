/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/stages/cmdline.h"

#include "base/buf.h"
#include "base/strv.h"

/* As systemd compares names, of which "rd." says that they are for the initrd. */
static bool begins_with(const char *word, const char *name)
{
	if (str_has_prefix(word, "rd."))
		word += strlen("rd.");
	for (; *name; word++, name++)
		if (*word != *name && !(*word == '-' && *name == '_'))
			return false;
	return true;
}

/* Decides what /usr is. */
static bool is_about_usr(const char *word)
{
	static const char *const names[] = { "usrhash=", "roothash=", "systemd.verity",
					     "dm_verity.", "mount.usr=" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (begins_with(word, names[i]))
			return true;
	return false;
}

/* Quotes join words, for some readers only; a quote without an end takes in all that follows. */
static bool is_plain(const char *words)
{
	for (; *words; words++)
		if (*words < ' ' || *words > '~' || strchr("\"'", *words))
			return false;
	return true;
}

int cmdline_check_words(const char *words, struct err *e)
{
	_cleanup_strv_ struct strv list = STRV_INIT;

	if (!is_plain(words))
		return err_set(e, -EINVAL,
			       "the command line has quotes, or what is not printable ASCII");
	if (strv_split(&list, words, " ") < 0)
		return err_oom(e);
	for (size_t i = 0; i < list.n; i++) {
		if (is_about_usr(list.v[i]))
			return err_set(e, -EINVAL, "%s: what is said of /usr the build adds",
				       list.v[i]);
		if (str_eq(list.v[i], "--"))
			return err_set(e, -EINVAL,
				       "--: the kernel reads nothing behind it, where the words "
				       "that the build adds are");
	}
	return 0;
}

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
