/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/index_cache.h"

#include <sys/stat.h>

#include "base/outfile.h"
#include "base/source.h"
#include "builder/cache/cache.h"

static char *path_of(const char *cache_dir, const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX];

	hex_encode(sha256, SHA256_BYTES, hex);
	return str_printf("%s/index/%s", cache_dir, hex);
}

bool index_cache_get(const char *cache_dir, const uint8_t sha256[SHA256_BYTES], struct buf *buf)
{
	_cleanup_free_ char *path = path_of(cache_dir, sha256);
	_cleanup_source_ struct source in = SOURCE_INIT;
	_cleanup_buf_ struct buf content = BUF_INIT;
	uint8_t digest[SHA256_BYTES];
	struct err ignored;

	if (!path || source_open(&in, path, &ignored) < 0)
		return false;
	uint8_t *to = buf_grow(&content, in.size_bytes);
	if (!to || source_pread(&in, 0, to, in.size_bytes, &ignored) < 0)
		return false;
	content.len = in.size_bytes;
	to[content.len] = '\0';
	sha256_bytes(content.data, content.len, digest);
	if (memcmp(digest, sha256, sizeof(digest)) != 0)
		return false;
	buf_done(buf);
	*buf = content;
	content = (struct buf)BUF_INIT;
	return true;
}

int index_cache_put(const char *cache_dir, const uint8_t sha256[SHA256_BYTES],
		    const struct buf *buf, struct err *e)
{
	_cleanup_free_ char *path = path_of(cache_dir, sha256);
	_cleanup_free_ char *dir = str_printf("%s/index", cache_dir);

	if (!path || !dir)
		return err_oom(e);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return cache_advise(err_sys(e, -errno, "%s", dir), e);
	int r = outfile_write(path, 0644, buf->data, buf->len, e);
	return r < 0 ? cache_advise(r, e) : 0;
}
