/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: the signed text of an InRelease of any bytes. Built by `make fuzz`. */
#include "builder/repo/release.h"

#define NOW 1790000000 /* after the seed's date */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(release_free) struct release *r = NULL;
	struct err e;

	if (release_parse((const char *)data, size, "trixie", NOW, &r, &e) == 0)
		(void)release_find(r, "main/binary-amd64/Packages.xz");
	return 0;
}
