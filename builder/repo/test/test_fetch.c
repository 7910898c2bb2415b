/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/fetch.h"

#include "builder/repo/test/fixture.h"
#include "builder/repo/test/http_server.h"

#define N_FILES 20
#define BYTES	(200 * 1000) /* of a file */

/* No waiting between tries, and little for a server that has fallen silent. */
static const struct download_limits quick = {
	.connections = 4,
	.tries = 3,
	.backoff_ms = 1,
	.stall_seconds = 1,
};

/* A mirror with files, a lock that names them, and an empty cache. */
struct world {
	char *dir, *content;
	struct lock lock;
	struct recipe recipe;
	struct mirror_set *mirrors;
	struct cache *cache;
	struct http_server server;
};

static void name_file(struct world *w, size_t i)
{
	struct lock_package *k = &w->lock.packages[i];

	*k = (struct lock_package){ .name = str_printf("p%zu", i),
				    .suite = (char *)"sid",
				    .path = str_printf("pool/p%zu_1+b~1.deb", i),
				    .size_bytes = BYTES };
	for (size_t j = 0; j < BYTES; j++)
		w->content[j] = (char)(j * 7 + j / 251 + i);
	sha256_bytes(w->content, BYTES, k->sha256);
	put_file(w->dir, k->path, w->content, BYTES);
}

static void use_mirror(struct world *w, const char *url)
{
	struct err e;

	mirror_set_free(TAKE_PTR(w->mirrors));
	ck_ok(mirror_set_new(&w->recipe, url, NULL, &w->mirrors, &e));
}

static void setup(struct world *w, size_t n)
{
	struct err e;

	memset(w, 0, sizeof(*w));
	w->dir = test_dir();
	w->content = malloc(BYTES);
	w->lock.packages = calloc(N_FILES, sizeof(*w->lock.packages));
	w->lock.n_packages = n;
	for (size_t i = 0; i < n; i++)
		name_file(w, i);
	w->recipe = recipe_of("system", "k", "sid", "", "");
	http_start(&w->server, w->dir);
	use_mirror(w, w->server.url);
	_cleanup_free_ char *path = str_printf("%s/cache", w->dir);
	ck_ok(cache_open(path, &w->cache, &e));
}

static void done(struct world *w)
{
	http_stop(&w->server);
	for (size_t i = 0; i < w->lock.n_packages; i++) {
		free(w->lock.packages[i].name);
		free(w->lock.packages[i].path);
	}
	free(w->lock.packages);
	free(w->content);
	recipe_done_(&w->recipe);
	mirror_set_free(w->mirrors);
	cache_close(w->cache);
	test_dir_remove(w->dir);
}

static int fetch(struct world *w, struct err *e)
{
	return fetch_packages(&w->lock,
			      &(struct fetch_params){
				      .mirrors = w->mirrors, .cache = w->cache, .limits = &quick },
			      e);
}

static size_t missing(struct world *w)
{
	uint64_t bytes;
	size_t n = fetch_missing(&w->lock, w->cache, &bytes);

	ck_assert_uint_eq(bytes, n * BYTES);
	return n;
}

/* What an interrupted download would have left: @len bytes, of the content or others. */
static void leave_partial(struct world *w, size_t i, size_t len, char first_xor)
{
	char hex[SHA256_HEX];

	hex_encode(w->lock.packages[i].sha256, SHA256_BYTES, hex);
	_cleanup_free_ char *name = str_printf("cache/partial/%s", hex);
	free(w->lock.packages[i].name);
	free(w->lock.packages[i].path);
	name_file(w, i); /* brings its content back */
	w->content[0] ^= first_xor;
	put_file(w->dir, name, w->content, len);
}

START_TEST(all_side_by_side)
{
	struct world w;
	struct err e;

	setup(&w, N_FILES);
	ck_assert_uint_eq(missing(&w), N_FILES);
	ck_ok(fetch(&w, &e));
	ck_assert_uint_eq(missing(&w), 0);
	ck_assert_uint_eq(w.server.n_requests, N_FILES);
	ck_assert_uint_eq(w.server.n_escaped, N_FILES); /* the + of each; ~ needs none */
	ck_ok(fetch(&w, &e));				/* nothing is left to do */
	ck_assert_uint_eq(w.server.n_requests, N_FILES);
	done(&w);
}
END_TEST

