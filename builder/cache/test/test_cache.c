/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/sink.h"
#include "builder/cache/cache_internal.h"
#include "stage1/package/test/make_deb.h"

static char *new_cache(struct cache **ret)
{
	struct err e = { 0 };
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/a/cache", dir);

	ck_ok(cache_open(path, ret, &e));
	return dir;
}

static void hash_hex(const void *data, size_t len, char hex[SHA256_HEX])
{
	uint8_t d[SHA256_BYTES];

	sha256_bytes(data, len, d);
	hex_encode(d, sizeof(d), hex);
}

static void store(struct cache *c, const void *data, size_t len, char hex[SHA256_HEX])
{
	struct cache_writer *w = NULL;
	struct err e = { 0 };
	uint64_t off;

	hash_hex(data, len, hex);
	ck_ok(cache_writer_begin(c, hex, len, &w, &off, &e));
	ck_assert_uint_eq(off, 0);
	ck_ok(cache_writer_write(w, data, len, &e));
	ck_ok(cache_writer_commit(w, &e));
}

static void write_over(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/a/cache/%s", dir, name);
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	_cleanup_close_ int fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	/* As a disk does that loses bits: the time stays. */
	struct timespec times[2] = { st.st_atim, st.st_mtim };
	ck_assert_int_eq(futimens(fd, times), 0);
}

static bool exists(const char *dir, const char *fmt, const char *key)
{
	_cleanup_free_ char *name = str_printf(fmt, key);
	_cleanup_free_ char *path = str_printf("%s/a/cache/%s", dir, name);

	return access(path, F_OK) == 0;
}

START_TEST(packages_are_checked_when_they_come)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL;
	char *dir = new_cache(&c), hex[SHA256_HEX];
	struct cache_writer *w = NULL;
	uint64_t off;

	store(c, "hello", 5, hex);
	_cleanup_close_ int fd = cache_package_open(c, hex, 5, &e);
	ck_assert_int_ge(fd, 0);
	ck_assert(cache_has_package(c, hex, 0));
	ck_fails(cache_writer_begin(c, hex, 5, &w, &off, &e), -EEXIST, "already");
	_cleanup_free_ char *path = cache_package_path(c, hex);
	ck_assert_int_eq(access(path, R_OK), 0);
	/* Another content, too long, too short. */
	hash_hex("other", 5, hex);
	ck_ok(cache_writer_begin(c, hex, 5, &w, &off, &e));
	ck_ok(cache_writer_write(w, "othe?", 5, &e));
	ck_fails(cache_writer_write(w, "!", 1, &e), -EBADMSG, "longer than the 5 bytes");
	ck_fails(cache_writer_commit(w, &e), -EBADMSG, "its SHA-256 is");
	ck_assert(!cache_has_package(c, hex, 0));
	ck_assert(!exists(dir, "partial/%s", hex));
	ck_ok(cache_writer_begin(c, hex, 5, &w, &off, &e));
	ck_ok(cache_writer_write(w, "oth", 3, &e));
	ck_fails(cache_writer_commit(w, &e), -EBADMSG, "truncated: 3 of 5");
	ck_assert(!cache_has_package(c, hex, 0));
	ck_assert(exists(dir, "partial/%s", hex));
	ck_fails(cache_writer_begin(c, "../../etc/passwd", 5, &w, &off, &e), -EINVAL, "SHA-256");
	ck_fails(cache_package_open(c, "ABC", 5, &e), -EINVAL, "SHA-256");
	test_dir_remove(dir);
}
END_TEST

