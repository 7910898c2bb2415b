/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/store_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static const struct store_dir *of(const struct fetch_store *s)
{
	return (const struct store_dir *)s;
}

static char *whole_path(const struct fetch_store *s, const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX];

	hex_encode(sha256, SHA256_BYTES, hex);
	return str_printf("%s/%s", of(s)->path, hex);
}

static char *partial_path(const struct fetch_store *s, const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX];

	hex_encode(sha256, SHA256_BYTES, hex);
	return str_printf("%s/partial/%s", of(s)->path, hex);
}

static bool has(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], uint64_t size_bytes)
{
	_cleanup_free_ char *path = whole_path(s, sha256);
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == size_bytes;
}

static int begin(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], int *ret_fd,
		 struct err *e)
{
	_cleanup_free_ char *path = partial_path(s, sha256);

	if (!path)
		return err_oom(e);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, -errno, "%s: is another download under way?", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int commit(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], uint64_t size_bytes,
		  int fd, struct err *e)
{
	_cleanup_close_ int taken = fd;
	_cleanup_free_ char *from = partial_path(s, sha256), *to = whole_path(s, sha256);
	struct stat st;

	if (!from || !to)
		return err_oom(e);
	if (fstat(taken, &st) < 0 || (uint64_t)st.st_size != size_bytes)
		return err_set(e, -EIO, "%s: not the size that was written", from);
	if (rename(from, to) < 0)
		return err_sys(e, -errno, "%s", to);
	return 0;
}

static void abort_one(struct fetch_store *s, const uint8_t sha256[SHA256_BYTES], int fd, bool keep)
{
	_cleanup_close_ int taken = fd;
	_cleanup_free_ char *path = partial_path(s, sha256);

	if (path && !keep)
		unlink(path);
	(void)taken;
}

int store_dir_init(struct store_dir *s, const char *path, struct err *e)
{
	_cleanup_free_ char *partial = str_printf("%s/partial", path);
	char *own = strdup(path);

	if (!partial || !own) {
		free(own);
		return err_oom(e);
	}
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(partial, 0755) < 0 && errno != EEXIST)) {
		free(own);
		return err_sys(e, -errno, "%s", partial);
	}
	*s = (struct store_dir){ .store = { has, begin, commit, abort_one }, .path = own };
	return 0;
}

void store_dir_done(struct store_dir *s)
{
	free(s->path);
	s->path = NULL;
}
