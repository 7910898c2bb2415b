/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Inside of the ESP's verification. */
#include "builder/audit/verify_internal.h"

struct esp_file {
	const char *path; /* without a leading slash */
	struct buf content;
};

/** verify_auth() - keys that the boot loader enrols: all of them trusted, and signed by trusted ones */
int verify_auth(struct verify *v, const struct esp_file *f, struct err *e) must_check;

/** verify_loader() - is it systemd-boot, signed, and the one of a slot's /usr? */
int verify_loader(struct verify *v, const struct esp_file *f, struct err *e) must_check;

/** verify_esp_form() - every byte of the filesystem, by writing its files again */
int verify_esp_form(struct verify *v, const struct source *esp, struct fs_reader *reader,
		    struct err *e) must_check;
