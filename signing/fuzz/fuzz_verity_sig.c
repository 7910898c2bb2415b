/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a verity-sig partition (JSON and padding) of any bytes. Built by `make fuzz`. */
#include "signing/root_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_verity_sig_ struct verity_sig sig = VERITY_SIG_INIT;
	_cleanup_free_ uint8_t *copy = malloc(size ? size : 1); /* exact: a byte too far is seen */
	struct err e;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (verity_sig_parse(copy, size, &sig, &e) == 0 && sig.der.len > size)
		abort();
	return 0;
}
