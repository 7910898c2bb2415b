/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What an image may have of that which others must not: set-id files, writable places, open ports. A case
 * says what it found, a line each, and what no pattern fits is a failure:
 *
 *     set-id 4755 0:0 /usr/bin/su
 *     listen tcp *:22                 # sshd
 *
 * What follows a line "[podman]" is for images of this recipe only. The suite carries a list for images of
 * the recipes here; `slipway test --allow FILE` adds to it, so that whoever judges an image decides, and
 * not the image.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

struct allowed {
	struct strv patterns; /* as fnmatch(3) has them; "/" is no special character */
};

void allowed_done(struct allowed *a);

/**
 * allowed_add() - take up a list
 * @text: lines of a pattern, "#", and the reason; empty ones and those that begin with "#" are nothing
 * @image: path of the image, whose name tells its recipe
 * @name: of the list, in errors
 * Return: 0; -EINVAL with the line that has no reason or is of no kind that is known; -ENOMEM
 */
int allowed_add(struct allowed *a, const char *text, size_t len, const char *image,
		const char *name, struct err *e) must_check;

/** allowed_add_own() - the list that the suite carries */
int allowed_add_own(struct allowed *a, const char *image, struct err *e) must_check;

/** allowed_test() - does a pattern fit? */
bool allowed_test(const struct allowed *a, const char *finding);

/**
 * allowed_judge() - are all findings allowed?
 * Return: 0; -EBADMSG with the first that are not, and how many they are
 */
int allowed_judge(const struct allowed *a, const struct strv *findings, struct err *e) must_check;
