/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Lines of os-release, as far as whoever writes them keeps to one of its forms. Spec: os-release(5) */
#include "base/span.h"

/** os_release_find() - what stands behind a key's first "=", quotes and all; Return: false if nothing does */
bool os_release_find(struct span text, const char *key, struct span *ret);

/** os_release_value() - the same without spaces and quotes, on the heap; NULL: there is none, or no memory */
char *os_release_value(struct span text, const char *key) must_check;
