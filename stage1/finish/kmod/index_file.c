/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/kmod/index_file.h"

#define INDEX_MAGIC   0xb007f457
#define INDEX_VERSION 0x00020001
#define HEADER_BYTES  12

/* In the high bits of a node's offset: which parts it has. */
#define HAS_PREFIX   0x80000000
#define HAS_VALUES   0x40000000
#define HAS_CHILDREN 0x20000000
#define OFFSET_MAX   0x0fffffff

#define NO_NODE UINT32_MAX

struct node {
	const char *prefix; /* of a key, prefix_len bytes */
	uint32_t prefix_len;
	uint32_t first_value, n_values; /* in the entries */
	uint32_t parent, first_child, last_child, next_sibling;
	uint8_t letter; /* by which its parent leads here */
	uint64_t size_bytes;
	uint64_t offset;
};

/* Keys [lo, hi) agree in their first depth bytes and become a node below parent. */
struct todo {
	uint32_t lo, hi, depth, parent;
};

struct builder {
	const struct index_entry *entries;
	struct node *nodes; /* parents before their children, siblings by letter */
	uint32_t n_nodes;
	size_t cap_nodes;
	struct todo *todo; /* a stack */
	size_t n_todo, cap_todo;
};

static int compare(const void *pa, const void *pb)
{
	const struct index_entry *a = pa, *b = pb;
	int c = strcmp(a->key, b->key);

	if (c)
		return c;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a->serial == b->serial ? 0 : a->serial > b->serial ? -1 : 1;
}

static int check_ascii(const char *s, struct err *e)
{
	for (const char *c = s; *c; c++)
		if ((uint8_t)*c >= 0x80)
			return err_set(e, -EBADMSG, "\"%s\" is not 7-bit ASCII", s);
	return 0;
}

static void *grow(void *list, size_t n, size_t *cap, size_t item_bytes)
{
	if (n < *cap)
		return list;
	size_t want = *cap ? *cap * 2 : 256;
	void *bigger = reallocarray(list, want, item_bytes);
	if (bigger)
		*cap = want;
	return bigger;
}

static int push(struct builder *b, struct todo t, struct err *e)
{
	struct todo *list = grow(b->todo, b->n_todo, &b->cap_todo, sizeof(*list));

	if (!list)
		return err_oom(e);
	b->todo = list;
	b->todo[b->n_todo++] = t;
	return 0;
}

static void link_to_parent(struct builder *b, uint32_t i, uint32_t parent)
{
	if (parent == NO_NODE)
		return;
	struct node *p = &b->nodes[parent];
	if (p->first_child == NO_NODE)
		p->first_child = i;
	else
		b->nodes[p->last_child].next_sibling = i;
	p->last_child = i;
}

/* The node of a range of keys; what they share becomes its prefix. The root has none. */
static int add_node(struct builder *b, const struct todo *t, uint32_t *ret_depth, struct err *e)
{
	struct node *list = grow(b->nodes, b->n_nodes, &b->cap_nodes, sizeof(*list));
	uint32_t len = 0;

	if (!list)
		return err_oom(e);
	b->nodes = list;
	struct node n = { .parent = t->parent,
			  .first_child = NO_NODE,
			  .next_sibling = NO_NODE,
			  .first_value = t->lo };
	if (t->parent != NO_NODE) {
		/* Sorted: what the first and the last share, all share. */
		const char *first = b->entries[t->lo].key, *last = b->entries[t->hi - 1].key;
		n.letter = (uint8_t)first[t->depth - 1];
		n.prefix = first + t->depth;
		while (n.prefix[len] && n.prefix[len] == last[t->depth + len])
			len++;
	}
	n.prefix_len = len;
	*ret_depth = t->depth + len;
	for (uint32_t i = t->lo; i < t->hi && !b->entries[i].key[*ret_depth]; i++)
		n.n_values++;
	b->nodes[b->n_nodes] = n;
	link_to_parent(b, b->n_nodes++, t->parent);
	return 0;
}

/* One todo for each next letter, the last letter first, as the stack turns them round. */
static int push_children(struct builder *b, uint32_t lo, uint32_t hi, uint32_t depth,
			 uint32_t parent, struct err *e)
{
	while (hi > lo) {
		uint32_t from = hi - 1;
		char letter = b->entries[from].key[depth];
		while (from > lo && b->entries[from - 1].key[depth] == letter)
			from--;
		int r = push(b, (struct todo){ from, hi, depth + 1, parent }, e);
		if (r < 0)
			return r;
		hi = from;
	}
	return 0;
}

static int build_nodes(struct builder *b, uint32_t n_entries, struct err *e)
{
	int r = push(b, (struct todo){ 0, n_entries, 0, NO_NODE }, e);

	while (r >= 0 && b->n_todo) {
		struct todo t = b->todo[--b->n_todo];
		uint32_t depth = 0, i = b->n_nodes;
		r = add_node(b, &t, &depth, e);
		if (r >= 0)
			r = push_children(b, t.lo + b->nodes[i].n_values, t.hi, depth, i, e);
	}
	return r;
}

