/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Versions of images, in the order in which systemd-sysupdate and systemd-boot see them. */
#include "base/util.h"

/**
 * version_compare() - which of two versions is newer?
 * Return: less than, equal to or greater than 0, as strcmp(); different texts may be equal ("1" and "01")
 * Spec: UAPI.10 Version Format Specification
 */
int version_compare(const char *a, const char *b);

/** version_is_valid() - letters, digits and ._-+~^ only, as os-release(5) and file names take it */
bool version_is_valid(const char *s);
