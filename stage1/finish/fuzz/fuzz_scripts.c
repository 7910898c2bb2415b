/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a maintainer script of any bytes, and its diff to a known one. Built by `make fuzz`. */
#include "stage1/finish/ledger_diff.h"

#include "base/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte picks the script's name. Its package is one that the ledger knows by another text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char names[][16] = { "postinst", "triggers", "conffiles", "prerm" };
	static char name[] = "linux-image-6.1-cloud-amd64",
		    path[] = "usr/lib/systemd/system/a.service";
	static struct ledger *ledger;
	struct package_entry entry = { .path = path };
	struct package p = { .name = name, .entries = &entry, .n_entries = 1 };
	struct ledger_finding f;
	struct err e;

	if (!ledger && ledger_open(&ledger, &e) < 0)
		return 0;
	if (!size)
		return 0;
	_cleanup_(blob_unref) struct blob *text = blob_new(data + 1, size - 1);
	struct package_script s = { names[*data % ARRAY_SIZE(names)], text };
	if (text && ledger_judge(ledger, &p, &s, &f, &e) == 0) {
		_cleanup_buf_ struct buf diff = BUF_INIT;
		const struct ledger_lines *known;
		(void)!ledger_diff(ledger, &f, &diff, &known);
	}
	ledger_finding_done(&f);
	return 0;
}
