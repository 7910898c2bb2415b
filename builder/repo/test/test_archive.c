/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a whole archive of a whole image does is test-archive.sh's; this is about what can go wrong. */
#include "builder/repo/archive.h"

#include "builder/repo/test/fixture.h"

#define SUITES "sid old/sid"

/* A mirror of two suites, one with a slash in its name, a lock of two packages, and a cache. */
struct world {
	char *dir, *keyring, *mirror, *cache_dir, *archive;
	struct recipe recipe;
	struct lock lock;
	struct lock_suite suites[2];
	struct lock_package packages[2];
	struct cache *cache;
};

static void file_digest(const struct world *w, const char *path, uint8_t out[SHA256_BYTES])
{
	_cleanup_free_ char *full = str_printf("%s/%s", w->mirror, path);
	_cleanup_source_ struct source s = SOURCE_INIT;
	struct err e;

	ck_ok(source_open(&s, full, &e));
	ck_ok(source_sha256(&s, out, &e));
}

static void add_suite(struct world *w, const char *name)
{
	struct lock_suite *s = &w->suites[w->lock.n_suites++];
	_cleanup_free_ char *inrelease = str_printf("dists/%s/InRelease", name);
	_cleanup_free_ char *packages = str_printf("dists/%s/main/binary-amd64/Packages.xz", name);

	put_suite(w->mirror, w->dir, &(struct suite_spec){ .suite = name, .packages = "" });
	*s = (struct lock_suite){ .suite = (char *)name,
				  .codename = (char *)name,
				  .component = (char *)"main",
				  .date = T0_EPOCH,
				  .signers = strv_of("ABCDEF0123456789") };
	file_digest(w, inrelease, s->inrelease_sha256);
	file_digest(w, packages, s->packages_sha256);
}

static void add_package(struct world *w, const char *name, const char *path)
{
	struct lock_package *k = &w->packages[w->lock.n_packages++];

	put_text(w->mirror, path, name);
	*k = (struct lock_package){ .name = (char *)name,
				    .version = (char *)"1",
				    .arch = (char *)"all",
				    .path = (char *)path,
				    .suite = (char *)"sid",
				    .size_bytes = strlen(name),
				    .image = true };
	sha256_bytes(name, strlen(name), k->sha256);
}

static bool setup(struct world *w, const char *key_days)
{
	struct err e;

	if (!have_gpg())
		return false;
	memset(w, 0, sizeof(*w));
	w->dir = test_dir();
	w->keyring = key_make(w->dir, "key", "20231101T000000", key_days);
	w->mirror = str_printf("%s/debian", w->dir);
	w->cache_dir = str_printf("%s/cache", w->dir);
	w->archive = str_printf("%s/archive", w->dir);
	w->lock = (struct lock){ .arch = (char *)"x86-64",
				 .builder = (char *)"0.1",
				 .suites = w->suites,
				 .packages = w->packages };
	add_suite(w, "old/sid");
	add_suite(w, "sid");
	add_package(w, "one", "pool/main/one_1.deb");
	add_package(w, "three", "other/three_1.deb");
	w->recipe = recipe_of(w->mirror, w->keyring, SUITES, "one three", "");
	w->recipe.name = (char *)"node";
	w->recipe.version = (char *)"7";
	ck_ok(cache_open(w->cache_dir, &w->cache, &e));
	return true;
}

static void done(struct world *w)
{
	key_stop(w->dir, "key");
	recipe_done_(&w->recipe);
	strv_done(&w->suites[0].signers);
	strv_done(&w->suites[1].signers);
	cache_close(w->cache);
	test_dir_remove(w->dir);
	free(w->keyring);
	free(w->mirror);
	free(w->cache_dir);
	free(w->archive);
}

static int archive(struct world *w, struct archive_result *ret, struct err *e)
{
	const struct archive_params p = { .recipe = &w->recipe,
					  .lock = &w->lock,
					  .dir = w->archive,
					  .cache = w->cache,
					  .cache_dir = w->cache_dir };

	return archive_lock(&p, ret, e);
}