static uint8_t first_letter(const struct builder *b, const struct node *n)
{
	return b->nodes[n->first_child].letter;
}

static uint8_t last_letter(const struct builder *b, const struct node *n)
{
	return b->nodes[n->last_child].letter;
}

static void set_size(const struct builder *b, struct node *n)
{
	n->size_bytes = n->prefix_len ? n->prefix_len + 1 : 0;
	if (n->first_child != NO_NODE)
		n->size_bytes += 2 + 4 * (size_t)(last_letter(b, n) - first_letter(b, n) + 1);
	if (n->n_values)
		n->size_bytes += 4;
	for (uint32_t i = 0; i < n->n_values; i++)
		n->size_bytes += 4 + strlen(b->entries[n->first_value + i].value) + 1;
}

static void place(struct node *n, uint64_t *at)
{
	n->offset = *at;
	*at += n->size_bytes;
}

/* A node is placed once a later one is not below it any more. */
static uint64_t place_children_first(struct builder *b, uint64_t at)
{
	uint32_t open = NO_NODE; /* the innermost one; its parents are open too */

	for (uint32_t i = 0; i < b->n_nodes; i++) {
		while (open != b->nodes[i].parent) {
			place(&b->nodes[open], &at);
			open = b->nodes[open].parent;
		}
		open = i;
	}
	for (; open != NO_NODE; open = b->nodes[open].parent)
		place(&b->nodes[open], &at);
	return at;
}

static uint64_t place_nodes(struct builder *b, enum index_layout layout)
{
	uint64_t at = HEADER_BYTES;

	for (uint32_t i = 0; i < b->n_nodes; i++)
		set_size(b, &b->nodes[i]);
	if (layout == INDEX_CHILDREN_FIRST)
		return place_children_first(b, at);
	for (uint32_t i = 0; i < b->n_nodes; i++)
		place(&b->nodes[i], &at);
	return at;
}

static uint32_t reference(const struct node *n)
{
	return (uint32_t)n->offset | (n->prefix_len ? HAS_PREFIX : 0) |
	       (n->n_values ? HAS_VALUES : 0) | (n->first_child != NO_NODE ? HAS_CHILDREN : 0);
}

static uint8_t *put_children(const struct builder *b, const struct node *n, uint8_t *p)
{
	uint8_t first = first_letter(b, n), last = last_letter(b, n);

	*p++ = first;
	*p++ = last;
	memset(p, 0, 4 * (size_t)(last - first + 1));
	for (uint32_t c = n->first_child; c != NO_NODE; c = b->nodes[c].next_sibling)
		put_be32(p + 4 * (size_t)(b->nodes[c].letter - first), reference(&b->nodes[c]));
	return p + 4 * (size_t)(last - first + 1);
}

static void put_node(const struct builder *b, const struct node *n, uint8_t *p)
{
	if (n->prefix_len) {
		memcpy(p, n->prefix, n->prefix_len);
		p[n->prefix_len] = '\0';
		p += n->prefix_len + 1;
	}
	if (n->first_child != NO_NODE)
		p = put_children(b, n, p);
	if (n->n_values) {
		put_be32(p, n->n_values);
		p += 4;
	}
	for (uint32_t i = 0; i < n->n_values; i++) {
		const struct index_entry *v = &b->entries[n->first_value + i];
		size_t len = strlen(v->value) + 1;
		put_be32(p, v->priority);
		memcpy(p + 4, v->value, len);
		p += 4 + len;
	}
}

static int write_nodes(struct builder *b, enum index_layout layout, struct buf *out, struct err *e)
{
	uint64_t total = place_nodes(b, layout);

	if (total > OFFSET_MAX)
		return err_set(e, -EFBIG, "the index has %llu bytes, more than its format can hold",
			       (unsigned long long)total);
	uint8_t *p = buf_grow(out, total);
	if (!p)
		return err_oom(e);
	out->len += total;
	put_be32(p, INDEX_MAGIC);
	put_be32(p + 4, INDEX_VERSION);
	put_be32(p + 8, reference(&b->nodes[0]));
	for (uint32_t i = 0; i < b->n_nodes; i++)
		put_node(b, &b->nodes[i], p + b->nodes[i].offset);
	return 0;
}

int index_file_write(struct index_entry *entries, size_t n, enum index_layout layout,
		     struct buf *out, struct err *e)
{
	struct builder b = { .entries = entries };
	int r = n < NO_NODE / 2 ? 0 : err_set(e, -EFBIG, "%zu index entries", n);

	for (size_t i = 0; i < n && r >= 0; i++) {
		r = check_ascii(entries[i].key, e);
		if (r >= 0)
			r = check_ascii(entries[i].value, e);
	}
	if (r < 0)
		return r;
	if (n)
		qsort(entries, n, sizeof(*entries), compare);
	r = build_nodes(&b, (uint32_t)n, e);
	if (r >= 0)
		r = write_nodes(&b, layout, out, e);
	free(b.nodes);
	free(b.todo);
	return r;
}
