/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/blob.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { DIGEST_NONE, DIGEST_BEING_SET, DIGEST_KNOWN };

int mapping_new(int fd, struct mapping **ret, struct err *e)
{
	struct stat st;
	void *p = NULL;

	if (fstat(fd, &st) < 0)
		return err_sys(e, -errno, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "not a regular file");
	if (st.st_size > 0) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			return err_sys(e, -errno, "map %lld bytes", (long long)st.st_size);
	}
	struct mapping *m = malloc(sizeof(*m));
	if (!m) {
		if (p)
			munmap(p, (size_t)st.st_size);
		return err_oom(e);
	}
	atomic_init(&m->refs, 1);
	m->data = p;
	m->len = (uint64_t)st.st_size;
	*ret = m;
	return 0;
}

struct mapping *mapping_ref(struct mapping *m)
{
	atomic_fetch_add(&m->refs, 1);
	return m;
}

void mapping_unref(struct mapping *m)
{
	if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
		return;
	if (m->data)
		munmap((void *)(uintptr_t)m->data, m->len);
	free(m);
}

static struct blob *blob_alloc(const uint8_t *data, uint64_t len, struct mapping *m)
{
	struct blob *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	atomic_init(&b->refs, 1);
	atomic_init(&b->digest_state, DIGEST_NONE);
	b->data = data;
	b->len = len;
	b->mapping = m;
	return b;
}

struct blob *blob_new_take(void *data, size_t len)
{
	struct blob *b = blob_alloc(data, len, NULL);

	if (!b)
		free(data);
	return b;
}

struct blob *blob_new(const void *data, size_t len)
{
	void *copy = NULL;

	if (len) {
		copy = malloc(len);
		if (!copy)
			return NULL;
		memcpy(copy, data, len);
	}
	return blob_new_take(copy, len);
}

struct blob *blob_new_str(const char *s)
{
	return blob_new(s, strlen(s));
}

struct blob *blob_new_mapped(struct mapping *m, uint64_t off, uint64_t len)
{
	if (off > m->len || len > m->len - off)
		return NULL;
	struct blob *b = blob_alloc(len ? m->data + off : NULL, len, m);
	if (b)
		mapping_ref(m);
	return b;
}

int blob_new_file(int dirfd, const char *path, struct blob **ret, struct err *e)
{
	_cleanup_(mapping_unref) struct mapping *m = NULL;
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	int r = mapping_new(fd, &m, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	struct blob *b = blob_new_mapped(m, 0, m->len);
	if (!b)
		return err_oom(e);
	*ret = b;
	return 0;
}

struct blob *blob_ref(struct blob *b)
{
	atomic_fetch_add(&b->refs, 1);
	return b;
}

void blob_unref(struct blob *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	if (b->mapping)
		mapping_unref(b->mapping);
	else
		free((void *)(uintptr_t)b->data);
	free(b);
}

void blob_set_digest(struct blob *b, const uint8_t sha256[SHA256_BYTES])
{
	unsigned int none = DIGEST_NONE;

	if (!atomic_compare_exchange_strong(&b->digest_state, &none, DIGEST_BEING_SET))
		return;
	memcpy(b->sha256, sha256, SHA256_BYTES);
	atomic_store(&b->digest_state, DIGEST_KNOWN);
}

void blob_digest(struct blob *b, uint8_t out[SHA256_BYTES])
{
	if (atomic_load(&b->digest_state) == DIGEST_KNOWN) {
		memcpy(out, b->sha256, SHA256_BYTES);
		return;
	}
	sha256_bytes(b->len ? b->data : (const uint8_t *)"", b->len, out);
	blob_set_digest(b, out);
}

bool blob_equal(struct blob *a, struct blob *b)
{
	return a == b ||
	       (a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}
