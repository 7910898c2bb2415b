/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages out of an archive, for a build without a network. */
#include <fcntl.h>

#include "builder/repo/archive.h"

static int check_digest(const struct source *s, const struct lock_package *k, const char *path,
			struct err *e)
{
	char want[SHA256_HEX], have[SHA256_HEX];
	uint8_t digest[SHA256_BYTES];
	int r = source_sha256(s, digest, e);

	if (r < 0)
		return err_wrap(e, r, "%s", path);
	if (memcmp(digest, k->sha256, sizeof(digest)) == 0)
		return 0;
	hex_encode(digest, sizeof(digest), have);
	hex_encode(k->sha256, SHA256_BYTES, want);
	return err_set(e, -EBADMSG,
		       "%s: its SHA-256 is %s and has to be %s: it was changed since it was "
		       "archived; bring a good copy back",
		       path, have, want);
}

static int open_checked(const char *path, const struct lock_package *k, struct source *ret,
			struct err *e)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT,
			       "%s is not there: is this lock archived here? slipway archive does "
			       "it, where its packages can be had",
			       path);
	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	int r = source_init_fd(&s, fd, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	if (s.size_bytes != k->size_bytes)
		return err_set(e, -EBADMSG,
			       "%s has %llu bytes and the lock says %llu: it was changed since it "
			       "was archived; bring a good copy back",
			       path, (unsigned long long)s.size_bytes,
			       (unsigned long long)k->size_bytes);
	r = check_digest(&s, k, path, e);
	if (r < 0)
		return r;
	*ret = s;
	s = (struct source)SOURCE_INIT;
	return 0;
}

int archive_open_package(const char *dir, const struct lock_package *k, struct source *ret,
			 struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, k->path);

	if (!path)
		return err_oom(e);
	int r = open_checked(path, k, ret, e);
	return r < 0 ? err_wrap(e, r, "package %s %s", k->name, k->version) : 0;
}
