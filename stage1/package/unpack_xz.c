/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * .xz and .lzma by liblzma: in order, or, where an .xz was made of several blocks, block by block side
 * by side on the caller's pool (liblzma's own threaded decoder would bring threads of its own).
 */
#include <lzma.h>

#include "stage1/package/unpack_internal.h"

#define INDEX_MEMORY_BYTES (64 * MiB)

static int lzma_error(lzma_ret r, const struct unpack_out *o, struct err *e)
{
	switch (r) {
	case LZMA_MEM_ERROR:
		return err_oom(e);
	case LZMA_MEMLIMIT_ERROR:
		return err_set(e, -EFBIG, "its decoder wants more than %llu MiB of memory",
			       (unsigned long long)(UNPACK_MEMORY_BYTES / MiB));
	case LZMA_BUF_ERROR:
		return unpack_truncated(o, e);
	case LZMA_FORMAT_ERROR:
		return err_set(e, -EBADMSG, "it is not %s",
			       o->p->format == UNPACK_XZ ? ".xz" : ".lzma");
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK:
		return err_set(e, -EBADMSG, "it uses a filter or checksum that liblzma lacks");
	default:
		return unpack_damaged(o, e);
	}
}

/* Runs the decoder until it has given all that it can for now. */
static lzma_ret decode_some(lzma_stream *s, lzma_action action, struct unpack_out *o, uint8_t *buf,
			    int *ret_error, struct err *e)
{
	lzma_ret l;

	do {
		s->next_out = buf;
		s->avail_out = UNPACK_BUFFER_BYTES;
		l = lzma_code(s, action);
		*ret_error = unpack_out_put(o, buf, UNPACK_BUFFER_BYTES - s->avail_out, e);
	} while (l == LZMA_OK && *ret_error == 0 && (s->avail_in || s->avail_out == 0));
	return l;
}

int unpack_lzma(struct unpack_in *in, struct unpack_out *o, struct err *e)
{
	__attribute__((cleanup(lzma_end))) lzma_stream s = LZMA_STREAM_INIT;
	_cleanup_free_ uint8_t *buf = malloc(UNPACK_BUFFER_BYTES);
	size_t len = 0;

	if (!buf)
		return err_oom(e);
	lzma_ret l = o->p->format == UNPACK_LZMA
			     ? lzma_alone_decoder(&s, UNPACK_MEMORY_BYTES)
			     : lzma_stream_decoder(&s, UNPACK_MEMORY_BYTES,
						   LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK);
	do {
		int r = l == LZMA_OK ? unpack_in_next(in, &s.next_in, &len, e) : 0;
		if (r < 0)
			return r;
		if (l != LZMA_OK)
			return lzma_error(l, o, e);
		s.avail_in = len;
		l = decode_some(&s, len ? LZMA_RUN : LZMA_FINISH, o, buf, &r, e);
		if (r < 0)
			return r;
		if (l == LZMA_OK && len == 0)
			l = LZMA_BUF_ERROR;
	} while (l != LZMA_STREAM_END);
	if (s.avail_in || in->off < in->src->size_bytes)
		return unpack_behind(e);
	return 0;
}

struct block {
	uint64_t offset, unpadded_bytes, total_bytes; /* in the file */
	uint64_t unpacked_offset, unpacked_bytes;
};

struct blocks {
	const struct unpack_params *p;
	lzma_check check;
	struct block *v;
	size_t n;
};

static void index_free(lzma_index *i)
{
	lzma_index_end(i, NULL);
}
DEFINE_CLEANUP(lzma_index *, index_free)

/* NULL: the file is not one whole stream; the decoder in order will say what is wrong with it. */
static lzma_index *read_index(const struct source *src, lzma_check *ret_check)
{
	const uint8_t *data = src->bytes;
	uint64_t size = src->size_bytes, memory = INDEX_MEMORY_BYTES;
	lzma_stream_flags head, foot;
	lzma_index *index = NULL;
	size_t at = 0;

	if (size < 2 * LZMA_STREAM_HEADER_SIZE || size > SIZE_MAX ||
	    lzma_stream_header_decode(&head, data) != LZMA_OK ||
	    lzma_stream_footer_decode(&foot, data + size - LZMA_STREAM_HEADER_SIZE) != LZMA_OK ||
	    lzma_stream_flags_compare(&head, &foot) != LZMA_OK ||
	    foot.backward_size > size - 2 * LZMA_STREAM_HEADER_SIZE ||
	    !lzma_check_is_supported(head.check))
		return NULL;
	const uint8_t *packed = data + size - LZMA_STREAM_HEADER_SIZE - foot.backward_size;
	if (lzma_index_buffer_decode(&index, &memory, NULL, packed, &at,
				     (size_t)foot.backward_size) != LZMA_OK)
		return NULL;
	if (at != foot.backward_size || lzma_index_file_size(index) != size) {
		lzma_index_end(index, NULL);
		return NULL;
	}
	*ret_check = head.check;
	return index;
}