START_TEST(of_a_directory)
{
	struct world w;
	struct err e;

	setup(&w, 3);
	use_mirror(&w, w.dir);
	leave_partial(&w, 1, BYTES / 3, 0);
	ck_ok(fetch(&w, &e));
	ck_assert_uint_eq(missing(&w), 0);
	ck_assert_uint_eq(w.server.n_requests, 0);
	done(&w);
}
END_TEST

START_TEST(lacking_in_a_directory)
{
	struct world w;
	struct err e;

	setup(&w, 2);
	use_mirror(&w, w.dir);
	_cleanup_free_ char *file = str_printf("%s/%s", w.dir, w.lock.packages[1].path);
	ck_assert_int_eq(unlink(file), 0);
	ck_fails(fetch(&w, &e), -ENOENT, "pool/p1_1+b~1.deb: from file:///");
	ck_assert_int_eq(missing(&w) >= 1, 1);
	put_file(w.dir, w.lock.packages[1].path, "x", 1);
	ck_fails(fetch(&w, &e), -EBADMSG, "truncated after 1 of 200000 bytes");
	ck_assert_uint_eq(missing(&w), 1);
	done(&w);
}
END_TEST

/* A mirror that does this to every request: the error, and nothing in the cache. */
static void check_fault(enum http_fault fault, int code, const char *message)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	http_break(&w.server, fault, 1000);
	ck_fails(fetch(&w, &e), code, message);
	ck_assert_ptr_nonnull(strstr(e.msg, "pool/p0_1+b~1.deb: from http://127.0.0.1:"));
	ck_assert_uint_eq(missing(&w), 1);
	http_break(&w.server, HTTP_FINE, 0); /* and it is none the worse for it */
	ck_ok(fetch(&w, &e));
	ck_assert_uint_eq(missing(&w), 0);
	done(&w);
}

START_TEST(faults_that_stay)
{
	check_fault(HTTP_NOT_FOUND, -ENOENT,
		    "it is not there (HTTP 404); mirrors drop old versions");
	check_fault(HTTP_BROKEN, -EBADMSG, "of 200000 bytes");
	check_fault(HTTP_SHORT, -EBADMSG, "truncated after 100000 of 200000 bytes");
	check_fault(HTTP_UNANNOUNCED, -EBADMSG, "truncated after ");
	check_fault(HTTP_LONG, -EBADMSG, "longer than the 200000 bytes");
	check_fault(HTTP_CHANGED, -EBADMSG, "its SHA-256 is ");
	check_fault(HTTP_BUSY, -EHOSTUNREACH, "503");
	check_fault(HTTP_HANG_UP, -EHOSTUNREACH, "tried several times): try again, or name");
	check_fault(HTTP_TO_FILE, -EIO, "ot supported");
}
END_TEST

START_TEST(a_stall)
{
	check_fault(HTTP_STALL, -ETIMEDOUT, "too slow");
}
END_TEST

/* A fault that passes: the download goes through all the same. */
static void check_passing(enum http_fault fault, int times, unsigned int want_ranges)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	http_break(&w.server, fault, times);
	ck_ok(fetch(&w, &e));
	ck_assert_uint_eq(missing(&w), 0);
	ck_assert_uint_eq(w.server.n_ranges, want_ranges);
	done(&w);
}

START_TEST(faults_that_pass)
{
	check_passing(HTTP_BUSY, 2, 0);
	check_passing(HTTP_HANG_UP, 2, 0);
	check_passing(HTTP_BROKEN, 1, 1); /* the second half is asked for */
	check_passing(HTTP_BROKEN, 2, 2);
	check_passing(HTTP_UNANNOUNCED, 1, 1);
	check_passing(HTTP_MOVED, 1000, 0);
}
END_TEST

START_TEST(resumed)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	leave_partial(&w, 0, BYTES - 1, 0);
	ck_ok(fetch(&w, &e));
	ck_assert_uint_eq(w.server.n_ranges, 1);
	ck_assert_uint_eq(missing(&w), 0);
	done(&w);
}
END_TEST

START_TEST(all_of_it_was_there)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	leave_partial(&w, 0, BYTES, 0);
	ck_ok(fetch(&w, &e));
	ck_assert_uint_eq(w.server.n_requests, 0);
	ck_assert_uint_eq(missing(&w), 0);
	done(&w);
}
END_TEST

