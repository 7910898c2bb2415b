/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/channel.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/sink.h"

#define NAME_CHARS     "abcdefghijklmnopqrstuvwxyz0123456789-" /* what node/update asks for */
#define NEW_FORMAT     ".%s.new"
#define NAME_MAX_CHARS 32

static int check_name(const char *name, struct err *e)
{
	if (*name == '-' || strlen(name) > NAME_MAX_CHARS || name[strspn(name, NAME_CHARS)])
		return err_set(e, -EINVAL,
			       "channel \"%.80s\": nodes ask for one of at most %d characters "
			       "a-z, 0-9 and -, a letter or digit first",
			       name, NAME_MAX_CHARS);
	return 0;
}

/* A copy of the descriptor's directory, to be read from its start. */
static int open_listing(int fd, DIR **ret)
{
	_cleanup_close_ int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);

	if (!d)
		return -errno;
	(void)TAKE_FD(own);
	*ret = d;
	return 0;
}

static bool is_dots(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..");
}

/* Files only, and an index unless there is nothing. */
static int check_entries(const struct publish_channel *c, struct err *e)
{
	bool any = false, index = false;
	struct dirent *de;
	struct stat st;
	DIR *d = NULL;

	int r = open_listing(c->old, &d);
	if (r < 0)
		return err_sys(e, r, "%s/%s", c->dir, c->name);
	while (r == 0 && (de = readdir(d))) {
		if (is_dots(de->d_name))
			continue;
		any = true;
		index = index || str_eq(de->d_name, PUBLISH_INDEX_NAME);
		if (fstatat(c->old, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			r = err_set(e, -ENOTEMPTY,
				    "%s/%s/%s is no file: a channel holds files only, move it "
				    "elsewhere",
				    c->dir, c->name, de->d_name);
	}
	closedir(d);
	if (r == 0 && any && !index)
		r = err_set(e, -ENOTEMPTY,
			    "%s/%s is there, and slipway publish has not made it: name another "
			    "channel or directory",
			    c->dir, c->name);
	return r;
}

int publish_channel_open(struct publish_channel *c, const char *dir, int dir_fd, const char *name,
			 struct err *e)
{
	int r = check_name(name, e);

	if (r < 0)
		return r;
	c->dir = dir;
	c->dir_fd = dir_fd;
	c->name = strdup(name);
	if (!c->name)
		return err_oom(e);
	c->old = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->old < 0 && errno == ENOENT)
		return 0;
	return c->old < 0 ? err_sys(e, -errno, "%s/%s", dir, name) : check_entries(c, e);
}

static int read_file(int dir, const char *name, struct source *ret, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 ? err_sys(e, -errno, "%s", name) : source_init_fd(ret, fd, e);
}

/* Have the sums a line for this file? */
static bool sums_have(const struct source *sums, const struct source *file, const char *name)
{
	uint8_t sha256[SHA256_BYTES];
	char hex[SHA256_HEX];
	struct err e;

	if (source_sha256(file, sha256, &e) < 0)
		return false;
	hex_encode(sha256, sizeof(sha256), hex);
	_cleanup_free_ char *line = str_printf("%s  %s\n", hex, name);
	return line && sums->bytes && memmem(sums->bytes, sums->size_bytes, line, strlen(line));
}

static int read_index(struct publish_channel *c, struct err *e)
{
	_cleanup_source_ struct source sums = SOURCE_INIT, index = SOURCE_INIT;

	int r = read_file(c->old, PUBLISH_SUMS_NAME, &sums, e);
	if (r == 0)
		r = read_file(c->old, PUBLISH_INDEX_NAME, &index, e);
	if (r == 0 && !sums_have(&sums, &index, PUBLISH_INDEX_NAME))
		r = err_set(e, -EBADMSG, "%s is not the one of %s: it was changed",
			    PUBLISH_INDEX_NAME, PUBLISH_SUMS_NAME);
	if (r == 0)
		r = publish_index_parse(index.bytes, index.size_bytes, &c->index, e);
	return r;
}

int publish_channel_trust(struct publish_channel *c, const struct publish_keyring *keyring,
			  struct err *e)
{
	_cleanup_free_ char *sums = str_printf("%s/%s/" PUBLISH_SUMS_NAME, c->dir, c->name),
			    *signature =
				    str_printf("%s/%s/" PUBLISH_SIGNATURE_NAME, c->dir, c->name),
			    *key = NULL;

	if (!sums || !signature)
		return err_oom(e);
	int r = publish_verify(keyring, sums, signature, &key, e);
	if (r < 0)
		return r;
	r = read_index(c, e);
	return r < 0 ? err_wrap(e, r, "%s/%s", c->dir, c->name) : 0;
}

char *publish_channel_path(const struct publish_channel *c, const char *name)
{
	return str_printf("%s/" NEW_FORMAT "/%s", c->dir, c->name, name);
}

/* The directory that the new one is made in, and that the old one becomes. */
static int remove_new(const struct publish_channel *c, const char *name, struct err *e)
{
	_cleanup_close_ int fd =
		openat(c->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *de;
	DIR *d = NULL;

	if (fd < 0 && errno == ENOENT)
		return 0;
	int r = fd < 0 ? -errno : open_listing(fd, &d);
	while (r == 0 && (de = readdir(d)))
		if (!is_dots(de->d_name) && unlinkat(fd, de->d_name, 0) < 0)
			r = -errno;
	if (d)
		closedir(d);
	if (r == 0 && unlinkat(c->dir_fd, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r < 0 ? err_sys(e, r, "remove %s/%s", c->dir, name) : 0;
}

static void format_new(const struct publish_channel *c, char name[NAME_MAX_CHARS + 8])
{
	snprintf(name, NAME_MAX_CHARS + 8, NEW_FORMAT, c->name);
}

void publish_channel_done(struct publish_channel *c)
{
	char name[NAME_MAX_CHARS + 8];
	struct err e;

	if (c->new >= 0) {
		format_new(c, name);
		(void)!remove_new(c, name, &e);
		close(c->new);
	}
	if (c->old >= 0)
		close(c->old);
	publish_index_free(c->index);
	free(c->name);
	*c = (struct publish_channel)PUBLISH_CHANNEL_INIT;
}

int publish_channel_begin(struct publish_channel *c, struct err *e)
{
	char name[NAME_MAX_CHARS + 8];

	format_new(c, name);
	int r = remove_new(c, name, e);
	if (r < 0)
		return r;
	if (mkdirat(c->dir_fd, name, 0755) < 0)
		return err_sys(e, -errno, "%s/%s", c->dir, name);
	c->new = openat(c->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->new < 0 || fchmod(c->new, 0755) < 0)
		return err_sys(e, -errno, "%s/%s", c->dir, name);
	return 0;
}

int publish_channel_create(struct publish_channel *c, const char *name, struct err *e)
{
	_cleanup_close_ int fd =
		openat(c->new, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return err_sys(e, -errno, "write %s/%s/%s", c->dir, c->name, name);
	return TAKE_FD(fd);
}

int publish_channel_write(struct publish_channel *c, const char *name, const struct buf *content,
			  struct err *e)
{
	if (unlinkat(c->new, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, -errno, "write %s/%s/%s", c->dir, c->name, name);
	_cleanup_close_ int fd = publish_channel_create(c, name, e);
	struct sink s;

	if (fd < 0)
		return fd;
	sink_init_fd(&s, fd);
	int r = sink_pwrite(&s, 0, content->data, content->len, e);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(e, -errno, "write");
	return r < 0 ? err_wrap(e, r, "%s/%s/%s", c->dir, c->name, name) : 0;
}

static int check_file(int from, const struct publish_file *f, struct err *e)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	uint8_t sha256[SHA256_BYTES];

	int r = read_file(from, f->name, &s, e);
	if (r == 0)
		r = source_sha256(&s, sha256, e);
	if (r == 0 && (s.size_bytes != f->bytes || memcmp(sha256, f->sha256, sizeof(sha256)) != 0))
		r = err_set(
			e, -EBADMSG,
			"%s is not what was published: it was changed since; put the file back, "
			"or publish its version into another directory",
			f->name);
	return r;
}

static int link_file(struct publish_channel *c, int from, const char *name, struct err *e)
{
	if (linkat(from, name, c->new, name, 0) < 0)
		return err_sys(e, -errno, "link %s into the channel", name);
	return 0;
}

int publish_channel_link(struct publish_channel *c, int from, const struct publish_file *f,
			 struct err *e)
{
	int r = check_file(from, f, e);

	if (r == 0)
		r = link_file(c, from, f->name, e);
	return r < 0 ? err_wrap(e, r, "%s/%s", c->dir, c->name) : 0;
}

static bool names_file(const struct publish_index *i, const char *name)
{
	for (size_t k = 0; k < i->n_versions; k++)
		for (size_t n = 0; n < PUBLISH_N_KINDS; n++)
			if (i->versions[k].files[n].name &&
			    str_eq(i->versions[k].files[n].name, name))
				return true;
	return false;
}

static bool is_head(const char *name)
{
	return str_eq(name, PUBLISH_SUMS_NAME) || str_eq(name, PUBLISH_SIGNATURE_NAME) ||
	       str_eq(name, PUBLISH_INDEX_NAME) || str_has_prefix(name, PUBLISH_BEST_BEFORE);
}

/* Called like what this image's versions are made of? */
static bool is_of_image(const char *image, const char *name)
{
	_cleanup_free_ char *stem =
		strndup(name, strlen(name) - (str_has_suffix(name, ".xz") ? strlen(".xz") : 0));
	size_t len = strlen(image);

	if (!stem || strncmp(stem, image, len) != 0 || stem[len] != '_')
		return false;
	for (enum publish_kind k = 0; k < PUBLISH_N_KINDS; k++)
		if (str_has_suffix(stem, publish_kind_suffix(k)))
			return true;
	return false;
}

/* Ours, and forgotten once already. */
static bool is_forgotten(const struct publish_channel *c, const char *name)
{
	return is_of_image(c->index->name, name) && !names_file(c->index, name);
}

int publish_channel_carry(struct publish_channel *c, const struct publish_index *index,
			  struct err *e)
{
	struct dirent *de;
	DIR *d = NULL;

	if (c->old < 0 || !c->index)
		return 0;
	int r = open_listing(c->old, &d);
	if (r < 0)
		return err_sys(e, r, "%s/%s", c->dir, c->name);
	while (r == 0 && (de = readdir(d)))
		if (!is_dots(de->d_name) && !is_head(de->d_name) &&
		    !names_file(index, de->d_name) && !is_forgotten(c, de->d_name))
			r = link_file(c, c->old, de->d_name, e);
	closedir(d);
	return r;
}

int publish_channel_commit(struct publish_channel *c, struct err *e)
{
	unsigned int how = c->old < 0 ? RENAME_NOREPLACE : RENAME_EXCHANGE;
	char name[NAME_MAX_CHARS + 8];

	format_new(c, name);
	if (fsync(c->new) < 0)
		return err_sys(e, -errno, "%s/%s", c->dir, name);
	if (renameat2(c->dir_fd, name, c->dir_fd, c->name, how) < 0) {
		if (errno == EINVAL || errno == ENOSYS)
			return err_set(e, -EXDEV,
				       "%s: this filesystem cannot exchange two directories in one "
				       "step: publish to another and copy it from there",
				       c->dir);
		return err_sys(e, -errno, "%s/%s", c->dir, c->name);
	}
	close(TAKE_FD(c->new));
	if (fsync(c->dir_fd) < 0)
		return err_sys(e, -errno, "%s", c->dir);
	return c->old < 0 ? 0 : remove_new(c, name, e);
}