static int list_blocks(const lzma_index *index, struct blocks *b, struct err *e)
{
	lzma_index_iter it;

	b->v = calloc(lzma_index_block_count(index), sizeof(*b->v));
	if (!b->v)
		return err_oom(e);
	lzma_index_iter_init(&it, index);
	while (!lzma_index_iter_next(&it, LZMA_INDEX_ITER_NONEMPTY_BLOCK))
		b->v[b->n++] = (struct block){
			.offset = it.block.compressed_file_offset,
			.unpadded_bytes = it.block.unpadded_size,
			.total_bytes = it.block.total_size,
			.unpacked_offset = it.block.uncompressed_file_offset,
			.unpacked_bytes = it.block.uncompressed_size,
		};
	return 0;
}

/* The block's own header must agree with the index. */
static lzma_ret open_block(const struct blocks *b, const struct block *k, lzma_block *block,
			   lzma_stream *s)
{
	const uint8_t *data = b->p->src->bytes + k->offset;

	if (data[0] == 0)
		return LZMA_DATA_ERROR;
	block->check = b->check;
	block->header_size = lzma_block_header_size_decode(data[0]);
	if (block->header_size > k->unpadded_bytes)
		return LZMA_DATA_ERROR;
	lzma_ret l = lzma_block_header_decode(block, NULL, data);
	if (l == LZMA_OK)
		l = lzma_block_compressed_size(block, k->unpadded_bytes);
	if (l == LZMA_OK && block->uncompressed_size == LZMA_VLI_UNKNOWN)
		block->uncompressed_size = k->unpacked_bytes;
	if (l == LZMA_OK && block->uncompressed_size != k->unpacked_bytes)
		l = LZMA_DATA_ERROR;
	if (l == LZMA_OK && lzma_raw_decoder_memusage(block->filters) > UNPACK_MEMORY_BYTES)
		l = LZMA_MEMLIMIT_ERROR;
	if (l == LZMA_OK)
		l = lzma_block_decoder(s, block);
	s->next_in = data + block->header_size;
	s->avail_in = (size_t)(k->total_bytes - block->header_size);
	return l;
}

struct filters {
	lzma_filter v[LZMA_FILTERS_MAX + 1];
};

static void filters_done(struct filters *f)
{
	for (size_t i = 0; i <= LZMA_FILTERS_MAX; i++)
		free(f->v[i].options);
}

static int decode_block(void *ctx, size_t i, struct err *e)
{
	const struct blocks *b = ctx;
	const struct block *k = &b->v[i];
	__attribute__((cleanup(lzma_end))) lzma_stream s = LZMA_STREAM_INIT;
	_cleanup_free_ uint8_t *buf = malloc(UNPACK_BUFFER_BYTES);
	struct unpack_out o = { .p = b->p, .len = k->unpacked_offset };
	__attribute__((cleanup(filters_done))) struct filters filters;
	lzma_block block = { .version = 0, .filters = filters.v };
	int r = 0;

	for (size_t f = 0; f <= LZMA_FILTERS_MAX; f++)
		filters.v[f] = (lzma_filter){ .id = LZMA_VLI_UNKNOWN };
	if (!buf)
		return err_oom(e);
	lzma_ret l = open_block(b, k, &block, &s);
	if (l == LZMA_OK)
		l = decode_some(&s, LZMA_RUN, &o, buf, &r, e);
	if (r < 0)
		return r;
	if (l != LZMA_STREAM_END)
		return lzma_error(l == LZMA_OK ? LZMA_DATA_ERROR : l, &o, e);
	if (o.len != k->unpacked_offset + k->unpacked_bytes)
		return unpack_damaged(&o, e);
	return 0;
}

int unpack_xz_blocks(const struct unpack_params *p, uint64_t *ret_bytes, struct err *e)
{
	struct blocks b = { .p = p };

	_cleanup_(index_free) lzma_index *index =
		p->src->bytes ? read_index(p->src, &b.check) : NULL;
	if (!index)
		return 0;
	uint64_t len = lzma_index_uncompressed_size(index);
	int r = unpack_check_size(p, len, e);
	if (r < 0 || !p->pool || pool_n_threads(p->pool) < 2 || lzma_index_block_count(index) < 2)
		return r;
	r = list_blocks(index, &b, e);
	if (r == 0)
		r = pool_run(p->pool, b.n, decode_block, &b, e);
	free(b.v);
	if (r < 0)
		return r;
	*ret_bytes = len;
	return 1;
}
