/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that a program loads by itself, as .note.dlopen tells. Spec: UAPI, ELF dlopen metadata */
#include <elf.h>

#include "base/json_cleanup.h"
#include "stage1/elf/image.h"

#define NOTE_TYPE      0x407c0c0au
#define NOTE_VENDOR    "FDO"
#define MAX_JSON_BYTES (64 * KiB)
#define MAX_JSON_DEPTH 8
#define MAX_DLOPENS    1024

static int bad_note(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "malformed .note.dlopen: %s", what);
}

static int read_priority(struct json_object *o, enum elf_priority *ret, struct err *e)
{
	static const char *const names[] = { [ELF_SUGGESTED] = "suggested",
					     [ELF_RECOMMENDED] = "recommended",
					     [ELF_REQUIRED] = "required" };
	struct json_object *p;

	*ret = ELF_RECOMMENDED; /* the specification's default */
	if (!json_object_object_get_ex(o, "priority", &p))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (json_object_is_type(p, json_type_string) &&
		    str_eq(json_object_get_string(p), names[i])) {
			*ret = (enum elf_priority)i;
			return 0;
		}
	}
	return bad_note(e, "unknown priority");
}

static int read_sonames(struct json_object *o, struct strv *ret, struct err *e)
{
	struct json_object *a;

	if (!json_object_object_get_ex(o, "soname", &a) ||
	    !json_object_is_type(a, json_type_array) || json_object_array_length(a) == 0)
		return bad_note(e, "no array \"soname\"");
	for (size_t i = 0; i < json_object_array_length(a); i++) {
		struct json_object *s = json_object_array_get_idx(a, i);
		if (!json_object_is_type(s, json_type_string))
			return bad_note(e, "a soname that is no string");
		if (strv_add(ret, json_object_get_string(s)) < 0)
			return err_oom(e);
	}
	return 0;
}

static int add_entry(struct elf *elf, struct json_object *o, struct err *e)
{
	struct json_object *f;

	if (!json_object_is_type(o, json_type_object))
		return bad_note(e, "an entry that is no object");
	if (elf->n_dlopens == MAX_DLOPENS)
		return bad_note(e, "too many entries");
	struct elf_dlopen *all = reallocarray(elf->dlopens, elf->n_dlopens + 1, sizeof(*all));
	if (!all)
		return err_oom(e);
	elf->dlopens = all;
	struct elf_dlopen *d = &all[elf->n_dlopens++]; /* freed with @elf from now on */
	*d = (struct elf_dlopen){ .priority = ELF_RECOMMENDED };
	int r = read_priority(o, &d->priority, e);
	if (r < 0)
		return r;
	if (json_object_object_get_ex(o, "feature", &f) &&
	    json_object_is_type(f, json_type_string)) {
		d->feature = strdup(json_object_get_string(f));
		if (!d->feature)
			return err_oom(e);
	}
	return read_sonames(o, &d->sonames, e);
}

static int read_json(struct elf *elf, const struct elf_note *n, struct err *e)
{
	if (n->desc_bytes > MAX_JSON_BYTES)
		return bad_note(e, "too long");
	size_t len = strnlen((const char *)n->desc, n->desc_bytes);
	_cleanup_(json_tokener_free) struct json_tokener *t = json_tokener_new_ex(MAX_JSON_DEPTH);
	if (!t)
		return err_oom(e);
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	_cleanup_(json_object_put) struct json_object *top =
		json_tokener_parse_ex(t, (const char *)n->desc, (int)len);
	if (json_tokener_get_error(t) == json_tokener_continue)
		return bad_note(e, "it ends too early");
	if (json_tokener_get_error(t) != json_tokener_success)
		return bad_note(e, json_tokener_error_desc(json_tokener_get_error(t)));
	if (!json_object_is_type(top, json_type_array))
		return bad_note(e, "not an array");
	for (size_t i = 0; i < json_object_array_length(top); i++) {
		int r = add_entry(elf, json_object_array_get_idx(top, i), e);
		if (r < 0)
			return r;
	}
	return 0;
}

int elf_read_dlopen(struct elf *elf, const void *data, uint64_t len, struct err *e)
{
	struct elf_image im;
	struct elf_segment s;
	struct elf_note n;

	int r = elf_image_init(&im, data, len, e);
	for (unsigned int i = 0; r == 0 && i < im.ph_count; i++) {
		elf_segment_at(&im, i, &s);
		uint64_t pos = 0;
		while (r == 0 && s.type == PT_NOTE && elf_next_note(&im, &s, &pos, &n))
			if (n.type == NOTE_TYPE && n.name_bytes == sizeof(NOTE_VENDOR) &&
			    memcmp(n.name, NOTE_VENDOR, sizeof(NOTE_VENDOR)) == 0)
				r = read_json(elf, &n, e);
	}
	return r;
}