START_TEST(downloads_resume)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL;
	char *dir = new_cache(&c), hex[SHA256_HEX];
	struct cache_writer *w = NULL;
	uint64_t off;

	hash_hex("hello, world", 12, hex);
	pid_t child = fork();
	if (child == 0) {
		if (cache_writer_begin(c, hex, 12, &w, &off, &e) < 0 ||
		    cache_writer_write(w, "hello, ", 7, &e) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert(!cache_has_package(c, hex, 0));
	ck_ok(cache_writer_begin(c, hex, 12, &w, &off, &e));
	ck_assert_uint_eq(off, 7);
	ck_ok(cache_writer_write(w, "wor", 3, &e));
	cache_writer_abort(w);
	ck_ok(cache_writer_begin(c, hex, 12, &w, &off, &e));
	ck_assert_uint_eq(off, 10);
	ck_ok(cache_writer_write(w, "ld", 2, &e));
	ck_ok(cache_writer_commit(w, &e));
	ck_assert(cache_has_package(c, hex, 12));
	/* A server that begins anew. */
	hash_hex("abc", 3, hex);
	ck_ok(cache_writer_begin(c, hex, 3, &w, &off, &e));
	ck_ok(cache_writer_write(w, "xx", 2, &e));
	cache_writer_abort(w);
	ck_ok(cache_writer_begin(c, hex, 3, &w, &off, &e));
	ck_assert_uint_eq(off, 2);
	ck_ok(cache_writer_restart(w, &e));
	ck_ok(cache_writer_write(w, "abc", 3, &e));
	ck_ok(cache_writer_commit(w, &e));
	test_dir_remove(dir);
}
END_TEST

START_TEST(two_may_store_the_same)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL, *other = NULL;
	char *dir = new_cache(&c), hex[SHA256_HEX];
	_cleanup_free_ char *path = str_printf("%s/a/cache", dir);
	struct cache_writer *a = NULL, *b = NULL;
	struct cache_stats stats = { 0 };
	uint64_t off;

	ck_ok(cache_open(path, &other, &e));
	hash_hex("hello", 5, hex);
	ck_ok(cache_writer_begin(c, hex, 5, &a, &off, &e));
	ck_ok(cache_writer_write(a, "he", 2, &e));
	ck_ok(cache_writer_begin(other, hex, 5, &b, &off, &e));
	ck_assert_uint_eq(off, 0);
	ck_ok(cache_writer_write(b, "hel", 3, &e));
	/* What is being written is not cleaned away. */
	ck_ok(cache_clean(c, NULL, &stats, &e));
	ck_assert_uint_eq(stats.n_files, 0);
	ck_ok(cache_writer_write(a, "llo", 3, &e));
	ck_ok(cache_writer_commit(a, &e));
	ck_ok(cache_writer_write(b, "lo", 2, &e));
	ck_ok(cache_writer_commit(b, &e));
	ck_assert(cache_has_package(c, hex, 5));
	ck_ok(cache_clean(c, NULL, &stats, &e));
	ck_assert_uint_eq(stats.n_files, 1);
	test_dir_remove(dir);
}
END_TEST

static void make_package(struct buf *deb)
{
	static const struct make_file file = {
		.path = "./x", .type = AE_IFREG, .mode = 0644, .content = "content of x"
	};
	_cleanup_buf_ struct buf tar = BUF_INIT;

	make_tar(&tar, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_XZ, &file, 1);
	make_deb(deb, "data.tar.xz", &tar);
}

/* Reads the package; true if that took no unpacking. */
static bool read_package(struct cache *c, const struct buf *deb, const char *hex)
{
	_cleanup_(package_free) struct package *p = NULL;
	struct unpack_store *s = cache_unpack_store(c);
	struct source src;
	struct err e = { 0 };

	_cleanup_close_ int fd = s->open(s, hex, &e);
	source_init_bytes(&src, deb->data, deb->len);
	ck_ok(package_read_deb(&src, hex, s, &p, &e));
	ck_assert_uint_eq(p->n_entries, 1);
	ck_assert_uint_eq(p->entries[0].blob->len, 12);
	ck_assert_mem_eq(p->entries[0].blob->data, "content of x", 12);
	return fd >= 0;
}

