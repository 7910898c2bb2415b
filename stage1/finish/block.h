/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Generated blocks of maintainer scripts. debhelper's programs put them where a script says so, each
 * between two lines of its own:
 *
 *     # Automatically added by dh_installsystemd/13.24.2
 *     …
 *     # End automatically added section
 *
 * Packages' blocks of one kind differ in a few words only: names of units, of an init script, of
 * configuration files. With those taken out a block has a normal form, whose digest tells what it
 * does, whatever package it stands in and whatever version made it.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/span.h"
#include "base/strv.h"

struct block {
	struct span text; /* with its first and its last line */
	struct span tool; /* "dh_installsystemd" */
	struct span body; /* the lines between */
};

/**
 * block_next() - take the next block off a script
 * @script: moved behind the block
 * @before: what stands before the block; when there is none, all of the rest. A first line without a
 *          last one, or one within another block, is no block: it stays in here.
 * Return: false when there is none
 */
bool block_next(struct span *script, struct span *before, struct block *ret);

/**
 * block_marker_tool() - is a line a block's first one?
 * @ret: the program's name, without its version
 */
bool block_marker_tool(struct span line, struct span *ret);

/* What was taken out of a block, as far as somebody looks at it. */
struct block_words {
	struct strv units; /* names of systemd units */
	struct strv confs; /* "x.conf", without a directory */
	struct strv inits; /* the init script's name */
};

void block_words_done(struct block_words *w);

/**
 * block_normal_form() - append what a block comes down to
 *
 * First the program's name, then the body's lines, each with a newline. Lines that a backslash
 * continues are joined; space at the ends of lines, empty lines and comments go; of equal lines in a
 * row the first stays. In a line these give way to a placeholder:
 *
 *     %UNIT      a systemd unit; several in a row are one
 *     %CONF      a word "x.conf"; several in a row are one
 *     %INIT      /etc/init.d/x, and then x
 *     %PACKAGE   the package's name, also with an architecture behind a colon
 *     %VALUE     v in ='v' and ="v", where v holds nothing that the shell expands
 *     %CHANGE    what dpkg-maintscript-helper does to files of an older version
 *     %ARGS      arguments of dpkg-maintscript-helper, update-alternatives, py3compile and the like
 *                that hold nothing that the shell expands
 *
 * @words: what was taken out is added
 * Return: 0; -ENOMEM
 */
int block_normal_form(const struct block *b, const char *package, struct buf *out,
		      struct block_words *words) must_check;

/** block_digest() - SHA-256 of the normal form; Return: 0; -ENOMEM */
int block_digest(const struct block *b, const char *package, struct block_words *words,
		 uint8_t out[SHA256_BYTES]) must_check;
