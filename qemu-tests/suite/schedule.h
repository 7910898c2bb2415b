/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Which case is started next. */
#include "qemu-tests/suite/suite.h"

struct suite_load {
	unsigned int running;
	uint64_t memory_bytes;	     /* of the machines that run */
	uint64_t memory_bytes_limit; /* that all may take together */
	bool no_running_yet;	     /* those that start from a running node are to wait for it */
};

#define SUITE_NONE SIZE_MAX

/**
 * suite_next() - of the cases that were not started, the longest that there is room for
 * Where nothing runs there is always room. Equally long ones go in the table's order.
 * @ret_left: are there any that were not started? May be NULL.
 * Return: index; SUITE_NONE: none can be started now
 */
size_t suite_next(const struct suite *s, const struct suite_load *l, bool *ret_left);

/** suite_case_bytes() - the memory that a case's machines take */
uint64_t suite_case_bytes(const struct vm_case *c);