START_TEST(a_wrong_beginning)
{
	static const size_t lengths[] = { 1, BYTES / 2, BYTES };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct world w;
		struct err e;

		setup(&w, 1);
		leave_partial(&w, 0, lengths[i], 1);
		ck_ok(fetch(&w, &e));
		ck_assert_uint_eq(missing(&w), 0);
		ck_assert_uint_eq(w.server.n_ranges, lengths[i] < BYTES ? 1 : 0);
		done(&w);
	}
}
END_TEST

START_TEST(servers_without_ranges)
{
	static const enum http_fault faults[] = { HTTP_NO_RANGES, HTTP_RANGE_REFUSED };

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct world w;
		struct err e;

		setup(&w, 1);
		leave_partial(&w, 0, BYTES / 2, 0);
		http_break(&w.server, faults[i], 1000);
		ck_ok(fetch(&w, &e));
		ck_assert_uint_eq(missing(&w), 0);
		done(&w);
	}
}
END_TEST

START_TEST(a_server_that_sends_another_part)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	leave_partial(&w, 0, BYTES / 2, 0);
	http_break(&w.server, HTTP_BAD_RANGE, 1000);
	ck_fails(fetch(&w, &e), -EIO, "another part than it was asked for");
	ck_assert_uint_eq(missing(&w), 1);
	done(&w);
}
END_TEST

START_TEST(nobody_there)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	http_stop(&w.server);
	ck_fails(fetch(&w, &e), -EHOSTUNREACH, "tried several times): try again, or name");
	http_start(&w.server, w.dir);
	done(&w);
}
END_TEST

/* One of many fails: the rest that is there stays. */
START_TEST(one_of_many)
{
	struct world w;
	struct err e;

	setup(&w, N_FILES);
	_cleanup_free_ char *file = str_printf("%s/%s", w.dir, w.lock.packages[N_FILES - 1].path);
	ck_assert_int_eq(unlink(file), 0);
	ck_fails(fetch(&w, &e), -ENOENT, "pool/p19_1+b~1.deb");
	ck_assert_int_lt((int)missing(&w), N_FILES);
	done(&w);
}
END_TEST

START_TEST(interrupted)
{
	_cleanup_(pool_free) struct pool *pool = NULL;
	struct world w;
	struct err e;

	setup(&w, 2);
	ck_ok(pool_new(1, &pool, &e));
	pool_cancel(pool);
	http_break(&w.server, HTTP_STALL, 1000);
	const struct fetch_params p = { .mirrors = w.mirrors, .cache = w.cache, .cancel = pool };
	ck_fails(fetch_packages(&w.lock, &p, &e), -ECANCELED, "interrupted");
	done(&w);
}
END_TEST

START_TEST(a_suite_without_mirror)
{
	struct world w;
	struct err e;

	setup(&w, 1);
	w.lock.packages[0].suite = (char *)"other";
	ck_fails(fetch(&w, &e), -EINVAL, "package p0: the recipe has no suite other");
	done(&w);
}
END_TEST

struct counter {
	struct progress progress;
	uint64_t last, total;
};

static void count_up(struct progress *p, const char *what, uint64_t so_far, uint64_t total)
{
	struct counter *c = (struct counter *)p;

	ck_assert_str_eq(what, "packages");
	c->last = so_far, c->total = total;
}

START_TEST(progress_comes_to_its_end)
{
	struct counter c = { .progress = { count_up } };
	struct world w;
	struct err e;

	setup(&w, 3);
	leave_partial(&w, 1, BYTES / 2, 1);
	const struct fetch_params p = {
		.mirrors = w.mirrors, .cache = w.cache, .progress = &c.progress, .limits = &quick
	};
	ck_ok(fetch_packages(&w.lock, &p, &e));
	ck_assert_uint_eq(c.total, 3 * BYTES);
	ck_assert_uint_eq(c.last, c.total);
	done(&w);
}
END_TEST

TEST_MAIN("fetch", all_side_by_side, of_a_directory, lacking_in_a_directory, faults_that_stay,
	  a_stall, faults_that_pass, resumed, all_of_it_was_there, a_wrong_beginning,
	  servers_without_ranges, a_server_that_sends_another_part, nobody_there, one_of_many,
	  interrupted, a_suite_without_mirror, progress_comes_to_its_end)
