/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "builder/stages/build.h"

/**
 * kernel_check() - can the image's kernel read /usr as the recipe wants it, from the initrd on? Its own
 * configuration says so, and what is in the initrd.
 * @b: the tree stage has been; its tree is /usr
 * Return: 0; -EINVAL which option of which package's kernel, or which module, is not there, and what to
 * write into the recipe; -ENOENT the kernel has no configuration; -ENOMEM
 */
int kernel_check(const struct build *b, struct err *e) must_check;
