/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ids.h"

#define NAME_MAX_LEN 255

void ids_done(struct ids *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct ids)IDS_INIT;
}

int ids_append(struct ids *s, enum id_kind kind, const char *name, uint32_t number, bool used)
{
	struct id *v = reallocarray(s->v, s->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->v = v;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	v[s->n++] = (struct id){ kind, copy, number, used };
	return 0;
}

int ids_copy(const struct ids *from, struct ids *to)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct id *d = &from->v[i];
		if (ids_append(to, d->kind, d->name, d->number, d->used) < 0)
			return -ENOMEM;
	}
	return 0;
}

int ids_order(const struct id *a, const struct id *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

const struct id *ids_find(const struct ids *s, enum id_kind kind, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].kind == kind && str_eq(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

const char *ids_kind_name(enum id_kind kind)
{
	return kind == ID_USER ? "user" : "group";
}

bool ids_name_ok(const char *name, size_t len)
{
	static const char more[] = "_.-$";

	if (!len || len > NAME_MAX_LEN || *name == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';
		if (!letter && !digit && (!c || !strchr(more, c)))
			return false;
	}
	return true;
}

bool ids_number_ok(uint64_t number)
{
	return number < UINT32_MAX && number != UINT16_MAX;
}

int id_wishes_add(struct id_wishes *w, const struct id_wish *wish)
{
	struct id_wish *v = reallocarray(w->v, w->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	w->v = v;
	v[w->n++] = *wish;
	return 0;
}
