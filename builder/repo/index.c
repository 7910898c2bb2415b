/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/index.h"

void index_free(struct index *x)
{
	if (!x)
		return;
	free(x->packages);
	free(x->component);
	buf_done(&x->text);
	free(x);
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool index_name_ok(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_lower_or_digit(name[i]) && (i == 0 || !name[i] || !strchr("+.-", name[i])))
			return false;
	return len >= 1 && len <= 200;
}

bool index_version_ok(const char *version, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = version[i];

		if (!is_lower_or_digit(c) && !(c >= 'A' && c <= 'Z') && (!c || !strchr(".+-~:", c)))
			return false;
	}
	return len >= 1 && len <= 200;
}

bool index_path_ok(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool at_start = i == 0 || p[i - 1] == '/';

		if (p[i] <= ' ' || p[i] > '~' || p[i] == '\\' || (at_start && p[i] == '/') ||
		    (at_start && p[i] == '.'))
			return false;
	}
	return len >= 1 && len <= 1000 && p[len - 1] != '/';
}

static uint8_t priority_of(struct span s)
{
	static const char *const names[] = { "required", "important", "standard" };

	for (uint8_t i = 0; i < ARRAY_SIZE(names); i++)
		if (span_eq(s, names[i]))
			return i;
	return ARRAY_SIZE(names);
}

struct fields {
	struct span package, version, arch, filename, size, sha256, priority;
};

static int collect(struct span stanza, struct fields *f)
{
	const struct {
		const char *name;
		struct span *value;
	} wanted[] = {
		{ "Package", &f->package },   { "Version", &f->version },
		{ "Architecture", &f->arch }, { "Filename", &f->filename },
		{ "Size", &f->size },	      { "SHA256", &f->sha256 },
		{ "Priority", &f->priority },
	};
	struct span name, value;
	int rc;

	while ((rc = deb822_field(&stanza, &name, &value)) > 0)
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (name.p[0] == wanted[i].name[0] && span_eq(name, wanted[i].name)) {
				if (wanted[i].value->p)
					return -EBADMSG; /* twice: which would be meant? */
				*wanted[i].value = value;
			}
	return rc;
}

static const char *check(const struct fields *f, struct index_package *p)
{
	char hex[SHA256_HEX];

	if (!index_name_ok(f->package.p, f->package.len))
		return "Package";
	if (!index_version_ok(f->version.p, f->version.len))
		return "Version";
	if (!index_path_ok(f->filename.p, f->filename.len))
		return "Filename";
	if (span_u64(f->size, &p->size_bytes) < 0 || p->size_bytes == 0)
		return "Size";
	if (f->sha256.len != sizeof(hex) - 1)
		return "SHA256";
	memcpy(hex, f->sha256.p, f->sha256.len);
	hex[f->sha256.len] = '\0';
	return hex_decode(hex, p->sha256, sizeof(p->sha256)) < 0 ? "SHA256" : NULL;
}

static size_t line_of(const struct index *x, const char *p)
{
	size_t n = 1;

	for (const char *q = (const char *)x->text.data; q < p; q++)
		n += *q == '\n';
	return n;
}

static int add_package(struct index *x, size_t *cap, const struct index_package *p, struct err *e)
{
	if (x->n_packages == *cap) {
		size_t n = *cap ? 2 * *cap : 1024;
		struct index_package *all = reallocarray(x->packages, n, sizeof(*all));
		if (!all)
			return err_oom(e);
		x->packages = all, *cap = n;
	}
	x->packages[x->n_packages++] = *p;
	return 0;
}

static int take_stanza(struct index *x, size_t *cap, struct span stanza, const char *arch,
		       struct err *e)
{
	struct index_package p = { .index = x, .stanza = stanza };
	struct fields f = { 0 };

	if (collect(stanza, &f) < 0)
		return err_set(e, -EBADMSG,
			       "Packages:%zu: malformed or repeated field in the stanza",
			       line_of(x, stanza.p));
	if (!f.package.p || !f.version.p || !f.arch.p || !f.filename.p || !f.size.p || !f.sha256.p)
		return err_set(
			e, -EBADMSG,
			"Packages:%zu: Package, Version, Architecture, Filename, Size or SHA256 "
			"is missing",
			line_of(x, stanza.p));
	if (!span_eq(f.arch, arch) && !span_eq(f.arch, "all"))
		return 0;
	const char *wrong = check(&f, &p);
	if (wrong)
		return err_set(e, -EBADMSG, "Packages:%zu: malformed %s", line_of(x, stanza.p),
			       wrong);
	p.name = f.package, p.version = f.version, p.arch = f.arch, p.path = f.filename;
	p.priority = priority_of(f.priority);
	return add_package(x, cap, &p, e);
}

int index_parse(struct buf *text, const char *arch, struct index **ret, struct err *e)
{
	_cleanup_(index_free) struct index *x = calloc(1, sizeof(*x));
	struct span stanza;
	size_t cap = 0;

	if (!x) {
		buf_done(text);
		return err_oom(e);
	}
	x->text = *text;
	*text = (struct buf)BUF_INIT;
	if (x->text.len && memchr(x->text.data, '\0', x->text.len))
		return err_set(e, -EBADMSG, "Packages holds a NUL byte");
	struct span rest = { buf_str(&x->text), x->text.len };
	while (deb822_stanza(&rest, &stanza)) {
		int rc = take_stanza(x, &cap, stanza, arch, e);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE_PTR(x);
	return 0;
}
