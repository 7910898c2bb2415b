/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Parts of the configs finisher. */
#include "stage1/finish/finish.h"
#include "stage1/finish/users.h"

#define CONFIGS_NAME "configs"

/**
 * configs_apparmor() - beside each AppArmor profile an empty file for what the machine adds to it, which
 * profiles may include without asking whether it is there
 * Return: 0; -ENOMEM
 */
int configs_apparmor(const struct finish_params *p, struct err *e) must_check;

/**
 * configs_shells() - etc/shells, as update-shells(8) makes it from what packages declare
 * Return: 0; errors of reading; -ENOMEM
 */
int configs_shells(const struct finish_params *p, struct err *e) must_check;

/**
 * configs_tmpfiles() - what packages' tmpfiles.d files make below /etc at every boot is made here:
 * directories and symlinks
 * Return: 0; -ENOENT a line's user or group is not there; -EINVAL a mode that is none; -ENOMEM
 */
int configs_tmpfiles(const struct finish_params *p, const struct users *u,
		     struct err *e) must_check;
