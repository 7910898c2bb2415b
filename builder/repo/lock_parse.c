/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/source.h"
#include "base/deb822.h"
#include "builder/repo/index.h"
#include "builder/repo/lock.h"

#define MAX_LOCK_BYTES (64 * MiB)
#define MAX_WORDS      9

/* Where the parser is. Every problem is reported with the line. */
struct parser {
	const char *path;
	struct span rest;
	size_t line;
	struct span word[MAX_WORDS]; /* of the current line */
	size_t n_words;
	struct lock *lock;
	size_t packages_cap;
	struct err *e;
};

static int bad(struct parser *p, const char *what)
{
	return err_set(p->e, -EINVAL, "%s:%zu: %s", p->path, p->line, what);
}

static int oom(struct parser *p)
{
	return err_oom(p->e);
}

/* Words between single spaces, of printable bytes. Return: 1; 0 at the end; -EINVAL */
static int next_line(struct parser *p)
{
	struct span line;

	p->n_words = 0;
	if (!p->rest.len)
		return 0;
	p->line++;
	if (!memchr(p->rest.p, '\n', p->rest.len))
		return bad(p, "the last line does not end in a newline: the file is cut off");
	span_line(&p->rest, &line);
	for (size_t i = 0, start = 0; i <= line.len; i++) {
		if (i < line.len && line.p[i] != ' ') {
			if (line.p[i] < '!' || line.p[i] > '~')
				return bad(p, "holds a byte that is not printable");
			continue;
		}
		if (i == start)
			return bad(p, "an empty field: fields are separated by one space");
		if (p->n_words == MAX_WORDS)
			return bad(p, "too many fields");
		p->word[p->n_words++] = (struct span){ line.p + start, i - start };
		start = i + 1;
	}
	return 1;
}

/* The next line, which must be of this kind and have this many fields, the first included. */
static int expect(struct parser *p, const char *kind, size_t n)
{
	int rc = next_line(p);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		p->line++;
		return err_set(p->e, -EINVAL, "%s:%zu: the file ends before its \"%s\" line",
			       p->path, p->line, kind);
	}
	if (!span_eq(p->word[0], kind) || p->n_words != n)
		return err_set(p->e, -EINVAL,
			       "%s:%zu: a \"%s\" line of %zu fields is expected here", p->path,
			       p->line, kind, n);
	return 0;
}

static int take_str(struct parser *p, size_t i, char **ret)
{
	*ret = span_dup(p->word[i]);
	return *ret ? 0 : oom(p);
}

static int take_u64(struct parser *p, size_t i, uint64_t *ret)
{
	bool padded = p->word[i].len > 1 && p->word[i].p[0] == '0';

	return padded || span_u64(p->word[i], ret) < 0 ? bad(p, "malformed number") : 0;
}