START_TEST(archives_are_unpacked_once)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL;
	_cleanup_buf_ struct buf deb = BUF_INIT;
	char *dir = new_cache(&c), hex[SHA256_HEX];

	make_package(&deb);
	store(c, deb.data, deb.len, hex);
	ck_assert(!read_package(c, &deb, hex));
	ck_assert(read_package(c, &deb, hex));
	/* Damage that is seen at once: no note, another note, another size, another time. */
	_cleanup_free_ char *tar = str_printf("%s/a/cache/unpacked/%s.tar", dir, hex);
	_cleanup_free_ char *ok = str_printf("%s/a/cache/unpacked/%s.ok", dir, hex);
	ck_assert_int_eq(unlink(ok), 0);
	ck_assert(!read_package(c, &deb, hex));
	ck_assert_int_eq(truncate(ok, 3), 0);
	ck_assert(!read_package(c, &deb, hex));
	ck_assert_int_eq(chmod(tar, 0600), 0);
	struct stat st;
	ck_assert_int_eq(stat(tar, &st), 0);
	ck_assert_int_eq(truncate(tar, 512), 0);
	const struct timespec times[2] = { st.st_atim, st.st_mtim };
	ck_assert_int_eq(utimensat(AT_FDCWD, tar, times, 0), 0);
	ck_assert(!read_package(c, &deb, hex));
	ck_assert_int_eq(utimensat(AT_FDCWD, tar, NULL, 0), 0);
	ck_assert(!read_package(c, &deb, hex));
	ck_assert(read_package(c, &deb, hex));
	/* A header that does not read: unpacked again. */
	_cleanup_free_ char *name = str_printf("unpacked/%s.tar", hex);
	write_over(dir, name, "y");
	ck_assert(read_package(c, &deb, hex));
	struct cache_stats bad = { 0 };
	ck_ok(cache_verify(c, &bad, &e));
	ck_assert_uint_eq(bad.n_files, 0);
	test_dir_remove(dir);
}
END_TEST

START_TEST(an_archive_appears_whole_or_not_at_all)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL;
	char *dir = new_cache(&c), hex[SHA256_HEX];
	struct unpack_store *s = cache_unpack_store(c);

	hash_hex("x", 1, hex);
	int status;
	pid_t child = fork();
	if (child == 0) {
		int fd = s->create(s, hex, &e);
		if (fd < 0 || write(fd, "half", 4) != 4)
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert(!exists(dir, "unpacked/%s.tar", hex));
	ck_assert_int_eq(s->open(s, hex, &e), -ENOENT);
	int fd = s->create(s, hex, &e);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "whole", 5), 5);
	ck_assert_int_eq(s->open(s, hex, &e), -ENOENT);
	s->commit(s, hex, fd);
	close(fd);
	fd = s->open(s, hex, &e);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = s->create(s, hex, &e);
	ck_assert_int_ge(fd, 0);
	s->discard(s, hex, fd);
	close(fd);
	/* Where the filesystem makes no nameless files, they have a name that does not count. */
	char name[CACHE_NAME_MAX];
	struct cache_stats stats = { 0 };
	for (int commit = 0; commit < 2; commit++) {
		ck_ok(cache_clean(c, NULL, NULL, &e));
		fd = cache_temporary(c, "unpacked", hex, name);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, "whole", 5), 5);
		ck_assert_int_eq(s->open(s, hex, &e), -ENOENT);
		if (commit)
			s->commit(s, hex, fd);
		else
			s->discard(s, hex, fd);
		close(fd);
		fd = s->open(s, hex, &e);
		ck_assert_int_eq(fd >= 0, commit);
		if (fd >= 0)
			close(fd);
	}
	ck_ok(cache_clean(c, NULL, &stats, &e));
	ck_assert_uint_eq(stats.n_files, 2);
	ck_assert_int_eq(s->open(s, "../x", &e), -ENOENT);
	ck_fails(s->create(s, "../x", &e), -EINVAL, "SHA-256");
	test_dir_remove(dir);
}
END_TEST

START_TEST(what_killed_processes_left_goes)
{
	_cleanup_(cache_close) struct cache *c = NULL, *again = NULL;
	char *dir = new_cache(&c), hex[SHA256_HEX], name[CACHE_NAME_MAX];
	_cleanup_free_ char *path = str_printf("%s/a/cache", dir);
	struct err e = { 0 };

	hash_hex("x", 1, hex);
	_cleanup_close_ int used = cache_temporary(c, "unpacked", hex, name);
	ck_assert_int_ge(used, 0);
	_cleanup_free_ char *in_use = str_printf("%s/%s", path, name);
	int left = cache_temporary(c, "partial", hex, name);
	ck_assert_int_ge(left, 0);
	_cleanup_free_ char *unused = str_printf("%s/%s", path, name);
	close(left); /* as the end of its process does */
	ck_ok(cache_open(path, &again, &e));
	ck_assert_int_eq(access(in_use, F_OK), 0);
	ck_assert_int_ne(access(unused, F_OK), 0);
	test_dir_remove(dir);
}
END_TEST

