/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finishers that are being written: they do nothing yet. */
#include "stage1/finish/finish.h"

#define TODO(name)                                             \
	int name(const struct finish_params *p, struct err *e) \
	{                                                      \
		(void)p;                                       \
		(void)e;                                       \
		return 0;                                      \
	}

TODO(finish_configs)
TODO(finish_stat_overrides)
TODO(finish_alternatives)
TODO(finish_pam)
TODO(finish_nsswitch)
TODO(finish_ca_bundle)
