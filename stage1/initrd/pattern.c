/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/build.h"

/* Where to go on when a match that was tried does not work out. */
struct retry {
	const char *pattern, *text;
	bool by_directory; /* "**" followed by a slash: what it stands for ends in one */
};

/* One character (or directory) more for a star; false if it cannot take more. */
static bool extend(struct retry *r, bool over_slashes, const char **pattern, const char **text)
{
	const char *t = r->text;

	if (!r->pattern || !*t || (!over_slashes && *t == '/'))
		return false;
	if (r->by_directory) {
		t = strchr(t, '/');
		if (!t)
			return false;
	}
	r->text = t + 1;
	*pattern = r->pattern;
	*text = r->text;
	return true;
}

/* The whole text, or what stands before a slash in it. Not recursive; at most quadratic twice. */
bool initrd_pattern_matches(const char *pattern, const char *path)
{
	struct retry star = { NULL, NULL, false }, deep = { NULL, NULL, false };
	const char *p = pattern + strspn(pattern, "/"), *t = path + strspn(path, "/");
	const char *start = p;

	if (*p == '\0')
		return false;
	for (;;) {
		if (p[0] == '*' && p[1] == '*') {
			bool whole = p == start || p[-1] == '/';
			p += 2;
			deep = (struct retry){ p, t, whole && *p == '/' };
			if (deep.by_directory)
				deep.pattern = ++p;
			star.pattern = NULL;
		} else if (p[0] == '*') {
			star = (struct retry){ ++p, t, false };
		} else if (*p == '\0' && (*t == '\0' || *t == '/')) {
			return true;
		} else if (*p && *t && (*p == *t || (*p == '?' && *t != '/'))) {
			p++;
			t++;
		} else if (!extend(&star, false, &p, &t)) {
			star.pattern = NULL;
			if (!extend(&deep, true, &p, &t))
				return false;
		}
	}
}

bool initrd_removed(const struct initrd_build *b, const char *path)
{
	for (size_t i = 0; b->p->remove && i < b->p->remove->n; i++)
		if (initrd_pattern_matches(b->p->remove->v[i], path))
			return true;
	return false;
}
