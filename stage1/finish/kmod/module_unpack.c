/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <archive.h>
#include <archive_entry.h>

#include "stage1/finish/kmod/internal.h"

#define MODULE_BYTES_MAX (256 * MiB)

DEFINE_CLEANUP(struct archive *, archive_read_free)

static const struct {
	const char *suffix;
	int (*filter)(struct archive *a); /* NULL: not compressed */
} suffixes[] = {
	{ ".ko", NULL },
	{ ".ko.xz", archive_read_support_filter_xz },
	{ ".ko.zst", archive_read_support_filter_zstd },
	{ ".ko.gz", archive_read_support_filter_gzip },
};

static size_t suffix_index(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(suffixes) && !str_has_suffix(name, suffixes[i].suffix))
		i++;
	return i;
}

const char *module_suffix(const char *name)
{
	size_t i = suffix_index(name);

	return i < ARRAY_SIZE(suffixes) ? suffixes[i].suffix : NULL;
}

static int fail(struct archive *a, struct err *e)
{
	const char *why = archive_error_string(a);
	int r = archive_errno(a) == ENOMEM ? -ENOMEM : -EBADMSG;

	return err_set(e, r, "unpack: %s", why ? why : "malformed");
}

/* Only the filter of the suffix is there: another format is an error, not a surprise. */
static int open_stream(struct archive *a, size_t which, const struct blob *blob, struct err *e)
{
	struct archive_entry *entry;

	if (suffixes[which].filter(a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, blob->data, blob->len) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return fail(a, e);
	if (archive_filter_code(a, 0) == ARCHIVE_FILTER_NONE)
		return err_set(e, -EBADMSG, "its content is not what its suffix says");
	return 0;
}

static int read_all(struct archive *a, struct buf *out, struct err *e)
{
	for (;;) {
		const void *data;
		size_t len;
		la_int64_t off;
		int r = archive_read_data_block(a, &data, &len, &off);

		if (r == ARCHIVE_EOF)
			return buf_failed(out) ? err_oom(e) : 0;
		if (r != ARCHIVE_OK)
			return fail(a, e);
		if (len > MODULE_BYTES_MAX - out->len)
			return err_set(e, -EFBIG, "unpacked it has more than 256 MiB");
		buf_append(out, data, len);
		if (buf_failed(out))
			return err_oom(e);
	}
}

int module_unpack(const struct blob *blob, const char *path, uint8_t **ret_copy,
		  const uint8_t **ret_data, uint64_t *ret_len, struct err *e)
{
	size_t which = suffix_index(path);

	*ret_copy = NULL;
	if (which == ARRAY_SIZE(suffixes))
		return err_set(e, -EINVAL, "not the name of a module");
	if (!suffixes[which].filter) {
		*ret_data = blob->data;
		*ret_len = blob->len;
		return blob->len <= MODULE_BYTES_MAX ? 0 : err_set(e, -EFBIG, "more than 256 MiB");
	}
	_cleanup_(archive_read_free) struct archive *a = archive_read_new();
	_cleanup_buf_ struct buf out = BUF_INIT;
	if (!a)
		return err_oom(e);
	int r = open_stream(a, which, blob, e);
	if (r >= 0)
		r = read_all(a, &out, e);
	if (r < 0)
		return r;
	*ret_len = out.len;
	*ret_data = *ret_copy = TAKE_PTR(out.data);
	return 0;
}
