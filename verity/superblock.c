/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity/geometry.h"

static const uint8_t magic[8] = "verity\0";
static const char algorithm[32] = "sha256";

enum { /* offsets */
       SB_MAGIC = 0,
       SB_VERSION = 8,
       SB_HASH_TYPE = 12,
       SB_UUID = 16,
       SB_ALGORITHM = 32,
       SB_DATA_BLOCK_BYTES = 64,
       SB_HASH_BLOCK_BYTES = 68,
       SB_DATA_BLOCKS = 72,
       SB_SALT_BYTES = 80,
       SB_PAD1 = 82,
       SB_SALT = 88,
};

void verity_derive_uuid(struct verity_params *p)
{
	uuid_derive(p->salt, p->salt_bytes, "hash tree", p->uuid);
}

void verity_superblock_put(const struct verity_params *p, uint8_t *sb)
{
	memset(sb, 0, VERITY_SUPERBLOCK_BYTES);
	memcpy(sb + SB_MAGIC, magic, sizeof(magic));
	put_le32(sb + SB_VERSION, 1);
	put_le32(sb + SB_HASH_TYPE, 1);
	memcpy(sb + SB_UUID, p->uuid, sizeof(p->uuid));
	memcpy(sb + SB_ALGORITHM, algorithm, sizeof(algorithm));
	put_le32(sb + SB_DATA_BLOCK_BYTES, p->data_block_bytes);
	put_le32(sb + SB_HASH_BLOCK_BYTES, p->hash_block_bytes);
	put_le64(sb + SB_DATA_BLOCKS, p->data_blocks);
	put_le16(sb + SB_SALT_BYTES, (uint16_t)p->salt_bytes);
	memcpy(sb + SB_SALT, p->salt, p->salt_bytes);
}

static int check_fixed(const uint8_t *sb, size_t len, struct err *e)
{
	if (len < VERITY_SUPERBLOCK_BYTES)
		return err_set(e, -EBADMSG, "verity superblock: %zu bytes, 512 expected", len);
	if (memcmp(sb + SB_MAGIC, magic, sizeof(magic)) != 0)
		return err_set(e, -EBADMSG, "verity superblock: no \"verity\" at its start");
	if (get_le32(sb + SB_VERSION) != 1)
		return err_set(e, -EBADMSG, "verity superblock: version %u, 1 expected",
			       get_le32(sb + SB_VERSION));
	if (get_le32(sb + SB_HASH_TYPE) != 1)
		return err_set(e, -EBADMSG, "verity superblock: hash type %u, 1 expected",
			       get_le32(sb + SB_HASH_TYPE));
	if (memcmp(sb + SB_ALGORITHM, algorithm, sizeof(algorithm)) != 0)
		return err_set(e, -EBADMSG, "verity superblock: the algorithm is not sha256");
	return 0;
}

int verity_superblock_parse(const void *data, size_t len, struct verity_params *ret, struct err *e)
{
	const uint8_t *sb = data;
	struct verity_geometry g;
	int r = check_fixed(sb, len, e);

	if (r < 0)
		return r;
	struct verity_params p = {
		.data_block_bytes = get_le32(sb + SB_DATA_BLOCK_BYTES),
		.hash_block_bytes = get_le32(sb + SB_HASH_BLOCK_BYTES),
		.data_blocks = get_le64(sb + SB_DATA_BLOCKS),
		.salt_bytes = get_le16(sb + SB_SALT_BYTES),
	};
	if (verity_geometry_init(&g, &p, e) < 0)
		return err_wrap(e, -EBADMSG, "verity superblock");
	memcpy(p.uuid, sb + SB_UUID, sizeof(p.uuid));
	memcpy(p.salt, sb + SB_SALT, p.salt_bytes);
	if (!mem_is_zero(sb + SB_PAD1, SB_SALT - SB_PAD1) ||
	    !mem_is_zero(sb + SB_SALT + p.salt_bytes,
			 VERITY_SUPERBLOCK_BYTES - SB_SALT - p.salt_bytes))
		return err_set(e, -EBADMSG, "verity superblock: its padding is not zero");
	*ret = p;
	return 0;
}
