/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * dm-verity hash areas: a superblock and a Merkle tree of SHA-256 over a data area, as
 * `veritysetup format` makes them, built and checked in memory on all cores.
 *
 * Spec: Documentation/admin-guide/device-mapper/verity.rst of Linux; the superblock is described at
 * https://gitlab.com/cryptsetup/cryptsetup/-/wikis/DMVerity
 */
#include "base/pool.h"
#include "base/progress.h"
#include "base/sink.h"
#include "base/source.h"

#define VERITY_ROOT_HASH_BYTES	32
#define VERITY_SALT_MAX_BYTES	256
#define VERITY_SUPERBLOCK_BYTES 512
#define VERITY_BLOCK_BYTES	4096 /* what Slipway's images use, for data and hashes */

struct verity_params {
	/* Powers of two from 512 to 512 KiB. */
	uint32_t data_block_bytes, hash_block_bytes;
	uint64_t data_blocks; /* at least 1 */
	uint8_t salt[VERITY_SALT_MAX_BYTES];
	size_t salt_bytes; /* 64 is the fastest: it fills one input block of SHA-256 */
	uint8_t uuid[16];
	struct pool *pool;	   /* NULL: all in the caller's thread */
	struct progress *progress; /* may be NULL */
};

/**
 * verity_derive_uuid() - set the UUID to one that follows from the salt
 *
 * The root hash says nothing of the superblock but the salt: with this, whoever verifies an area knows
 * what its UUID must be.
 */
void verity_derive_uuid(struct verity_params *p);

/**
 * verity_area_bytes() - length of the hash area: one hash block for the superblock, and the tree
 * Return: 0 if the geometry is none (see verity_build())
 */
uint64_t verity_area_bytes(const struct verity_params *p) must_check;

/**
 * verity_build() - superblock, hash tree and root hash of a data area
 * @data: its first p->data_blocks * p->data_block_bytes bytes are hashed, straight from memory where
 *        @data->bytes is there
 * @out: receives verity_area_bytes(p) bytes: the superblock at 0, the tree from the next hash block
 *       on, root level first; written by the calling thread only
 * @root_hash: untouched on failure
 * Return: 0; -EINVAL bad block sizes, salt or no blocks; -EOVERFLOW more than 64 bits of bytes;
 *         -EIO @data is too short; -ENOMEM; -ECANCELED; what reading and writing return
 */
int verity_build(const struct verity_params *p, const struct source *data, struct sink *out,
		 uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct err *e) must_check;

/**
 * verity_superblock_parse() - read a superblock, strictly: hash type 1, SHA-256, all padding zero
 * @sb: the first @len bytes of a hash area
 * @ret: pool and progress are NULL; untouched on failure
 * Return: 0; -EBADMSG truncated, no superblock, or not one that this program accepts, with the field
 */
int verity_superblock_parse(const void *sb, size_t len, struct verity_params *ret,
			    struct err *e) must_check;

/**
 * verity_area_root_hash() - the root hash that a hash area ends in: that of its top block
 * @hash: superblock at 0
 *
 * Nothing below the top block is looked at: what it is worth, verity_verify() tells.
 * Return: 0; -EBADMSG as verity_superblock_parse(); -ENODATA there is no tree, as for one data block;
 *         -ERANGE too short; -ENOMEM; what reading returns
 */
int verity_area_root_hash(const struct source *hash, uint8_t root_hash[VERITY_ROOT_HASH_BYTES],
			  struct err *e) must_check;

/**
 * verity_verify() - recompute every hash of a data area and its hash area
 * @hash: superblock at 0; it may be longer than the area, the rest is not looked at
 * @root_hash: what the tree must end in
 * @pool: may be NULL
 *
 * From the root down, so that what is blamed is the first block that differs from what the level
 * above says. The padding of hash blocks and the rest of the superblock's block must be zero: nothing
 * can hide there.
 *
 * Return: 0; -EBADMSG malformed, or a hash that differs, naming the data or hash block; -ERANGE too
 *         short; -ENOMEM; -ECANCELED; what reading returns
 */
int verity_verify(const struct source *data, const struct source *hash,
		  const uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct pool *pool,
		  struct err *e) must_check;

/**
 * verity_verify_cryptsetup() - the same question, answered by libcryptsetup
 * @data_path: a file or block device that starts with the data area; /proc/self/fd/N is fine
 * @hash_path: a file or block device that starts with the superblock
 *
 * One thread, no device-mapper, no privileges: a second opinion that shares no code with ours.
 *
 * Return: 0; -EBADMSG it does not verify; -EINVAL neither a file nor a block device; other negative
 *         errno of libcryptsetup
 */
int verity_verify_cryptsetup(const char *data_path, const char *hash_path,
			     const uint8_t root_hash[VERITY_ROOT_HASH_BYTES],
			     struct err *e) must_check;

/**
 * verity_verify_second() - verity_verify_cryptsetup() of sources, on all cores
 * @hash: superblock at 0
 * @pool: may be NULL
 *
 * The tree is taken apart into trees of 64 MiB of data and one over these, which libcryptsetup verifies
 * side by side. Each takes as much memory as it has data. Between the superblock and the tree, and behind
 * it, nothing is looked at.
 *
 * Return: 0; -EBADMSG it does not verify; -ERANGE too short; -ENOMEM; -ECANCELED; what reading returns
 */
int verity_verify_second(const struct source *data, const struct source *hash,
			 const uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct pool *pool,
			 struct err *e) must_check;
