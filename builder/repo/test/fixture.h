/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A small signed package repository in a directory, made by the test itself. */
#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/outfile.h"
#include "base/run.h"
#include "base/test/support.h"
#include "builder/recipe/recipe.h"

#define T0	 UINT64_C(1700000000) /* "now" of these tests: 2023-11-14 */
#define T0_DATE	 "Tue, 14 Nov 2023 10:00:00 UTC"
#define T0_EPOCH UINT64_C(1699956000)

static inline void make_dirs(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	for (char *p = copy + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(copy, 0755);
			*p = '/';
		}
}

/** put_file() - @len bytes at <dir>/<path>, with the directories on the way */
static inline void put_file(const char *dir, const char *path, const void *data, size_t len)
{
	_cleanup_free_ char *full = str_printf("%s/%s", dir, path);
	struct err e;

	make_dirs(full);
	ck_ok(outfile_write(full, 0644, data, len, &e));
}

static inline void put_text(const char *dir, const char *path, const char *text)
{
	put_file(dir, path, text, strlen(text));
}

/** gpg_in() - run gpg with its own home; its output is appended to @out, which may be NULL */
static inline void gpg_in(const char *home, const struct buf *in, struct buf *out,
			  const char *const *args)
{
	const char *argv[24] = { "gpg", "--batch",	   "--no-tty", "--quiet",      "--homedir",
				 home,	"--pinentry-mode", "loopback", "--passphrase", "" };
	size_t n = 10;
	struct err e;

	for (; *args; args++)
		argv[n++] = *args;
	argv[n] = NULL;
	ck_ok(run_program(&(struct run_params){ .argv = argv,
						.input = in ? in->data : NULL,
						.input_len = in ? in->len : 0,
						.out = out },
			  NULL, &e));
}

#define GPG(home, in, out, ...) gpg_in(home, in, out, (const char *const[]){ __VA_ARGS__, NULL })

/** have_gpg() - is the oracle there? */
static inline bool have_gpg(void)
{
	struct err e;
	int status;

	return run_program(&(struct run_params){ .argv = (const char *const[]){ "gpg", "--version",
										NULL } },
			   &status, &e) == 0;
}

/** key_make() - <dir>/<name>: a home with a key; <dir>/<name>.gpg: its public keyring, returned */
static inline char *key_make(const char *dir, const char *name, const char *when,
			     const char *expires)
{
	_cleanup_free_ char *home = str_printf("%s/%s", dir, name);
	_cleanup_free_ char *faked = str_printf("--faked-system-time=%s!", when);
	_cleanup_free_ char *user = str_printf("%s <%s@example.org>", name, name);
	_cleanup_buf_ struct buf public = BUF_INIT;
	char *keyring = str_printf("%s.gpg", home);
	struct err e;

	ck_assert_int_eq(mkdir(home, 0700), 0);
	GPG(home, NULL, NULL, faked, "--quick-gen-key", user, "ed25519", "sign", expires);
	GPG(home, NULL, &public, "--export");
	ck_ok(outfile_write(keyring, 0644, public.data, public.len, &e));
	return keyring;
}

/** key_stop() - end the agent that gpg has started for this home */
static inline void key_stop(const char *dir, const char *name)
{
	_cleanup_free_ char *home = str_printf("%s/%s", dir, name);
	struct err e;
	int status;

	ck_ok(run_program(
		&(struct run_params){ .argv = (const char *const[]){ "gpgconf", "--homedir", home,
								     "--kill", "all", NULL } },
		&status, &e));
}

/** sign_text() - clearsigned @text appended to @out */
static inline void sign_text(const char *dir, const char *key, const char *when, const char *text,
			     struct buf *out)
{
	_cleanup_free_ char *home = str_printf("%s/%s", dir, key);
	_cleanup_free_ char *faked = str_printf("--faked-system-time=%s!", when);
	struct buf in = { (uint8_t *)text, strlen(text), 0, false };

	GPG(home, &in, out, faked, "--clearsign");
}

#define WHEN "20231114T120000"

static inline void xz_bytes(const void *data, size_t len, struct buf *out)
{
	size_t done = 0, bound = lzma_stream_buffer_bound(len);
	uint8_t *to = buf_grow(out, bound);

	ck_assert_int_eq(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, data, len, to, &done,
						 bound),
			 LZMA_OK);
	out->len += done;
}

