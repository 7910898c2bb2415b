/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Files that are secret by where they lie: no form of their content would tell. */
#include "base/span.h"

/**
 * credential_in_file() - would a program on a node take a credential or password from this file?
 * @path: in an initrd or in /usr, from its root on; with or without a slash in front
 * Return: "a credential", "a password's hash"; NULL: no
 */
const char *credential_in_file(const char *path, struct span content);
