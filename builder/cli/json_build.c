/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway build --json */
#include <sys/resource.h>
#include <sys/stat.h>

#include "builder/cli/json.h"
#include "builder/cli/plan.h"

static struct json_object *list_of(struct json_object *(*make)(const struct build *b, size_t i),
				   const struct build *b, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < n; i++)
		json_object_array_add(list, make(b, i));
	return list;
}

static struct json_object *partition(const struct build *b, size_t i)
{
	const struct layout_placed *p = &b->plan.placed[i];
	struct json_object *o = json_object_new_object();
	uint64_t used = 0;

	json_put_u64(o, "number", i + 1);
	json_put_str(o, "type", layout_type_name(p->type));
	json_put_str(o, "slot", p->slot == LAYOUT_NO_SLOT ? NULL : p->slot ? "b" : "a");
	json_put_str(o, "label", p->label);
	json_put_u64(o, "start_bytes", p->start_bytes);
	json_put_u64(o, "size_bytes", p->size_bytes);
	if (plan_used_bytes(b, p, &used))
		json_put_u64(o, "used_bytes", used);
	return o;
}

static struct json_object *output(const struct build *b, size_t i)
{
	static const char *const kinds[BUILD_N_OUTPUTS] = {
		[BUILD_DISK] = "disk",
		[BUILD_USR] = "usr",
		[BUILD_VERITY] = "usr-verity",
		[BUILD_VERITY_SIG] = "usr-verity-sig",
		[BUILD_UKI] = "uki",
		[BUILD_ROOT_HASH] = "roothash",
		[BUILD_SPDX] = "spdx",
		[BUILD_CYCLONEDX] = "cyclonedx",
		[BUILD_PROVENANCE] = "provenance",
	};
	struct json_object *o = json_object_new_object();
	_cleanup_free_ char *path = build_output_path(b, (enum build_output)i);
	struct stat st;

	json_put_str(o, "kind", kinds[i]);
	json_put_str(o, "path", path);
	if (path && stat(path, &st) == 0) {
		json_put_u64(o, "size_bytes", (uint64_t)st.st_size);
		json_put_u64(o, "disk_bytes", (uint64_t)st.st_blocks * 512);
	}
	return o;
}

/* To the microsecond; all digits of a double are noise. */
static void put_seconds(struct json_object *o, const char *key, double seconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", seconds);
	json_put(o, key, json_object_new_double_s(seconds, text));
}

static struct json_object *timing(const struct build *b, size_t i)
{
	const struct build_timing *t = &b->timings[i];
	struct json_object *o = json_object_new_object();

	json_put_str(o, "stage", t->stage);
	json_put_str(o, "phase", t->phase);
	put_seconds(o, "wall_seconds", t->wall_seconds);
	put_seconds(o, "cpu_seconds", t->cpu_seconds);
	return o;
}

static struct json_object *without(const struct build *b, size_t i)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "package", b->p.recipe->without[i].package);
	json_put_str(o, "why", b->p.recipe->without[i].why);
	return o;
}

static struct json_object *removed(const struct build *b, size_t i)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "path", b->p.recipe->remove[i].path);
	json_put_str(o, "why", b->p.recipe->remove[i].why);
	return o;
}

static struct json_object *settled(const struct build *b, size_t i)
{
	const struct recipe_script *s = &b->p.recipe->scripts[i];
	struct json_object *o = json_object_new_object();

	json_put_str(o, "package", s->package);
	json_put_str(o, "script", s->script);
	json_put_hex(o, "sha256", s->sha256, SHA256_BYTES);
	json_put_str(o, "why", s->why);
	return o;
}

static struct json_object *usr(const struct build *b)
{
	const struct recipe_filesystem *f = &b->p.recipe->filesystem;
	struct json_object *o = json_object_new_object();

	json_put_str(o, "filesystem", f->type);
	json_put_str(o, "compression", fs_algorithms[f->compression].name);
	if (f->level)
		json_put_u64(o, "level", (uint64_t)f->level);
	if (f->cluster_bytes)
		json_put_u64(o, "cluster_bytes", f->cluster_bytes);
	json_put_u64(o, "size_bytes", b->usr_plan->bytes);
	json_put_u64(o, "hash_tree_bytes", b->verity_bytes);
	return o;
}

static struct json_object *units(const struct build *b)
{
	struct json_object *o = json_object_new_object();

	json_put_strings(o, "enable", &b->p.recipe->units_enable);
	json_put_strings(o, "disable", &b->p.recipe->units_disable);
	json_put_strings(o, "mask", &b->p.recipe->units_mask);
	return o;
}

struct json_object *json_of_build(const struct build *b, bool done)
{
	struct json_object *o = json_object_new_object();
	const struct recipe *r = b->p.recipe;
	struct rusage u;

	json_put_str(o, "name", r->name);
	json_put_str(o, "version", r->version);
	json_put_str(o, "arch", r->arch);
	json_put_str(o, "kernel", b->kernel_version);
	json_put(o, "time", json_object_new_int64(b->time));
	json_put_u64(o, "packages", b->n_packages);
	if (done)
		json_put_hex(o, "root_hash", b->root_hash, sizeof(b->root_hash));
	json_put(o, "usr", usr(b));
	json_put_u64(o, "disk_bytes", b->plan.disk_bytes);
	json_put(o, "partitions", list_of(partition, b, b->plan.n_placed));
	json_put(o, "units", units(b));
	json_put(o, "without", list_of(without, b, r->n_without));
	json_put(o, "remove", list_of(removed, b, r->n_remove));
	json_put(o, "scripts", list_of(settled, b, r->n_scripts));
	json_put_strings(o, "notices", &b->notices);
	if (done)
		json_put(o, "outputs", list_of(output, b, BUILD_N_OUTPUTS));
	json_put(o, "timings", list_of(timing, b, b->n_timings));
	if (getrusage(RUSAGE_SELF, &u) == 0)
		json_put_u64(o, "peak_resident_bytes", (uint64_t)u.ru_maxrss * 1024);
	return o;
}