START_TEST(verifying_finds_lost_bits)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL;
	_cleanup_buf_ struct buf deb = BUF_INIT;
	char *dir = new_cache(&c), hex[SHA256_HEX], other[SHA256_HEX];
	struct cache_stats bad = { 0 };

	make_package(&deb);
	store(c, deb.data, deb.len, hex);
	store(c, "hello", 5, other);
	ck_assert(!read_package(c, &deb, hex));
	ck_ok(cache_verify(c, &bad, &e));
	ck_assert_uint_eq(bad.n_files, 0);
	_cleanup_free_ char *tar = str_printf("unpacked/%s.tar", hex);
	_cleanup_free_ char *package = str_printf("packages/%s", other);
	write_over(dir, tar, "X");
	write_over(dir, package, "J");
	ck_assert(cache_has_package(c, other, 5));
	ck_ok(cache_verify(c, &bad, &e));
	ck_assert_uint_eq(bad.n_files, 2);
	ck_assert(!cache_has_package(c, other, 5));
	ck_assert(cache_has_package(c, hex, deb.len));
	ck_assert(!read_package(c, &deb, hex));
	ck_assert(read_package(c, &deb, hex));
	/* A file that has become shorter is noticed when it is opened. */
	_cleanup_free_ char *path = cache_package_path(c, hex);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(truncate(path, 10), 0);
	ck_assert_int_eq(cache_package_open(c, hex, deb.len, &e), -ENOENT);
	ck_assert_int_ne(access(path, F_OK), 0);
	test_dir_remove(dir);
}
END_TEST

START_TEST(one_package_is_checked)
{
	_cleanup_(cache_close) struct cache *c = NULL;
	char *dir = new_cache(&c), hex[SHA256_HEX];

	store(c, "hello", 5, hex);
	_cleanup_free_ char *package = str_printf("packages/%s", hex);
	ck_assert(cache_package_check(c, hex));
	ck_assert(cache_has_package(c, hex, 5));
	write_over(dir, package, "J");
	ck_assert(!cache_package_check(c, hex));
	ck_assert(!cache_has_package(c, hex, 5));
	ck_assert(!cache_package_check(c, hex));
	test_dir_remove(dir);
}
END_TEST

START_TEST(cleaning_keeps_what_is_named)
{
	struct err e = { 0 };
	_cleanup_(cache_close) struct cache *c = NULL;
	_cleanup_buf_ struct buf deb = BUF_INIT;
	char *dir = new_cache(&c), hex[SHA256_HEX], other[SHA256_HEX], third[SHA256_HEX];
	_cleanup_strv_ struct strv keep = STRV_INIT;
	struct cache_stats stats = { 0 };
	struct cache_writer *w = NULL;
	uint64_t off;

	make_package(&deb);
	store(c, deb.data, deb.len, hex);
	read_package(c, &deb, hex);
	store(c, "hello", 5, other);
	hash_hex("third", 5, third);
	ck_ok(cache_writer_begin(c, third, 5, &w, &off, &e));
	ck_ok(cache_writer_write(w, "th", 2, &e));
	cache_writer_abort(w);
	ck_assert_int_eq(strv_add(&keep, hex), 0);
	ck_ok(cache_clean(c, &keep, &stats, &e));
	ck_assert_uint_eq(stats.n_files, 2);
	ck_assert_uint_eq(stats.bytes, 7);
	ck_assert(read_package(c, &deb, hex));
	ck_assert(!exists(dir, "packages/%s", other) && !exists(dir, "partial/%s", third));
	_cleanup_free_ char *mine = str_printf("%s/a/cache/packages/mine", dir);
	FILE *f = fopen(mine, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_ok(cache_clean(c, NULL, &stats, &e));
	ck_assert_uint_eq(stats.n_files, 5);
	ck_assert_int_eq(access(mine, F_OK), 0);
	test_dir_remove(dir);
}
END_TEST

TEST_MAIN("cache", packages_are_checked_when_they_come, downloads_resume, two_may_store_the_same,
	  archives_are_unpacked_once, an_archive_appears_whole_or_not_at_all,
	  what_killed_processes_left_goes, verifying_finds_lost_bits, one_package_is_checked,
	  cleaning_keeps_what_is_named)
