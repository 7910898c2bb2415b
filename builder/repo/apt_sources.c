/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/apt_sources.h"

#include <dirent.h>
#include <strings.h>

#include "base/source.h"
#include "base/deb822.h"

#define MAX_FILE_BYTES (1 * MiB)

static void source_free_fields(struct apt_source *s)
{
	strv_done(&s->uris);
	strv_done(&s->suites);
	strv_done(&s->components);
	free(s->signed_by);
}

void apt_sources_done(struct apt_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		source_free_fields(&s->v[i]);
	free(s->v);
	strv_done(&s->looked_at);
	*s = (struct apt_sources)APT_SOURCES_INIT;
}

/* Takes the fields of @one, on failure too. */
static int add(struct apt_sources *s, struct apt_source *one)
{
	struct apt_source *v = reallocarray(s->v, s->n + 1, sizeof(*v));

	if (!v) {
		source_free_fields(one);
		return -ENOMEM;
	}
	s->v = v;
	s->v[s->n++] = *one;
	return 0;
}

static int add_words(struct strv *to, struct span words)
{
	struct span word;

	while (span_word(&words, &word)) {
		int rc = strv_take(to, span_dup(word));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int set_signed_by(struct apt_source *one, struct span value)
{
	free(one->signed_by);
	one->signed_by = span_dup(value);
	return one->signed_by ? 0 : -ENOMEM;
}

/* "[signed-by=… arch=… ]": taken off the line */
static int take_options(struct span *line, struct apt_source *one)
{
	static const char key[] = "signed-by=";
	struct span options, word;

	*line = span_trim(*line);
	if (!line->len || line->p[0] != '[')
		return 0;
	const char *end = memchr(line->p, ']', line->len);
	if (!end)
		return -EINVAL;
	options = (struct span){ line->p + 1, (size_t)(end - line->p - 1) };
	line->len -= (size_t)(end + 1 - line->p), line->p = end + 1;
	while (span_word(&options, &word))
		if (word.len > sizeof(key) - 1 && memcmp(word.p, key, sizeof(key) - 1) == 0 &&
		    set_signed_by(one, (struct span){ word.p + sizeof(key) - 1,
						      word.len - sizeof(key) + 1 }) < 0)
			return -ENOMEM;
	return 0;
}

/* "deb [options] uri suite component…" */
static int read_line(struct apt_sources *s, struct span line)
{
	struct apt_source one = { 0 };
	struct span type, uri, suite;
	const char *comment = memchr(line.p, '#', line.len);

	if (comment)
		line.len = (size_t)(comment - line.p);
	if (!span_word(&line, &type) || !span_eq(type, "deb"))
		return 0;
	int rc = take_options(&line, &one);
	if (rc == 0 && span_word(&line, &uri) && span_word(&line, &suite)) {
		if (add_words(&one.uris, uri) < 0 || add_words(&one.suites, suite) < 0 ||
		    add_words(&one.components, line) < 0)
			rc = -ENOMEM;
		else
			return add(s, &one);
	}
	source_free_fields(&one);
	return rc == -ENOMEM ? rc : 0;
}

static bool has_word(struct span words, const char *one)
{
	struct span word;

	while (span_word(&words, &word))
		if (span_eq(word, one))
			return true;
	return false;
}

static bool is_no(struct span v)
{
	static const char *const no[] = { "no", "false", "without", "off", "disable", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (v.len == strlen(no[i]) && strncasecmp(v.p, no[i], v.len) == 0)
			return true;
	return false;
}

static int read_stanza(struct apt_sources *s, struct span stanza)
{
	struct apt_source one = { 0 };
	struct span value;
	int rc = 0;

	if (!deb822_get(stanza, "Types", &value) || !has_word(value, "deb") ||
	    (deb822_get(stanza, "Enabled", &value) && is_no(value)))
		return 0;
	if (deb822_get(stanza, "URIs", &value))
		rc = add_words(&one.uris, value);
	if (rc == 0 && deb822_get(stanza, "Suites", &value))
		rc = add_words(&one.suites, value);
	if (rc == 0 && deb822_get(stanza, "Components", &value))
		rc = add_words(&one.components, value);
	if (rc == 0 && deb822_get(stanza, "Signed-By", &value))
		rc = set_signed_by(&one, value);
	if (rc == 0 && one.uris.n && one.suites.n)
		return add(s, &one);
	source_free_fields(&one);
	return rc;
}

static int read_file(struct apt_sources *s, const char *path, struct err *e)
{
	_cleanup_source_ struct source in = SOURCE_INIT;
	_cleanup_free_ char *text = NULL;
	struct span piece;
	int rc = source_open(&in, path, e);

	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return rc;
	if (in.size_bytes > MAX_FILE_BYTES)
		return err_set(e, -EFBIG, "%s: too large for apt sources", path);
	text = malloc(in.size_bytes + 1);
	if (!text || strv_add(&s->looked_at, path) < 0)
		return err_oom(e);
	rc = source_pread(&in, 0, text, in.size_bytes, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", path);
	struct span rest = { text, in.size_bytes };
	if (str_has_suffix(path, ".sources"))
		while (rc == 0 && deb822_stanza(&rest, &piece))
			rc = read_stanza(s, piece);
	else
		while (rc == 0 && span_line(&rest, &piece))
			rc = read_line(s, piece);
	return rc < 0 ? err_oom(e) : 0;
}

/* Names in byte order, as apt reads them: a directory has no order of its own. */
static int list_parts(const char *dir, struct strv *ret, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, -errno, "%s", dir);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' &&
		    (str_has_suffix(entry->d_name, ".list") ||
		     str_has_suffix(entry->d_name, ".sources")) &&
		    strv_addf(ret, "%s/%s", dir, entry->d_name) < 0) {
			closedir(d);
			return err_oom(e);
		}
	closedir(d);
	strv_sort(ret);
	return 0;
}

int apt_sources_read(const char *dir, struct apt_sources *ret, struct err *e)
{
	_cleanup_free_ char *parts = str_printf("%s/sources.list.d", dir);
	_cleanup_strv_ struct strv paths = STRV_INIT;
	_cleanup_apt_sources_ struct apt_sources s = APT_SOURCES_INIT;

	if (!parts || strv_addf(&paths, "%s/sources.list", dir) < 0)
		return err_oom(e);
	int rc = list_parts(parts, &paths, e);
	for (size_t i = 0; rc == 0 && i < paths.n; i++)
		rc = read_file(&s, paths.v[i], e);
	if (rc < 0)
		return err_wrap(e, rc, "apt sources");
	*ret = s;
	s = (struct apt_sources)APT_SOURCES_INIT;
	return 0;
}
