/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Programs that an immutable node has no use for and an intruder has: interpreters, package managers,
 * shells. In the initrd there are none, nor what lets people in; in /usr those that a list allows.
 */
#include "base/strv.h"
#include "qemu-tests/cases/artefact.h"

struct programs {
	struct strv findings; /* "program /usr/bin/bash", in /usr: to be judged by a list */
	struct strv wrong;    /* "initrd: /usr/bin/sh is a shell": never right */
	struct strv names;    /* of programs in /usr's bin and sbin */
	struct strv scripts;  /* "perl /usr/bin/x": in /usr, with the name of their interpreter */
};

void programs_done(struct programs *p);

/** programs_look() - at one file of an image */
int programs_look(struct programs *p, const struct artefact_file *f, struct err *e) must_check;

/** programs_end() - after all files: scripts whose interpreter is not there are wrong too; Return: 0; -ENOMEM */
int programs_end(struct programs *p, struct err *e) must_check;
