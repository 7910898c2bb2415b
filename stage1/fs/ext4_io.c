/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An io_manager of libext2fs over a sink (nothing is ever read back) or over a source (nothing is
 * ever written). libext2fs hands its open() nothing but a name, so the name is our object's address.
 */
#include <inttypes.h>
#include <pthread.h>

#include "stage1/fs/ext4.h"

static void load_messages(void)
{
	initialize_ext2_error_table();
}

int ext4_err(struct err *e, errcode_t code, const char *what)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_messages);
	if (code == EXT2_ET_NO_MEMORY || code == ENOMEM)
		return err_oom(e);
	return err_set(e, -EINVAL, "ext4: %s: %s", what, error_message(code));
}

void ext4_io_init(struct ext4_io *io, struct sink *sink, const struct source *source, struct err *e)
{
	*io = (struct ext4_io){ .sink = sink, .source = source, .e = e };
	snprintf(io->name, sizeof(io->name), "%" PRIxPTR, (uintptr_t)io);
}

static errcode_t io_open(const char *name, int flags unused_, io_channel *ret)
{
	io_channel ch = calloc(1, sizeof(*ch));

	if (!ch)
		return EXT2_ET_NO_MEMORY;
	ch->name = strdup(name);
	if (!ch->name) {
		free(ch);
		return EXT2_ET_NO_MEMORY;
	}
	ch->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	ch->manager = &ext4_io_manager;
	ch->block_size = 1024;
	ch->refcount = 1;
	ch->private_data = (void *)(uintptr_t)strtoull(name, NULL, 16);
	*ret = ch;
	return 0;
}

static errcode_t io_close(io_channel ch)
{
	if (--ch->refcount > 0)
		return 0;
	free(ch->name);
	free(ch);
	return 0;
}

static errcode_t io_set_blksize(io_channel ch, int bytes)
{
	ch->block_size = bytes;
	return 0;
}

/* A negative count is bytes. Return: false if there is no such place. */
static bool io_range(io_channel ch, uint64_t block, int count, uint64_t *off, uint64_t *len)
{
	*len = count < 0 ? (uint64_t) - (int64_t)count
			 : (uint64_t)count * (unsigned int)ch->block_size;
	return !mul_overflows(block, (uint64_t)ch->block_size, off);
}

static errcode_t io_read(io_channel ch, unsigned long long block, int count, void *data)
{
	struct ext4_io *io = ch->private_data;
	uint64_t off, len;

	if (!io->source)
		return EXT2_ET_UNIMPLEMENTED;
	if (!io_range(ch, block, count, &off, &len))
		return EXT2_ET_SHORT_READ;
	if (off > io->source->size_bytes || len > io->source->size_bytes - off)
		return EXT2_ET_SHORT_READ;
	return source_pread(io->source, off, data, (size_t)len, io->e) < 0 ? EXT2_ET_SHORT_READ : 0;
}

static errcode_t io_write(io_channel ch, unsigned long long block, int count, const void *data)
{
	struct ext4_io *io = ch->private_data;
	uint64_t off, len;

	if (!io->sink)
		return EXT2_ET_RO_FILSYS;
	if (!io_range(ch, block, count, &off, &len))
		return EXT2_ET_SHORT_WRITE;
	return sink_pwrite(io->sink, off, data, (size_t)len, io->e) < 0 ? EXT2_ET_SHORT_WRITE : 0;
}

static errcode_t io_read32(io_channel ch, unsigned long block, int count, void *data)
{
	return io_read(ch, block, count, data);
}

static errcode_t io_write32(io_channel ch, unsigned long block, int count, const void *data)
{
	return io_write(ch, block, count, data);
}

static errcode_t io_flush(io_channel ch unused_)
{
	return 0;
}

struct struct_io_manager ext4_io_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "slipway",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_blksize,
	.read_blk = io_read32,
	.write_blk = io_write32,
	.flush = io_flush,
	.read_blk64 = io_read,
	.write_blk64 = io_write,
};
