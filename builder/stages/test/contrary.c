/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded, a C library that keeps its promises and nothing else: a directory is read from its end,
 * and sorting turns round what the comparison calls equal.
 *
 *     cc -D_GNU_SOURCE -shared -fPIC -o contrary.so contrary.c && LD_PRELOAD=./contrary.so slipway …
 */
#include <assert.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void swap_bytes(char *a, char *b, size_t n)
{
	while (n--) {
		char c = *a;
		*a++ = *b;
		*b++ = c;
	}
}

static void reverse(char *v, size_t n, size_t bytes)
{
	for (size_t i = 0; i < n / 2; i++)
		swap_bytes(v + i * bytes, v + (n - 1 - i) * bytes, bytes);
}

/* glibc's own sort is stable where it has the memory: what is equal stays in reverse order. */
void qsort_r(void *v, size_t n, size_t bytes, int (*compare)(const void *, const void *, void *),
	     void *arg)
{
	void (*real)(void *, size_t, size_t, int (*)(const void *, const void *, void *), void *) =
		dlsym(RTLD_NEXT, "qsort_r");

	reverse(v, n, bytes);
	real(v, n, bytes, compare, arg);
}

void qsort(void *v, size_t n, size_t bytes, int (*compare)(const void *, const void *))
{
	void (*real)(void *, size_t, size_t, int (*)(const void *, const void *)) =
		dlsym(RTLD_NEXT, "qsort");

	reverse(v, n, bytes);
	real(v, n, bytes, compare);
}

/* What is left to be given out of a directory, the last entry first. */
struct listing {
	DIR *dir;
	struct dirent64 *v;
	size_t n;
	struct listing *next;
};

static pthread_mutex_t listings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct listing *listings;

static struct listing *read_all(DIR *dir)
{
	struct dirent64 *(*real)(DIR *) = dlsym(RTLD_NEXT, "readdir64");
	struct listing *l = calloc(1, sizeof(*l));

	assert(l);
	l->dir = dir;
	for (struct dirent64 *entry; (entry = real(dir));) {
		l->v = reallocarray(l->v, l->n + 1, sizeof(*l->v));
		assert(l->v);
		memcpy(&l->v[l->n++], entry, entry->d_reclen);
	}
	return l;
}

static struct listing **find(DIR *dir)
{
	struct listing **l = &listings;

	while (*l && (*l)->dir != dir)
		l = &(*l)->next;
	return l;
}

struct dirent64 *readdir64(DIR *dir)
{
	pthread_mutex_lock(&listings_lock);
	struct listing **l = find(dir);
	if (!*l)
		*l = read_all(dir);
	struct dirent64 *entry = (*l)->n ? &(*l)->v[--(*l)->n] : NULL;
	pthread_mutex_unlock(&listings_lock);
	return entry;
}

/* What programs call that are not built for large files. */
struct dirent *readdir(DIR *dir) __attribute__((alias("readdir64")));

int closedir(DIR *dir)
{
	int (*real)(DIR *) = dlsym(RTLD_NEXT, "closedir");

	pthread_mutex_lock(&listings_lock);
	struct listing **at = find(dir), *l = *at;
	if (l) {
		*at = l->next;
		free(l->v);
		free(l);
	}
	pthread_mutex_unlock(&listings_lock);
	return real(dir);
}
