/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utc.h"
#include "builder/cli/inspect.h"
#include "builder/cli/json.h"

static void put_time(struct json_object *o, const char *key, int64_t t)
{
	char text[UTC_CHARS];

	utc_format((uint64_t)MAX(t, 0), text);
	json_put_str(o, key, text);
}

static struct json_object *partitions(const struct image *disk)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < disk->n_partitions; i++) {
		const struct image_partition *p = &disk->partitions[i];
		struct json_object *o = json_object_new_object();
		char slot[2] = { (char)('a' + p->slot), '\0' };
		uint64_t used;
		json_put_u64(o, "number", p->entry.number);
		json_put_str(o, "name", p->name);
		json_put_str(o, "slot", p->slot == LAYOUT_NO_SLOT ? NULL : slot);
		json_put_text(o, "label", p->entry.label);
		json_put_u64(o, "start_bytes", p->start_bytes);
		json_put_u64(o, "size_bytes", p->size_bytes);
		json_put(o, "whole", json_object_new_boolean(p->src.size_bytes == p->size_bytes));
		if (summary_used_bytes(p, &used))
			json_put_u64(o, "used_bytes", used);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *disk(const struct image *image)
{
	struct json_object *o = image ? json_object_new_object() : NULL;

	if (!image)
		return NULL;
	json_put_str(o, "format", image_format(image));
	json_put_u64(o, "size_bytes", image->disk->size_bytes);
	json_put(o, "partitions", partitions(image));
	return o;
}

static struct json_object *signers(const struct image_signers *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < s->n; i++) {
		struct json_object *o = json_object_new_object();
		json_put_str(o, "what", s->v[i].what);
		json_put_str(o, "subject", s->v[i].subject);
		json_put_hex(o, "sha256", s->v[i].fingerprint, sizeof(s->v[i].fingerprint));
		if (s->v[i].has_certificate) {
			json_put_str(o, "algorithm", s->v[i].algorithm);
			put_time(o, "not_before", s->v[i].not_before);
			put_time(o, "not_after", s->v[i].not_after);
		}
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *uki(const struct summary *s)
{
	struct json_object *o, *list;

	if (!s->files->uki_name)
		return NULL;
	o = json_object_new_object();
	list = json_object_new_array();
	json_put_text(o, "name", s->files->uki_name);
	json_put_u64(o, "size_bytes", s->files->parts[ARTEFACT_UKI].size_bytes);
	json_put_u64(o, "initrd_bytes", s->initrd_bytes);
	json_put_text(o, "kernel", s->kernel);
	json_put_text(o, "command_line", s->cmdline);
	for (size_t i = 0; list && s->has_pcr11 && i < SUMMARY_PCR11_PHASES; i++) {
		struct json_object *p = json_object_new_object();
		json_put_str(p, "phase", summary_pcr11_phase(i));
		json_put_hex(p, "sha256", s->pcr11[i], sizeof(s->pcr11[i]));
		json_object_array_add(list, p);
	}
	json_put(o, "pcr11", list);
	return o;
}

static struct json_object *packages(const struct summary *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < s->packages.n; i++) {
		const struct image_package *k = &s->packages.v[i];
		struct json_object *o = json_object_new_object();
		json_put_text(o, "name", k->name);
		json_put_text(o, "version", k->version);
		json_put_text(o, "architecture", k->arch);
		json_put_u64(o, "bytes", k->bytes);
		json_put_u64(o, "files", k->n_files);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *others(const struct summary *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < s->n_others; i++) {
		struct json_object *o = json_object_new_object();
		json_put_text(o, "name", s->others[i].name);
		json_put_u64(o, "bytes", s->others[i].bytes);
		json_put_u64(o, "files", s->others[i].n_files);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *usr(const struct summary *s)
{
	struct json_object *o;

	if (!s->filesystem)
		return NULL;
	o = json_object_new_object();
	json_put_str(o, "filesystem", s->filesystem);
	json_put_str(o, "compression", *s->compression ? s->compression : NULL);
	json_put_u64(o, "size_bytes", s->usr_bytes);
	json_put_u64(o, "content_bytes", s->content_bytes);
	json_put_u64(o, "entries", s->usr.n);
	return o;
}

int inspect_print_json(struct cli *c, const struct summary *s, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_put_text(o, "name", s->name);
	json_put_text(o, "version", s->version);
	json_put_text(o, "os", s->os);
	if (s->has_root_hash)
		json_put_hex(o, "root_hash", s->root_hash, sizeof(s->root_hash));
	else
		json_put_str(o, "root_hash", NULL);
	json_put(o, "disk", disk(s->files->disk));
	json_put(o, "uki", uki(s));
	json_put(o, "usr", usr(s));
	json_put(o, "signers", signers(&s->signers));
	json_put(o, "packages", packages(s));
	json_put(o, "others", others(s));
	return cli_json_print(c, o, e);
}