static int take_digest(struct parser *p, size_t i, uint8_t ret[SHA256_BYTES])
{
	char hex[SHA256_HEX];

	if (p->word[i].len != sizeof(hex) - 1)
		return bad(p, "a SHA-256 has 64 hex digits");
	memcpy(hex, p->word[i].p, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	for (size_t k = 0; hex[k]; k++)
		if (hex[k] >= 'A' && hex[k] <= 'F')
			return bad(p, "a SHA-256 is written in lowercase");
	return hex_decode(hex, ret, SHA256_BYTES) < 0 ? bad(p, "malformed SHA-256") : 0;
}

static int parse_header(struct parser *p)
{
	struct lock *l = p->lock;
	int rc = expect(p, "slipway-lock", 2);

	if (rc == 0 && span_eq(p->word[1], "1"))
		return err_set(
			p->e, -ESTALE,
			"%s:%zu: a lock of an older format, without ids of users; run slipway "
			"lock",
			p->path, p->line);
	if (rc == 0 && !span_eq(p->word[1], "2"))
		return bad(p, "a lock of a later format, which needs a later slipway");
	if (rc == 0)
		rc = expect(p, "recipe", 2);
	if (rc == 0)
		rc = take_digest(p, 1, l->recipe_digest);
	if (rc == 0)
		rc = expect(p, "arch", 2);
	if (rc == 0)
		rc = take_str(p, 1, &l->arch);
	if (rc == 0)
		rc = expect(p, "builder", 2);
	return rc == 0 ? take_str(p, 1, &l->builder) : rc;
}

static int add_codec(struct parser *p)
{
	struct lock *l = p->lock;
	struct lock_codec *v = reallocarray(l->codecs, l->n_codecs + 1, sizeof(*v));

	if (!v)
		return oom(p);
	l->codecs = v;
	struct lock_codec *c = &v[l->n_codecs];
	*c = (struct lock_codec){ NULL, NULL };
	l->n_codecs++;
	if (take_str(p, 1, &c->name) < 0 || take_str(p, 2, &c->version) < 0)
		return -ENOMEM;
	if (c != v && strcmp(c[-1].name, c->name) >= 0)
		return bad(p, "codecs are sorted by name, each once");
	return 0;
}

/* Any number of codec lines, then the epoch. */
static int parse_codecs(struct parser *p)
{
	for (;;) {
		int rc = next_line(p);
		if (rc < 0)
			return rc;
		if (rc > 0 && p->n_words == 3 && span_eq(p->word[0], "codec")) {
			rc = add_codec(p);
			if (rc < 0)
				return rc;
			continue;
		}
		if (rc == 0 || p->n_words != 2 || !span_eq(p->word[0], "epoch"))
			return bad(p, "a \"codec\" or \"epoch\" line is expected here");
		return take_u64(p, 1, &p->lock->epoch);
	}
}

static int take_signers(struct parser *p, size_t i, struct strv *ret)
{
	_cleanup_free_ char *text = span_dup(p->word[i]);

	if (!text || strv_split(ret, text, ",") < 0)
		return oom(p);
	size_t len = ret->n - 1;
	for (size_t k = 0; k < ret->n; k++) {
		len += strlen(ret->v[k]);
		if (strspn(ret->v[k], "0123456789ABCDEF") != strlen(ret->v[k]) ||
		    (k && strcmp(ret->v[k - 1], ret->v[k]) >= 0))
			return bad(p, "fingerprints are of uppercase hex digits, sorted");
	}
	return ret->n && len == strlen(text) ? 0 : bad(p, "malformed list of fingerprints");
}

static int fill_suite(struct parser *p, struct lock_suite *s)
{
	int rc;

	if ((rc = take_str(p, 1, &s->suite)) < 0 || (rc = take_str(p, 2, &s->codename)) < 0 ||
	    (rc = take_str(p, 3, &s->component)) < 0 || (rc = take_u64(p, 5, &s->date)) < 0 ||
	    (rc = take_digest(p, 6, s->inrelease_sha256)) < 0 ||
	    (rc = take_digest(p, 7, s->packages_sha256)) < 0 ||
	    (rc = take_signers(p, 8, &s->signers)) < 0)
		return rc;
	s->security = span_eq(p->word[4], "security");
	if (!s->security && !span_eq(p->word[4], "main"))
		return bad(p, "the archive of a suite is main or security");
	return 0;
}

static int add_suite(struct parser *p)
{
	struct lock *l = p->lock;
	struct lock_suite *v = reallocarray(l->suites, l->n_suites + 1, sizeof(*v));

	if (!v)
		return oom(p);
	l->suites = v;
	struct lock_suite *s = &v[l->n_suites];
	*s = (struct lock_suite){ 0 };
	l->n_suites++;
	int rc = fill_suite(p, s);
	if (rc < 0)
		return rc;
	if (s == v)
		return 0;
	int c = strcmp(s[-1].suite, s->suite);
	if (c > 0 || (c == 0 && strcmp(s[-1].component, s->component) >= 0))
		return bad(p, "suites are sorted by name and component, each once");
	return 0;
}

static int take_use(struct parser *p, size_t i, struct lock_package *ret)
{
	ret->image = span_eq(p->word[i], "image") || span_eq(p->word[i], "image+initrd");
	ret->initrd = span_eq(p->word[i], "initrd") || span_eq(p->word[i], "image+initrd");
	return ret->image || ret->initrd ? 0
					 : bad(p, "a package is for image, initrd or image+initrd");
}

static bool knows_suite(const struct lock *l, const char *suite)
{
	for (size_t i = 0; i < l->n_suites; i++)
		if (str_eq(l->suites[i].suite, suite))
			return true;
	return false;
}

static int fill_package(struct parser *p, struct lock_package *k)
{
	int rc;

	if (!index_name_ok(p->word[1].p, p->word[1].len) ||
	    !index_version_ok(p->word[2].p, p->word[2].len))
		return bad(p, "malformed name or version of a package");
	if (!index_path_ok(p->word[6].p, p->word[6].len))
		return bad(p, "malformed path of a package");
	if ((rc = take_str(p, 1, &k->name)) < 0 || (rc = take_str(p, 2, &k->version)) < 0 ||
	    (rc = take_str(p, 3, &k->arch)) < 0 || (rc = take_u64(p, 4, &k->size_bytes)) < 0 ||
	    (rc = take_digest(p, 5, k->sha256)) < 0 || (rc = take_str(p, 6, &k->path)) < 0 ||
	    (rc = take_str(p, 7, &k->suite)) < 0 || (rc = take_use(p, 8, k)) < 0)
		return rc;
	if (!str_eq(k->arch, "all") && !str_eq(k->arch, "amd64") && !str_eq(k->arch, "arm64"))
		return bad(p, "the architecture of a package is amd64, arm64 or all");
	return knows_suite(p->lock, k->suite) ? 0
					      : bad(p, "the package is of no suite listed above");
}

static int add_package(struct parser *p)
{
	struct lock *l = p->lock;

	if (l->n_packages == p->packages_cap) {
		size_t cap = p->packages_cap ? 2 * p->packages_cap : 64;
		struct lock_package *v = reallocarray(l->packages, cap, sizeof(*v));
		if (!v)
			return oom(p);
		l->packages = v, p->packages_cap = cap;
	}
	struct lock_package *k = &l->packages[l->n_packages];
	*k = (struct lock_package){ 0 };
	l->n_packages++;
	int rc = fill_package(p, k);
	if (rc < 0)
		return rc;
	if (k == l->packages)
		return 0;
	int c = strcmp(k[-1].name, k->name);
	if (c > 0 || (c == 0 && strcmp(k[-1].arch, k->arch) >= 0))
		return bad(p, "packages are sorted by name and architecture, each once");
	return 0;
}

static int add_id(struct parser *p, enum id_kind kind)
{
	struct ids *ids = &p->lock->ids;
	_cleanup_free_ char *name = span_dup(p->word[1]);
	bool used = span_eq(p->word[3], "used");
	uint64_t number;

	if (!name)
		return oom(p);
	int rc = take_u64(p, 2, &number);
	if (rc < 0)
		return rc;
	if (!ids_name_ok(p->word[1].p, p->word[1].len) || !ids_number_ok(number))
		return bad(p, "malformed name or id of a user or group");
	if (!used && !span_eq(p->word[3], "gone"))
		return bad(p, "a user or group is used or gone");
	if (ids_append(ids, kind, name, (uint32_t)number, used) < 0)
		return oom(p);
	if (ids->n > 1 && ids_order(&ids->v[ids->n - 2], &ids->v[ids->n - 1]) >= 0)
		return bad(p, "groups, then users are sorted by name, each once");
	return 0;
}

static int parse_line(struct parser *p)
{
	const struct lock *l = p->lock;

	if (p->n_words == 4 && span_eq(p->word[0], "group"))
		return add_id(p, ID_GROUP);
	if (p->n_words == 4 && span_eq(p->word[0], "user"))
		return add_id(p, ID_USER);
	if (p->n_words == 9 && span_eq(p->word[0], "package") && !l->ids.n)
		return add_package(p);
	if (p->n_words == 9 && span_eq(p->word[0], "suite") && !l->n_packages && !l->ids.n)
		return add_suite(p);
	return bad(p,
		   "a \"suite\" or, after those, \"package\" line of 9 fields, or, after those, a "
		   "\"group\" or \"user\" line of 4 fields is expected here");
}

static int parse_body(struct parser *p)
{
	int rc;

	while ((rc = next_line(p)) > 0) {
		rc = parse_line(p);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* The date of the newest index is the image's time too: neither is to be edited without the other. */
static int check_epoch(const struct parser *p)
{
	const struct lock *l = p->lock;
	uint64_t newest = 0;

	for (size_t i = 0; i < l->n_suites; i++)
		newest = MAX(newest, l->suites[i].date);
	return !l->n_suites || l->epoch == newest
		       ? 0
		       : err_set(p->e, -EINVAL,
				 "%s: epoch %llu is not the newest date of its suites, %llu",
				 p->path, (unsigned long long)l->epoch, (unsigned long long)newest);
}

int lock_parse(const char *text, size_t len, const char *path, struct lock **ret, struct err *e)
{
	_cleanup_(lock_free) struct lock *l = calloc(1, sizeof(*l));
	struct parser p = { .path = path, .rest = { text, len }, .lock = l, .e = e };

	if (!l)
		return err_oom(e);
	int rc = parse_header(&p);
	if (rc == 0)
		rc = parse_codecs(&p);
	if (rc == 0)
		rc = parse_body(&p);
	if (rc == 0)
		rc = check_epoch(&p);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(l);
	return 0;
}

int lock_load(const char *path, struct lock **ret, struct err *e)
{
	_cleanup_source_ struct source in = SOURCE_INIT;
	_cleanup_free_ char *text = NULL;
	int rc = source_open(&in, path, e);

	if (rc == -ENOENT)
		return err_set(e, rc, "%s: there is no lock yet; run slipway lock", path);
	if (rc < 0)
		return rc;
	if (in.size_bytes > MAX_LOCK_BYTES)
		return err_set(e, -EINVAL, "%s: too large for a lock", path);
	text = malloc(in.size_bytes + 1);
	if (!text)
		return err_oom(e);
	rc = source_pread(&in, 0, text, in.size_bytes, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", path);
	rc = lock_parse(text, in.size_bytes, path, ret, e);
	if (rc == -EINVAL) {
		struct err why = *e;
		return err_set(e, rc,
			       "%.1500s; restore the file, or remove it and run slipway lock",
			       why.msg);
	}
	return rc;
}
