/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/mirror.h"

#include <sys/stat.h>

#include "base/buf.h"
#include "base/near.h"
#include "builder/repo/apt_sources.h"

struct mirror_set {
	size_t n;
	struct mirror_entry {
		char *suite, *url;
	} v[];
};

void mirror_done(struct mirror *m)
{
	free(m->main_url);
	free(m->security_url);
	*m = (struct mirror)MIRROR_INIT;
}

static bool has_scheme(const char *url)
{
	return str_has_prefix(url, "http://") || str_has_prefix(url, "https://") ||
	       str_has_prefix(url, "file:///");
}

/* A copy without slashes at its end. */
static char *trimmed(const char *s)
{
	size_t n = strlen(s);

	while (n > 1 && s[n - 1] == '/')
		n--;
	return strndup(s, n);
}

/* The names of Debian's releases that are served; other words may be anyone's. */
static const char *const releases[] = { "stretch",	"buster",    "bullseye", "bookworm",
					"trixie",	"forky",     "duke",	 "sid",
					"oldoldstable", "oldstable", "stable",	 "testing",
					"unstable" };
static const char *const release_ends[] = { "", "-updates", "-backports", "-security",
					    "-proposed-updates" };

static bool is_debian_suite(const char *suite)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		size_t n = strlen(releases[i]);
		if (strncmp(suite, releases[i], n) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(release_ends); k++)
			if (str_eq(suite + n, release_ends[k]))
				return true;
	}
	return false;
}

char *mirror_near_suite(const char *suite)
{
	_cleanup_strv_ struct strv all = STRV_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		for (size_t k = 0; k < ARRAY_SIZE(release_ends); k++)
			if (strv_addf(&all, "%s%s", releases[i], release_ends[k]) < 0)
				return NULL;
	const char *near = near_name(suite, (const char *const *)all.v, all.n);
	return near && !str_eq(near, suite) ? strdup(near) : NULL;
}

/* How surely is this a part of Debian? 0: it is not. */
static int debianness(const struct apt_source *s, const char *url, const char *suite)
{
	bool is_path = s->signed_by && (s->signed_by[0] == '/' || s->signed_by[0] == '.');

	if (!has_scheme(url) || !strv_contains(&s->components, "main"))
		return 0;
	if (is_path)
		return strstr(s->signed_by, "debian-archive") ? 3 : 0;
	if (str_has_suffix(url, "/debian") || str_has_suffix(url, "/debian-security"))
		return 2;
	return is_debian_suite(suite) ? 1 : 0;
}

static bool is_security(const char *url, const char *suite)
{
	return str_has_suffix(suite, "-security") || str_has_suffix(url, "/debian-security");
}

/* The first of the surest ones. */
static int choose(const struct apt_sources *sources, bool security, char **ret, struct err *e)
{
	_cleanup_free_ char *best = NULL;
	int best_score = 0;

	for (size_t i = 0; i < sources->n; i++) {
		const struct apt_source *s = &sources->v[i];
		for (size_t k = 0; k < s->uris.n * s->suites.n; k++) {
			_cleanup_free_ char *url = trimmed(s->uris.v[k / s->suites.n]);
			const char *suite = s->suites.v[k % s->suites.n];
			if (!url)
				return err_oom(e);
			int score = debianness(s, url, suite);
			if (score <= best_score || is_security(url, suite) != security)
				continue;
			free(best);
			best = TAKE_PTR(url);
			best_score = score;
		}
	}
	*ret = TAKE_PTR(best);
	return 0;
}

static int none_found(const struct apt_sources *s, const char *dir, struct err *e)
{
	_cleanup_buf_ struct buf files = BUF_INIT;

	for (size_t i = 0; i < s->looked_at.n; i++)
		buf_printf(&files, "%s%s", i ? ", " : "", s->looked_at.v[i]);
	if (!s->looked_at.n)
		return err_set(e, -ENOENT,
			       "mirror: system: no apt sources in %s; name a Debian mirror with "
			       "--mirror or SLIPWAY_MIRROR",
			       dir);
	return err_set(
		e, -ENOENT,
		"mirror: system: no source of Debian's main archive among %zu in %.800s; name a "
		"mirror with --mirror or SLIPWAY_MIRROR",
		s->n, buf_str(&files));
}

static int resolve_system(const char *dir, struct mirror *m, struct err *e)
{
	_cleanup_apt_sources_ struct apt_sources sources = APT_SOURCES_INIT;
	int rc = apt_sources_read(dir, &sources, e);

	if (rc == 0)
		rc = choose(&sources, false, &m->main_url, e);
	if (rc < 0)
		return rc;
	if (!m->main_url)
		return none_found(&sources, dir, e);
	return choose(&sources, true, &m->security_url, e);
}

