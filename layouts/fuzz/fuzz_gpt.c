/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a disk of any bytes, both copies of its table read. Built by `make fuzz`. */
#include "layouts/gpt_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source s;

	source_init_bytes(&s, data, size);
	for (enum gpt_copy copy = GPT_PRIMARY; copy <= GPT_BACKUP; copy++) {
		struct gpt_entry entry;
		struct gpt g;
		struct err e;
		if (gpt_read(&s, copy, &g, &e) == 0)
			for (uint32_t i = 0; i < g.n_entries; i++)
				(void)gpt_entry(&g, i, &entry);
		gpt_done(&g);
	}
	return 0;
}
