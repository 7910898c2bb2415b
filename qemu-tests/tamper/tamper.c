/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/tamper.h"

#include <stdarg.h>

#include "base/splitmix.h"
#include "qemu-tests/tamper/parts.h"

uint64_t tamper_random(struct tamper *t, uint64_t below)
{
	return splitmix64(&t->random) % below;
}

int tamper_note(struct tamper *t, struct err *e, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return strv_take(&t->notes, s) < 0 ? err_oom(e) : 0;
}

int tamper_partition(const struct tamper *t, const char *name, const struct image_partition **ret,
		     struct err *e)
{
	*ret = image_find(t->image, name);
	if (!*ret || !(*ret)->src.size_bytes)
		return err_set(e, -ENOENT, "the image has no partition %s", name);
	return 0;
}

int tamper_write(struct tamper *t, const struct image_partition *p, uint64_t off, const void *data,
		 size_t len, struct err *e)
{
	struct sink window;

	sink_init_window(&window, &t->disk.sink, p->start_bytes, p->src.size_bytes);
	int r = sink_pwrite(&window, off, data, len, e);
	return r < 0 ? err_wrap(e, r, "%s", p->name) : 0;
}

int tamper_flip(struct tamper *t, const struct image_partition *p, uint64_t off, uint64_t len,
		struct err *e)
{
	uint64_t bit = tamper_random(t, 8 * len);
	uint8_t byte, old;

	off += bit / 8;
	int r = source_pread(&p->src, off, &old, 1, e);
	if (r < 0)
		return err_wrap(e, r, "%s", p->name);
	byte = old ^ (uint8_t)(1 << bit % 8);
	r = tamper_write(t, p, off, &byte, 1, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s: byte %llu is 0x%02x, was 0x%02x", p->name,
				   (unsigned long long)off, byte, old);
}

int tamper_new(const struct tamper_params *p, struct tamper **ret, struct err *e)
{
	_cleanup_(tamper_free) struct tamper *t = calloc(1, sizeof(*t));

	if (!t)
		return err_oom(e);
	t->p = *p;
	t->random = p->seed;
	overlay_init(&t->disk, p->disk);
	int r = image_open(&t->disk.src, &t->image, e);
	if (r == 0 && t->image->container)
		r = err_set(e, -EINVAL, "it is a %s: only raw disks are altered",
			    image_format(t->image));
	if (r == 0)
		*ret = TAKE_PTR(t);
	return r;
}

void tamper_free(struct tamper *t)
{
	if (!t)
		return;
	image_free(t->image);
	overlay_done(&t->disk);
	strv_done(&t->notes);
	strv_done(&t->smbios);
	free(t->file);
	free(t);
}

int tamper_apply(struct tamper *t, const struct tamper_kind *k, struct err *e)
{
	int r = k->alter(t, e);

	return r < 0 ? err_wrap(e, r, "%s", k->name) : 0;
}
