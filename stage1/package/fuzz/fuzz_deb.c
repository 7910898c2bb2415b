/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a package of any bytes. Built by `make fuzz`. */
#include "stage1/package/deb_version.h"
#include "stage1/package/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(package_free) struct package *p = NULL;
	struct source s;
	struct err e;

	source_init_bytes(&s, data, size);
	if (package_read_deb(&s, NULL, NULL, &p, &e) == 0) {
		_cleanup_free_ char *replaces = package_field(p, "Replaces");
		(void)!deb_relation_covers(replaces, p->name, p->version);
		(void)!deb_version_check(p->version, &e);
		(void)!deb_version_compare(p->version, p->name);
	}
	return 0;
}