static void archive_ok(struct world *w, size_t want_added)
{
	struct archive_result result = { 0 };
	struct err e;

	ck_ok(archive(w, &result, &e));
	ck_assert_uint_eq(result.n_added, want_added);
	free(result.lock_path);
}

static void archive_fails(struct world *w, int code, const char *message)
{
	struct archive_result result = { 0 };
	struct err e;

	ck_fails(archive(w, &result, &e), code, message);
	ck_assert_ptr_null(result.lock_path);
}

/* Is there a file of this text, links followed? @path is below @base. */
static bool holds(const char *base, const char *path, const char *text)
{
	_cleanup_free_ char *full = str_printf("%s/%s", base, path);
	_cleanup_source_ struct source s = SOURCE_INIT;
	char there[100];
	struct err e;

	if (source_open(&s, full, &e) < 0 || s.size_bytes != strlen(text))
		return false;
	ck_ok(source_pread(&s, 0, there, strlen(text), &e));
	return memcmp(there, text, strlen(text)) == 0;
}

static bool same_as_mirror(const struct world *w, const char *base, const char *path)
{
	_cleanup_free_ char *cmd = str_printf("cmp -s %s/%s %s/%s", w->mirror, path, base, path);

	return system(cmd) == 0;
}

/* The archive, and each lock's directory in it, are mirrors. */
START_TEST(both_are_mirrors)
{
	static const char *const indices[] = { "dists/sid/InRelease", "dists/old/sid/InRelease",
					       "dists/sid/main/binary-amd64/Packages.xz",
					       "dists/old/sid/main/binary-amd64/Packages.xz" };
	struct archive_result result = { 0 };
	struct world w;
	struct err e;

	if (!setup(&w, "0"))
		test_skip("no gpg");
	ck_ok(archive(&w, &result, &e));
	/* 2 packages, 4 indices, a keyring, 2 sums, 2 READMEs, the lock */
	ck_assert_uint_eq(result.n_added, 12);
	ck_assert_msg(str_has_prefix(result.lock_path, "locks/node_7_"), "%s", result.lock_path);
	_cleanup_free_ char *own = str_printf("%s/%s", w.archive, result.lock_path);
	const char *const bases[] = { w.archive, own };
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		ck_assert(holds(bases[i], "pool/main/one_1.deb", "one"));
		ck_assert(holds(bases[i], "other/three_1.deb", "three"));
		for (size_t k = 0; k < ARRAY_SIZE(indices); k++)
			ck_assert_msg(same_as_mirror(&w, bases[i], indices[k]), "%s/%s", bases[i],
				      indices[k]);
	}
	_cleanup_free_ char *cmd = str_printf("cmp -s %s %s/keyrings/old/sid.gpg", w.keyring, own);
	ck_assert_int_eq(system(cmd), 0);
	free(result.lock_path);
	archive_ok(&w, 0);
	done(&w);
}
END_TEST

START_TEST(paths_that_an_archive_cannot_have)
{
	static const char *const paths[] = { "locks/one.deb", "dists/one.deb", "README",
					     "indices/sid/one.deb", "keyrings/a.gpg" };
	struct world w;

	if (!setup(&w, "0"))
		test_skip("no gpg");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		w.packages[0].path = (char *)paths[i];
		archive_fails(&w, -EINVAL, "package one: an archive has another use for ");
	}
	w.packages[0].path = (char *)"../one.deb";
	archive_fails(&w, -EINVAL, "package one: ../one.deb is no path of a mirror");
	w.packages[0].path = w.packages[1].path;
	archive_fails(&w, -EEXIST, "two repositories of the lock have other/three_1.deb");
	w.packages[0].path = (char *)"pool/main/one_1.deb";
	w.suites[0].component = (char *)"../main";
	archive_fails(&w, -EINVAL, "suite old/sid: old/sid ../main cannot be a path");
	w.suites[0].suite = (char *)"nosuch";
	archive_fails(&w, -ESTALE, "suite nosuch: the recipe has no such suite");
	done(&w);
}
END_TEST

