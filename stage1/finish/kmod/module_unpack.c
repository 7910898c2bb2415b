/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/kmod/internal.h"
#include "stage1/package/unpack.h"

#define MODULE_BYTES_MAX (256 * MiB)

/* Only the format of the suffix is taken: another one is an error, not a surprise. */
static const struct {
	const char *suffix;
	enum unpack_format format;
} suffixes[] = {
	{ ".ko", UNPACK_NONE },
	{ ".ko.xz", UNPACK_XZ },
	{ ".ko.zst", UNPACK_ZSTD },
	{ ".ko.gz", UNPACK_GZIP },
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

int module_unpack(const struct blob *blob, const char *path, uint8_t **ret_copy,
		  const uint8_t **ret_data, uint64_t *ret_len, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t which = suffix_index(path);
	struct source src;

	*ret_copy = NULL;
	if (which == ARRAY_SIZE(suffixes))
		return err_set(e, -EINVAL, "not the name of a module");
	if (suffixes[which].format == UNPACK_NONE) {
		*ret_data = blob->data;
		*ret_len = blob->len;
		return blob->len <= MODULE_BYTES_MAX ? 0 : err_set(e, -EFBIG, "more than 256 MiB");
	}
	source_init_bytes(&src, blob->data, blob->len);
	int r = unpack_to_buf(&src, suffixes[which].format, MODULE_BYTES_MAX, &out, e);
	if (r < 0)
		return r;
	*ret_len = out.len;
	*ret_data = *ret_copy = TAKE_PTR(out.data);
	return 0;
}
