/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verity_verify() by itself, for builder/audit/test/measure-verify.sh: DATA HASH ROOT-HASH THREADS */
#include "verity/verity.h"

int main(int argc, char **argv)
{
	_cleanup_source_ struct source data = SOURCE_INIT, hash = SOURCE_INIT;
	_cleanup_(pool_free) struct pool *pool = NULL;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
	uint64_t threads;
	struct err e = { 0 };

	if (argc != 5 || hex_decode(argv[3], root_hash, sizeof(root_hash)) < 0 ||
	    parse_u64(argv[4], 10, &threads) < 0) {
		fputs("usage: verify_tree DATA HASH ROOT-HASH THREADS\n", stderr);
		return 2;
	}
	int r = source_open(&data, argv[1], &e);
	if (r == 0)
		r = source_open(&hash, argv[2], &e);
	if (r == 0)
		r = pool_new((unsigned int)threads, &pool, &e);
	if (r == 0)
		r = verity_verify(&data, &hash, root_hash, pool, &e);
	if (r < 0)
		fprintf(stderr, "verify_tree: %s\n", e.msg);
	return r < 0;
}