/* Another keyring today is no reason: the one that is there verified the same index. */
START_TEST(what_is_there_stays)
{
	struct world w;

	if (!setup(&w, "0"))
		test_skip("no gpg");
	archive_ok(&w, 12);
	_cleanup_free_ char *other = key_make(w.dir, "other", "20230101T000000", "0");
	_cleanup_free_ char *add = str_printf("cat %s >>%s", other, w.keyring);
	ck_assert_int_eq(system(add), 0);
	put_text(w.archive, "README", "mine\n");
	archive_ok(&w, 0);
	ck_assert(holds(w.archive, "README", "mine\n"));
	_cleanup_free_ char *turn =
		str_printf("cd %s/locks/node_7_* && ln -sfn ../../other pool", w.archive);
	ck_assert_int_eq(system(turn), 0);
	archive_fails(&w, -EEXIST, "leads to ../../other and would have to lead to ../../pool");
	put_text(w.archive, "pool/main/one_1.deb", "two");
	archive_fails(&w, -EEXIST, "pool/main/one_1.deb is there with other bytes");
	ck_assert(holds(w.archive, "pool/main/one_1.deb", "two"));
	key_stop(w.dir, "other");
	done(&w);
}
END_TEST

/* The index counts as of its date, whatever has become of the key. */
START_TEST(a_key_that_has_expired)
{
	struct world w;

	if (!setup(&w, "20d"))
		test_skip("no gpg");
	archive_ok(&w, 12);
	done(&w);
}
END_TEST

START_TEST(a_damaged_cache)
{
	struct world w;
	char hex[SHA256_HEX];

	if (!setup(&w, "0"))
		test_skip("no gpg");
	hex_encode(w.packages[0].sha256, SHA256_BYTES, hex);
	_cleanup_free_ char *name = str_printf("packages/%s", hex);
	put_text(w.cache_dir, name, "owe");
	archive_fails(&w, -EBADMSG, "package one 1 is damaged in the cache: remove packages/");
	_cleanup_free_ char *lock = str_printf("ls %s/locks/*/recipe.lock 2>/dev/null", w.archive);
	ck_assert_int_ne(system(lock), 0);
	_cleanup_free_ char *path = str_printf("%s/%s", w.cache_dir, name);
	ck_assert_int_eq(unlink(path), 0);
	struct archive_result result = { 0 };
	struct err e;
	ck_ok(archive(&w, &result, &e));
	ck_assert(holds(w.archive, "pool/main/one_1.deb", "one"));
	free(result.lock_path);
	done(&w);
}
END_TEST

START_TEST(packages_are_checked)
{
	_cleanup_source_ struct source s = SOURCE_INIT;
	struct world w;
	struct err e;

	if (!setup(&w, "0"))
		test_skip("no gpg");
	ck_ok(archive_open_package(w.mirror, &w.packages[0], &s, &e));
	ck_assert_uint_eq(s.size_bytes, 3);
	source_done(&s);
	s = (struct source)SOURCE_INIT;
	put_text(w.mirror, "pool/main/one_1.deb", "owe");
	ck_fails(archive_open_package(w.mirror, &w.packages[0], &s, &e), -EBADMSG,
		 "package one 1: ");
	ck_assert_ptr_nonnull(strstr(e.msg, "pool/main/one_1.deb: its SHA-256 is "));
	put_text(w.mirror, "pool/main/one_1.deb", "one more");
	ck_fails(archive_open_package(w.mirror, &w.packages[0], &s, &e), -EBADMSG,
		 "has 8 bytes and the lock says 3");
	w.packages[0].path = (char *)"pool/main";
	ck_fails(archive_open_package(w.mirror, &w.packages[0], &s, &e), -EBADMSG, "the lock says");
	w.packages[0].path = (char *)"pool/none.deb";
	ck_fails(archive_open_package(w.mirror, &w.packages[0], &s, &e), -ENOENT,
		 "pool/none.deb is not there");
	done(&w);
}
END_TEST

TEST_MAIN("archive", both_are_mirrors, paths_that_an_archive_cannot_have, what_is_there_stays,
	  a_key_that_has_expired, a_damaged_cache, packages_are_checked)