/* Bytes that may stand in a path of an address; others are escaped. */
static char *file_url(const char *dir)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append_str(&b, "file://");
	for (const char *p = dir; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || strchr("/-._~", *p);
		buf_printf(&b, plain ? "%c" : "%%%02X", (unsigned char)*p);
	}
	return buf_take_str(&b);
}

static int resolve_one(const char *spec, char **ret, struct err *e)
{
	_cleanup_free_ char *s = trimmed(spec);

	if (!s)
		return err_oom(e);
	if (s[0] != '/' && !has_scheme(s))
		return err_set(
			e, -EINVAL,
			"mirror \"%s\" is not \"system\", an http, https or file address, or an "
			"absolute directory",
			spec);
	*ret = s[0] == '/' ? file_url(s) : TAKE_PTR(s);
	return *ret ? 0 : err_oom(e);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * …/debian-security beside …/debian; a directory without such a neighbour serves all suites, as does an
 * archive (archive.h), which is known by its locks.
 */
static int add_sibling(const char *spec, struct mirror *m, struct err *e)
{
	const char *dir = str_has_prefix(spec, "file://") ? spec + strlen("file://") : spec;

	if (dir[0] == '/') {
		_cleanup_free_ char *bare = trimmed(dir);
		_cleanup_free_ char *beside = bare ? str_printf("%s-security", bare) : NULL;
		_cleanup_free_ char *locks = bare ? str_printf("%s/locks", bare) : NULL;
		if (!beside || !locks)
			return err_oom(e);
		if (!is_directory(beside) || is_directory(locks)) {
			m->security_url = strdup(m->main_url);
			return m->security_url ? 0 : err_oom(e);
		}
	}
	m->security_url = str_printf("%s-security", m->main_url);
	return m->security_url ? 0 : err_oom(e);
}

int mirror_resolve(const char *spec, const char *apt_dir, struct mirror *ret, struct err *e)
{
	_cleanup_mirror_ struct mirror m = MIRROR_INIT;
	const char *comma = strchr(spec, ',');
	int rc;

	if (str_eq(spec, "system")) {
		rc = resolve_system(apt_dir ? apt_dir : "/etc/apt", &m, e);
	} else if (comma) {
		_cleanup_free_ char *first = strndup(spec, (size_t)(comma - spec));
		if (!first)
			return err_oom(e);
		rc = resolve_one(first, &m.main_url, e);
		if (rc == 0)
			rc = resolve_one(comma + 1, &m.security_url, e);
	} else {
		rc = resolve_one(spec, &m.main_url, e);
	}
	if (rc == 0 && !m.security_url)
		rc = add_sibling(comma || str_eq(spec, "system") ? m.main_url : spec, &m, e);
	if (rc < 0)
		return rc;
	*ret = m;
	m = (struct mirror)MIRROR_INIT;
	return 0;
}

int mirror_set_new(const struct recipe *r, const char *override, const char *apt_dir,
		   struct mirror_set **ret, struct err *e)
{
	_cleanup_(mirror_set_free) struct mirror_set *set =
		calloc(1, sizeof(*set) + r->n_repos * sizeof(set->v[0]));

	if (!set)
		return err_oom(e);
	for (size_t i = 0; i < r->n_repos; i++) {
		_cleanup_mirror_ struct mirror m = MIRROR_INIT;
		const struct recipe_repo *repo = &r->repos[i];
		int rc = mirror_resolve(override ? override : repo->mirror, apt_dir, &m, e);
		if (rc < 0)
			return err_wrap(e, rc, "suite %s", repo->suite);
		struct mirror_entry *entry = &set->v[set->n++];
		entry->suite = strdup(repo->suite);
		entry->url = repo->security ? TAKE_PTR(m.security_url) : TAKE_PTR(m.main_url);
		if (!entry->suite || !entry->url)
			return err_oom(e);
	}
	*ret = TAKE_PTR(set);
	return 0;
}

void mirror_set_free(struct mirror_set *m)
{
	for (size_t i = 0; m && i < m->n; i++) {
		free(m->v[i].suite);
		free(m->v[i].url);
	}
	free(m);
}

const char *mirror_set_url(const struct mirror_set *m, const char *suite)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->v[i].suite, suite))
			return m->v[i].url;
	return NULL;
}
