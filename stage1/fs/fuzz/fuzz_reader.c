/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a filesystem image of any bytes, all of it read: every inode, content, attribute and
 * extent. Built by `make fuzz`. Checksums are switched off, as they would stop it at the first byte.
 */
#include "stage1/fs/erofs_format.h"
#include "stage1/fs/fuzz/use.h"

#define EXT4_RO_COMPAT	   (1024 + 100)
#define EXT4_METADATA_CSUM 0x400u
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void forget_checksums(uint8_t *image, size_t size)
{
	struct erofs_super super;

	if (size < EROFS_SUPER_OFFSET + sizeof(super))
		return;
	memcpy(&super, image + EROFS_SUPER_OFFSET, sizeof(super));
	if (super.magic == EROFS_MAGIC) {
		super.feature_compat &= ~(uint32_t)EROFS_COMPAT_CHECKSUM;
		memcpy(image + EROFS_SUPER_OFFSET, &super, sizeof(super));
	} else {
		put_le32(image + EXT4_RO_COMPAT,
			 get_le32(image + EXT4_RO_COMPAT) & ~EXT4_METADATA_CSUM);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *image = malloc(size ? size : 1); /* exact: a byte too far is seen */
	struct source s;

	memcpy(image, data, size);
	forget_checksums(image, size);
	source_init_bytes(&s, image, size);
	return use_all(&s);
}