/* One suite of a repository. What is NULL has its usual value. */
struct suite_spec {
	const char *suite, *packages;
	const char *date, *extra; /* more lines of Release */
	const char *key;	  /* below the keys' directory; NULL: key; "": not signed */
	bool by_hash;		  /* say so, and put the index there only */
	bool security;
};

static inline void put_packages(const char *dir, const struct suite_spec *s, struct buf *release)
{
	_cleanup_buf_ struct buf xz = BUF_INIT;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	xz_bytes(s->packages, strlen(s->packages), &xz);
	sha256_bytes(xz.data, xz.len, digest);
	hex_encode(digest, sizeof(digest), hex);
	buf_printf(release, " %s %zu main/binary-amd64/Packages.xz\n", hex, xz.len);
	_cleanup_free_ char *plain = str_printf("dists/%s/main/binary-amd64/Packages.xz", s->suite);
	_cleanup_free_ char *by_hash =
		str_printf("dists/%s/main/binary-amd64/by-hash/SHA256/%s", s->suite, hex);
	put_file(dir, s->by_hash ? by_hash : plain, xz.data, xz.len);
	sha256_bytes(s->packages, strlen(s->packages), digest);
	hex_encode(digest, sizeof(digest), hex);
	buf_printf(release, " %s %zu main/binary-amd64/Packages\n", hex, strlen(s->packages));
}

/** put_suite() - dists/<suite> below @dir, signed by a key below @keys */
static inline void put_suite(const char *dir, const char *keys, const struct suite_spec *s)
{
	_cleanup_buf_ struct buf release = BUF_INIT, signed_ = BUF_INIT;
	_cleanup_free_ char *path = str_printf("dists/%s/InRelease", s->suite);

	buf_printf(&release,
		   "Origin: Test\nSuite: %s\nCodename: %s\nDate: %s\nArchitectures: amd64 arm64\n"
		   "Components: %smain\n%s%sSHA256:\n",
		   s->suite, s->suite, s->date ? s->date : T0_DATE, s->security ? "updates/" : "",
		   s->by_hash ? "Acquire-By-Hash: yes\n" : "", s->extra ? s->extra : "");
	put_packages(dir, s, &release);
	if (s->key && !*s->key) {
		put_file(dir, path, release.data, release.len);
		return;
	}
	sign_text(keys, s->key ? s->key : "key", WHEN, buf_str(&release), &signed_);
	put_file(dir, path, signed_.data, signed_.len);
}

static inline struct strv strv_of(const char *words)
{
	struct strv l = STRV_INIT;

	ck_assert_int_eq(strv_split(&l, words, " "), 0);
	return l;
}

/** recipe_of() - suites, packages and without as words between spaces; to be freed by recipe_free_() */
static inline struct recipe recipe_of(const char *mirror, const char *keyring, const char *suites,
				      const char *packages, const char *without)
{
	struct strv names = strv_of(suites), no = strv_of(without);
	struct recipe r = { .arch = (char *)"x86-64", .packages = strv_of(packages) };

	r.repos = calloc(names.n + 1, sizeof(*r.repos));
	for (size_t i = 0; i < names.n; i++)
		r.repos[r.n_repos++] =
			(struct recipe_repo){ .suite = strdup(names.v[i]),
					      .components = strv_of("main"),
					      .mirror = strdup(mirror),
					      .keyring = strdup(keyring),
					      .security = str_has_suffix(names.v[i], "-security") };
	r.without = calloc(no.n + 1, sizeof(*r.without));
	for (size_t i = 0; i < no.n; i++)
		r.without[r.n_without++].package = strdup(no.v[i]);
	strv_done(&names);
	strv_done(&no);
	return r;
}

static inline void recipe_done_(struct recipe *r)
{
	for (size_t i = 0; i < r->n_repos; i++) {
		free(r->repos[i].suite);
		strv_done(&r->repos[i].components);
		free(r->repos[i].mirror);
		free(r->repos[i].keyring);
	}
	for (size_t i = 0; i < r->n_without; i++)
		free(r->without[i].package);
	free(r->repos);
	free(r->without);
	strv_done(&r->packages);
	strv_done(&r->initrd_packages);
}
