/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a FAT of any bytes, all of it read. Built by `make fuzz`. The least FAT32 has 33 MiB,
 * most of it zeros: the input is the start of each part, put to where its boot sector says.
 */
#include "stage1/fs/fuzz/fat_parts.h"
#include "stage1/fs/fuzz/use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts_source image;

	if (size < 512)
		return 0;
	_cleanup_free_ uint8_t *input = malloc(size); /* exact: a byte too far is seen */
	if (!input)
		return 0;
	memcpy(input, data, size);
	fat_source(&image, input, size);
	return use_all(&image.src);
}
