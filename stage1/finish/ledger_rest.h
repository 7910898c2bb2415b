/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is left of a script when its known blocks are gone; for ledger_judge.c only. */
#include "base/buf.h"
#include "base/span.h"

/** rest_add() - append text, blocks' first lines without their program's version */
void rest_add(struct buf *rest, struct span text);

/** rest_add_line() - append a line and a newline */
void rest_add_line(struct buf *rest, struct span line);

/**
 * rest_is_nothing() - can it be told from each line by itself that there is no effect?
 *
 * That is: it is empty, or a shell's script of comments, "set -e", "exit N", messages to standard
 * error and a case statement around them.
 */
bool rest_is_nothing(const struct buf *rest) must_check;

/**
 * rest_package_name() - a package's name with @VERSION@ for a version in it
 * @version: what that stands for; empty if there is none
 * Return: on the heap; NULL when out of memory
 */
char *rest_package_name(const char *name, struct span *version) must_check;

/** rest_replace() - @VERSION@ for each @version; Return: 0; -ENOMEM */
int rest_replace(struct buf *rest, struct span version) must_check;
