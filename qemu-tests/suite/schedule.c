/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/suite/schedule.h"

uint64_t suite_case_bytes(const struct vm_case *c)
{
	return c->machines * VM_CASE_MEMORY_BYTES;
}

static bool has_room(const struct vm_case *c, const struct suite_load *l)
{
	return l->running == 0 || suite_case_bytes(c) == 0 ||
	       l->memory_bytes + suite_case_bytes(c) <= l->memory_bytes_limit;
}

size_t suite_next(const struct suite *s, const struct suite_load *l, bool *ret_left)
{
	size_t best = SUITE_NONE;
	bool left = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct vm_case *c = s->v[i].c;
		if (s->v[i].started)
			continue;
		left = true;
		if (has_room(c, l) && !(l->no_running_yet && c->from_running) &&
		    (best == SUITE_NONE || c->typical_sec > s->v[best].c->typical_sec))
			best = i;
	}
	if (ret_left)
		*ret_left = left;
	return best;
}
