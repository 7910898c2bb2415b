/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: stanzas of any bytes. Built by `make fuzz`. */
#include "base/deb822.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size }, stanza, name, value;

	while (deb822_stanza(&text, &stanza)) {
		(void)deb822_get(stanza, "Version", &value);
		while (deb822_field(&stanza, &name, &value) > 0)
			(void)deb822_get(stanza, "Package", &value);
	}
	return 0;
}
