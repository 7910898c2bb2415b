/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/tar_write.h"

#define BLOCK_BYTES 512
#define MAX_OCTAL   UINT64_C(077777777777) /* eleven digits */

/* Offsets are those of the specification's header block. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type, linkname[100], magic[6], version[2], uname[32], gname[32];
	char devmajor[8], devminor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is one block");

/* The whole path as the name, or at its first slash that will do split into prefix and name. */
static int put_path(struct header *h, const char *path, struct err *e)
{
	const char *name = path, *slash = path;

	while (strlen(name) > sizeof(h->name)) {
		slash = strchr(name, '/');
		if (!slash || (size_t)(slash - path) > sizeof(h->prefix))
			return err_set(e, -ENAMETOOLONG, "%s does not fit into a tar header", path);
		name = slash + 1;
	}
	memcpy(h->prefix, path, (size_t)(slash - path));
	memcpy(h->name, name, strlen(name));
	return 0;
}

static void put_checksum(struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned int sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += p[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

int tar_put_file(struct buf *out, const char *path, int64_t mtime, const void *data, size_t len,
		 struct err *e)
{
	struct header h = { .mode = "0000644",
			    .uid = "0000000",
			    .gid = "0000000",
			    .type = '0',
			    .magic = "ustar",
			    .version = { '0', '0' },
			    .uname = "root",
			    .gname = "root",
			    .devmajor = "0000000",
			    .devminor = "0000000" };

	if (len > MAX_OCTAL || mtime < 0 || (uint64_t)mtime > MAX_OCTAL)
		return err_set(e, -EFBIG, "%s: size or time does not fit into a tar header", path);
	int r = put_path(&h, path, e);
	if (r < 0)
		return r;
	snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)len);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)mtime);
	put_checksum(&h);
	buf_append(out, &h, sizeof(h));
	buf_append(out, data, len);
	buf_pad(out, BLOCK_BYTES);
	return 0;
}

void tar_put_end(struct buf *out)
{
	buf_append_zero(out, 2 * BLOCK_BYTES);
}
