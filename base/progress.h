/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How far long work has come. Modules report; only the program's command line shows it. */
#include "base/util.h"

struct progress {
	/* May be called from any thread, often. @done == @total is the end; a @total of 0 says only that
	 * this is what goes on now. @what stays valid as long as @p. */
	void (*update)(struct progress *p, const char *what, uint64_t done, uint64_t total);
};

/** progress_update() - @p may be NULL; @what names the step and its unit is bytes */
static inline void progress_update(struct progress *p, const char *what, uint64_t done,
				   uint64_t total)
{
	if (p)
		p->update(p, what, done, total);
}
