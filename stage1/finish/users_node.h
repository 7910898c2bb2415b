/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the node needs to keep its users and the image's apart and together: a file of /etc that it has
 * changed hides that of a later version, with the users that came new.
 */
#include "stage1/finish/finish.h"
#include "stage1/finish/users.h"

/**
 * users_put_node_files() - the image's users as sysusers.d(5) lines with their ids, and the unit that
 * adds them to files of the node's own; the range from which the node allots
 * @own_range: the image's sysusers.d files name a range already
 *
 * Does nothing in a tree without systemd. Lines of /etc/login.defs that are set there stay.
 * Return: 0; -ENOENT systemd is there and systemd-sysusers is not; -ENOMEM; as text_read()
 */
int users_put_node_files(const struct finish_params *p, const struct users *u, bool own_range,
			 struct err *e) must_check;
