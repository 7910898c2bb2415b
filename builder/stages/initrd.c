/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initrd's archive. */
#include "builder/stages/build.h"
#include "stage1/initrd/initrd.h"

static int run(struct build *b, struct err *e)
{
	const struct initrd_pack_params p = { .type = COMPRESS_ZSTD,
					      .time = b->time,
					      .pool = b->p.pool };

	int r = initrd_pack(b->initrd, &p, &b->initrd_image, e);
	return r < 0 ? err_wrap(e, r, "initrd") : 0;
}

const struct stage stage_initrd = { .name = "initrd", .run = run };
