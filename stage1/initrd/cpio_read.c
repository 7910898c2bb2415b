/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/cpio_read.h"

#define HEADER_BYTES 110
#define NAME_MAX_LEN 4096
#define N_NUMBERS    13

bool cpio_probe(const void *data, size_t len)
{
	return len >= HEADER_BYTES &&
	       (memcmp(data, "070701", 6) == 0 || memcmp(data, "070702", 6) == 0);
}

static int bad(size_t at, const char *what, struct err *e)
{
	return err_set(e, -EBADMSG, "cpio archive, offset %zu: %s", at, what);
}

/* Eight hex digits. */
static bool parse_number(const uint8_t *p, uint32_t *ret)
{
	char text[9];
	uint64_t v;

	memcpy(text, p, 8);
	text[8] = '\0';
	if (strlen(text) != 8 || parse_u64(text, 16, &v) < 0)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static size_t align4(size_t at, size_t len)
{
	return MIN((at + 3) & ~(size_t)3, len);
}

/* Zeros that fill an archive up. */
static size_t skip_zeros(const uint8_t *p, size_t at, size_t len)
{
	while (at < len && !p[at])
		at++;
	return at;
}

static int parse_entry(const uint8_t *p, size_t len, size_t *at, struct cpio_entry *ret,
		       struct err *e)
{
	size_t start = *at, left = len - start;
	uint32_t v[N_NUMBERS];

	if (!cpio_probe(p + start, left))
		return bad(start, "no header", e);
	for (size_t i = 0; i < N_NUMBERS; i++)
		if (!parse_number(p + start + 6 + 8 * i, &v[i]))
			return bad(start, "a number that is none", e);
	size_t file_bytes = v[6], name_bytes = v[11], name_at = start + HEADER_BYTES;
	if (name_bytes < 1 || name_bytes > NAME_MAX_LEN || name_bytes > len - name_at)
		return bad(start, "bad length of a name", e);
	if (strnlen((const char *)p + name_at, name_bytes) != name_bytes - 1)
		return bad(start, "bad name", e);
	size_t data_at = align4(name_at + name_bytes, len);
	if (file_bytes > len - data_at)
		return bad(start, "content that is longer than the archive", e);
	*ret = (struct cpio_entry){ .name = (const char *)p + name_at,
				    .ino = v[0],
				    .mode = v[1],
				    .uid = v[2],
				    .gid = v[3],
				    .nlink = v[4],
				    .mtime = v[5],
				    .dev_major = v[7],
				    .dev_minor = v[8],
				    .rdev_major = v[9],
				    .rdev_minor = v[10],
				    .check = v[12],
				    .data = p + data_at,
				    .len = file_bytes,
				    .at = start };
	*at = align4(data_at + file_bytes, len);
	return 1;
}

int cpio_read(const void *data, size_t len, size_t *at, struct cpio_entry *ret, struct err *e)
{
	const uint8_t *p = data;
	struct cpio_entry entry;

	if (*at >= len)
		return bad(*at, "no trailer", e);
	int r = parse_entry(p, len, at, &entry, e);
	if (r < 0)
		return r;
	if (str_eq(entry.name, "TRAILER!!!")) {
		*at = skip_zeros(p, *at, len);
		return 0;
	}
	*ret = entry;
	return 1;
}
