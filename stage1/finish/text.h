/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Text files of the tree, as the finishers read them: by line, by word, and by configuration directory. */
#include "base/strv.h"
#include "stage1/tree/tree.h"

#define TEXT_MAX_BYTES (16 * MiB)

/**
 * text_read() - the content of a text file, symlinks followed
 * @ret: on the heap
 * Return: 0; -ENOENT no such file; -EBADMSG it holds a NUL byte; -EFBIG over TEXT_MAX_BYTES; -ENOMEM
 */
int text_read(const struct tree *t, const char *path, char **ret, struct err *e) must_check;

/** text_from_blob() - as text_read(); @what names the text in errors */
int text_from_blob(const struct blob *b, const char *what, char **ret, struct err *e) must_check;

/**
 * text_next_line() - cut the next line off
 * @rest: moved behind the line, whose newline becomes a NUL
 * Return: the line, or NULL at the end
 */
char *text_next_line(char **rest);

/** text_strip() - cut white space off both ends, in place; Return: where the text starts */
char *text_strip(char *s);

/** text_is_comment() - is a line empty, or does it start with '#' or ';'? Leading space is skipped. */
bool text_is_comment(const char *line);

/**
 * text_split_words() - append the words of a line, as systemd's configuration and a shell's simple
 * commands have them: "…" and '…' keep spaces, a backslash keeps the next character
 * Return: 0; -EINVAL a quote that is not closed, or a backslash at the end; -ENOMEM
 */
int text_split_words(const char *s, struct strv *words) must_check;

/**
 * text_conf_files() - the files of configuration directories, as systemd reads them
 * @dirs: NULL-terminated tree paths, the one that wins first
 * @suffix: ".conf"
 * @paths: appended: sorted by file name; a name is taken from the first directory that has it, and
 *         not at all if it is empty or a symlink to /dev/null there
 * Return: 0; -ENOMEM
 */
int text_conf_files(const struct tree *t, const char *const *dirs, const char *suffix,
		    struct strv *paths, struct err *e) must_check;
