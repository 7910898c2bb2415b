/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/stat.h>

#include "base/outfile.h"
#include "base/test/support.h"
#include "builder/recipe/recipe.h"

#define HEAD               \
	"name: node\n"     \
	"version: \"1\"\n" \
	"arch: x86-64\n"   \
	"repositories:\n"  \
	"  - {type: deb, suite: trixie, components: [main], mirror: system, keyring: k.gpg}\n"
#define PACKAGES "packages: [systemd, containerd]\n"
#define SHA	 "00112233445566778899aabbccddeeff00112233445566778899aabbccddabcd"
#define TAIL                                                    \
	"kernel: {cmdline: quiet}\n"                            \
	"initrd: {packages: [systemd], modules: [dm_verity]}\n" \
	"filesystem: {type: ext4}\n"                            \
	"layout: acl\n"                                         \
	"signing: {key: keys/db.key, certificate: keys/db.crt}\n"

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	struct err e = { 0 };

	ck_ok(outfile_write(path, 0644, text, strlen(text), &e));
}

static int load(const char *text, struct recipe **ret, struct err *e)
{
	char *dir = test_dir();

	put(dir, "recipe.yaml", text);
	int r = recipe_load(dir, ret, e);
	test_dir_remove(dir);
	return r;
}

START_TEST(reads_a_recipe)
{
	_cleanup_(recipe_free) struct recipe *r = NULL;
	struct err e = { 0 };

	ck_ok(load(HEAD PACKAGES
		   "without: [{package: perl-base, why: scripts}]\n"
		   "remove: [/usr/share/doc, {path: /usr/share/man, why: \"no reader\"}]\n"
		   "scripts: [{package: a, script: postinst, sha256: " SHA
		   ", why: \"I read it\"}]\n"
		   "units: {enable: [ssh.service, \"null\"], mask: [a.timer]}\n" TAIL,
		   &r, &e));
	ck_assert_str_eq(r->name, "node");
	ck_assert_str_eq(r->version, "1");
	ck_assert_uint_eq(r->n_repos, 1);
	ck_assert_str_eq(r->repos[0].suite, "trixie");
	ck_assert_str_eq(r->repos[0].components.v[0], "main");
	ck_assert_uint_eq(r->packages.n, 2);
	ck_assert_str_eq(r->without[0].why, "scripts");
	ck_assert_str_eq(r->remove[1].path, "/usr/share/man");
	ck_assert_ptr_null(r->remove[0].why);
	ck_assert_uint_eq(r->n_scripts, 1);
	ck_assert_str_eq(r->scripts[0].script, "postinst");
	ck_assert_uint_eq(r->scripts[0].sha256[31], 0xcd);
	ck_assert_str_eq(r->units_mask.v[0], "a.timer");
	ck_assert(str_has_suffix(r->key, "/keys/db.key"));
	_cleanup_free_ char *keyring = str_printf("%s/k.gpg", r->dir);
	ck_assert_str_eq(r->repos[0].keyring, keyring);
}
END_TEST

/* What a person reads in messages: no ".." that leads to where it came from. */
START_TEST(paths_are_tidy)
{
	_cleanup_(recipe_free) struct recipe *r = NULL;
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/recipes/node/", dir);
	_cleanup_free_ char *file = str_printf("%s/recipes/node/recipe.yaml", dir);
	_cleanup_free_ char *key = str_printf("%s/keys/db.key", dir);
	_cleanup_free_ char *make = str_printf("mkdir -p '%s' '%s/keys'", path, dir);
	static const char text[] =
		HEAD PACKAGES "kernel: {cmdline: quiet}\n"
			      "initrd: {packages: [systemd], modules: []}\n"
			      "filesystem: {type: ext4}\n"
			      "layout: acl\n"
			      "signing: {key: ../../keys/db.key, certificate: ./../node/db.crt}\n";
	struct err e = { 0 };

	ck_assert_int_eq(system(make), 0);
	ck_ok(outfile_write(file, 0644, text, strlen(text), &e));
	ck_ok(recipe_load(path, &r, &e));
	ck_assert_str_eq(r->path, file);
	ck_assert_str_eq(r->key, key);
	ck_assert_str_eq(strrchr(r->certificate, '/'), "/db.crt");
	ck_assert_ptr_null(strstr(r->certificate, ".."));
	test_dir_remove(dir);
}
END_TEST

/* Each: a recipe, and what the message must hold, its position first. */
static const struct {
	const char *text, *where, *what;
} bad[] = {
	{ HEAD "pakages: [a]\n" TAIL, "recipe.yaml:6:1:", "did you mean \"packages\"?" },
	{ HEAD PACKAGES "zzzzzzzz: 1\n" TAIL, "recipe.yaml:7:1:", "known here: name, version" },
	{ HEAD TAIL, "recipe.yaml:1:1:", "key \"packages\" is missing" },
	{ HEAD PACKAGES PACKAGES TAIL, "recipe.yaml:7:", "" },
	{ HEAD "packages: systemd\n" TAIL, "recipe.yaml:6:11:", "expected a list" },
	{ HEAD "packages: [systemd, systemd]\n" TAIL, "recipe.yaml:6:21:", "there twice" },
	{ HEAD "packages: [Systemd]\n" TAIL, "recipe.yaml:6:", "not a package name" },
	{ HEAD "packages: [\n" TAIL, "recipe.yaml:", "not valid YAML" },
	{ HEAD PACKAGES "units: {enable: [{a: b}]}\n" TAIL,
	  "recipe.yaml:7:", "expected a single value" },
	{ HEAD PACKAGES "remove: [usr/share/doc]\n" TAIL,
	  "recipe.yaml:7:10:", "start with / and hold no .." },
	{ HEAD PACKAGES "remove: [/usr/../etc]\n" TAIL,
	  "recipe.yaml:7:10:", "start with / and hold no .." },
	{ HEAD PACKAGES "overlay: nowhere\n" TAIL, "recipe.yaml:7:10:", "No such file" },
	{ HEAD PACKAGES "overlay: recipe.yaml\n" TAIL, "recipe.yaml:7:10:", "not a directory" },
	{ HEAD PACKAGES "initrd: {packages: [a], modules: [], remove: [/usr/..]}\n",
	  "recipe.yaml:7:47:", "hold no .." },
	{ HEAD PACKAGES "prefer: [{path: etc/x, package: a}]\n",
	  "recipe.yaml:7:17:", "start with /" },
	{ HEAD "packages: []\n", "recipe.yaml:6:1:", "an image has packages" },
	{ "repositories: []\n", "recipe.yaml:1:1:", "packages must come from somewhere" },
	{ "repositories: [{type: rpm}]\n", "recipe.yaml:1:23:", "not one of: deb" },
	{ "repositories: [{suite: ../x}]\n",
	  "recipe.yaml:1:24:", "is not a suite, such as trixie" },
	{ "repositories: [{mirror: ftp://x}]\n", "recipe.yaml:1:25:", "neither system, nor a URL" },
	{ "repositories: [{type: deb, suite: a, components: [], mirror: system, keyring: k}]\n",
	  "recipe.yaml:1:17:", "name at least one, such as main" },
	{ HEAD PACKAGES "units: {start: [a]}\n", "recipe.yaml:7:9:", "known here: enable" },
	{ HEAD PACKAGES "filesystem: {type: btrfs}\n",
	  "recipe.yaml:7:20:", "not one of: erofs, ext4" },
	{ HEAD PACKAGES "filesystem: {type: erofs, compression: lzo}\n",
	  "recipe.yaml:7:40:", "not one of: none, lz4, lz4hc, zstd" },
	{ HEAD PACKAGES "filesystem: {cluster: 4K, type: ext4}\n",
	  "recipe.yaml:7:23:", "ext4 is not compressed" },
	{ HEAD PACKAGES "filesystem: {type: ext4, level: 1}\n",
	  "recipe.yaml:7:33:", "ext4 is not compressed" },
	{ HEAD PACKAGES "filesystem: {level: 1, type: erofs, compression: none}\n",
	  "recipe.yaml:7:21:", "compression none has no levels" },
	{ HEAD PACKAGES "filesystem: {type: erofs, compression: lz4hc, level: 2}\n",
	  "recipe.yaml:7:54:", "those are 3 to 12" },
	{ HEAD PACKAGES "filesystem: {type: erofs, compression: zstd, level: 0}\n",
	  "recipe.yaml:7:53:", "those are 1 to 19" },
	{ HEAD PACKAGES "filesystem: {type: erofs, level: [9]}\n",
	  "recipe.yaml:7:27:", "expected a single value" },
	{ HEAD PACKAGES "filesystem: {type: erofs, cluster: 0}\n",
	  "recipe.yaml:7:36:", "4K, 8K, 16K and so on up to 1M" },
	{ HEAD PACKAGES "filesystem: {type: erofs, cluster: big}\n",
	  "recipe.yaml:7:36:", "is not a size" },
	{ HEAD PACKAGES "updates: {source: ftp://x}\n",
	  "recipe.yaml:7:19:", "not an http:// or https:// URL" },
	{ HEAD PACKAGES "updates: {source: \"http://x/a b\"}\n",
	  "recipe.yaml:7:20:", "letters, digits and" },
	{ HEAD PACKAGES "updates: {source: http://x}\n", "recipe.yaml:7:1:", "\"key\" is missing" },
	{ HEAD PACKAGES "health: {time-limit: 0}\n", "recipe.yaml:7:22:", "from 1 to 3600" },
	{ HEAD PACKAGES "signing: {key: k}\n", "recipe.yaml:7:1:", "\"certificate\" is missing" },
	{ HEAD PACKAGES "units: &u {}\nwithout: *u\n" TAIL, "recipe.yaml:7:9:", "anchors" },
	{ HEAD PACKAGES "without: [{package: a}]\n" TAIL, "recipe.yaml:7:", "\"why\" is missing" },
	{ HEAD PACKAGES "scripts: [{package: a, script: b, sha256: " SHA "}]\n" TAIL,
	  "recipe.yaml:7:", "\"why\" is missing" },
	{ HEAD PACKAGES "scripts: [{package: a, sha256: 12}]\n" TAIL,
	  "recipe.yaml:7:32:", "slipway scripts prints the one" },
	{ "name: Node\n" PACKAGES TAIL, "recipe.yaml:1:7:", "is not a name" },
	{ "name: a_b\n" PACKAGES TAIL, "recipe.yaml:1:7:", "is not a name" },
	{ "name: a\nversion: 1_2\n" PACKAGES TAIL, "recipe.yaml:2:10:", "is not a version" },
	{ "name: a\nversion: 1\narch: mips\n" TAIL,
	  "recipe.yaml:3:7:", "not one of: x86-64, arm64" },
	{ "name: \"a\\nb\"\n", "recipe.yaml:1:8:", "control character" },
	{ HEAD PACKAGES "units: {enable: [a.service], mask: [b.service, a.service]}\n" TAIL,
	  "recipe.yaml:7:1:", "units: a.service is both enabled and masked" },
	{ HEAD PACKAGES "units: {enable: [a.service], disable: [a.service]}\n" TAIL,
	  "recipe.yaml:7:1:", "units: a.service is both enabled and disabled" },
	{ HEAD PACKAGES "units: {enable: [null]}\n" TAIL,
	  "recipe.yaml:7:18:", "null is no text: put it in quotes" },
	{ "name: true\n" PACKAGES TAIL, "recipe.yaml:1:7:", "true is no text" },
	{ "", "recipe.yaml:1:1:", "empty" },
	{ "- a\n", "recipe.yaml:1:", "expected a mapping" },
	{ HEAD PACKAGES "kernel: {cmdline: usrhash=00}\n",
	  "recipe.yaml:7:19:", "what is said of /usr the build adds" },
};

START_TEST(refuses_bad_recipes)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct recipe *r = NULL;
		struct err e = { 0 };
		ck_assert_msg(load(bad[i].text, &r, &e) == -EINVAL, "case %zu was taken", i);
		ck_assert_msg(strstr(e.msg, bad[i].where), "case %zu: %s", i, e.msg);
		ck_assert_msg(strstr(e.msg, bad[i].what), "case %zu: %s", i, e.msg);
	}
}
END_TEST

/* A recipe in one directory, and what it may include in another: common/base.yaml, common/more.yaml. */
static int load_with(const char *base, const char *more, const char *text, struct recipe **ret,
		     struct err *e)
{
	char *top = test_dir();
	_cleanup_free_ char *common = str_printf("%s/common", top),
			    *own = str_printf("%s/own", top),
			    *overlay = str_printf("%s/common/files", top);

	ck_assert(mkdir(common, 0777) == 0 && mkdir(own, 0777) == 0 && mkdir(overlay, 0777) == 0);
	put(common, "base.yaml", base);
	put(common, "more.yaml", more);
	put(own, "recipe.yaml", text);
	int r = recipe_load(own, ret, e);
	test_dir_remove(top);
	return r;
}

START_TEST(includes_what_recipes_share)
{
	_cleanup_(recipe_free) struct recipe *r = NULL;
	struct err e = { 0 };

	ck_ok(load_with(HEAD PACKAGES "remove: [/usr/share/doc]\n"
				      "without: [{package: awk, why: scripts}]\n"
				      "updates: {source: http://b, key: b.gpg, reboot: automatic}\n"
				      "health: {units: [a.service], time-limit: 9}\n"
				      "overlay: files\n" TAIL,
			"kernel: {cmdline: debug}\nversion: 3\nunits: {enable: [b.service]}\n",
			"name: own\n"
			"packages: [podman]\n"
			"remove: [/usr/share/man]\n"
			"without: [{package: ucf, why: scripts}]\n"
			"initrd: {modules: [overlay]}\n"
			"updates: {source: http://a, key: a.gpg}\n"
			"health: {units: [b.service], commands: [\"true\"]}\n"
			"overlay: .\n"
			"units: {enable: [a.service]}\n"
			"include: [../common/base.yaml, ../common/more.yaml]\n",
			&r, &e));
	ck_assert_str_eq(r->name, "own");
	ck_assert_str_eq(r->version, "3");
	ck_assert_str_eq(r->cmdline, "debug");
	ck_assert_uint_eq(r->packages.n, 3);
	ck_assert_str_eq(r->packages.v[0], "systemd");
	ck_assert_str_eq(r->packages.v[2], "podman");
	ck_assert_str_eq(r->units_enable.v[0], "b.service");
	ck_assert_str_eq(r->units_enable.v[1], "a.service");
	ck_assert_uint_eq(r->initrd_packages.n, 1);
	ck_assert_uint_eq(r->initrd_modules.n, 2);
	ck_assert(r->remove[0].shared && !r->remove[1].shared);
	ck_assert(r->without[0].shared && !r->without[1].shared);
	ck_assert_uint_eq(r->overlays.n, 2);
	ck_assert_str_eq(r->updates.source, "http://a");
	ck_assert_str_eq(r->updates.channel, "stable");
	ck_assert(str_has_suffix(r->updates.key, "/own/a.gpg") && !r->updates.reboots);
	ck_assert_uint_eq(r->health.units.n, 2);
	ck_assert_uint_eq(r->health.commands.n, 1);
	ck_assert_uint_eq(r->health.limit_sec, 9);
	ck_assert(str_has_suffix(r->overlays.v[0], "/common/files"));
	ck_assert(str_has_suffix(r->overlays.v[1], "/own"));
	ck_assert(str_has_suffix(r->key, "/common/keys/db.key"));
	ck_assert(str_has_suffix(r->dir, "/own"));
}
END_TEST

#define INCLUDE "include: [../common/base.yaml]\n"

/* Each: the included file, the recipe, and what the message must hold, its position first. */
static const struct {
	const char *base, *text, *where, *what;
} bad_includes[] = {
	{ HEAD, "include: [../common/none.yaml]\n", "own/recipe.yaml:1:11:", "No such file" },
	{ HEAD, "include: ../common/base.yaml\n", "own/recipe.yaml:1:10:", "expected a list" },
	{ HEAD, "include: [../common/more.yaml, ../common/more.yaml]\n",
	  "own/recipe.yaml:1:32:", "there twice" },
	{ HEAD, "include: [../common]\n", "/common:", "not a regular file" },
	{ INCLUDE, INCLUDE, "common/base.yaml:1:1:", "includes no others" },
	{ HEAD "include: &x []\n", "include: *x\n", "own/recipe.yaml:1:11:", "aliases" },
	{ HEAD "pakages: [a]\n", INCLUDE, "common/base.yaml:6:1:", "did you mean \"packages\"?" },
	{ HEAD PACKAGES TAIL, INCLUDE "packages: [systemd]\n",
	  "own/recipe.yaml:2:12:", "there twice" },
	{ HEAD TAIL, INCLUDE,
	  "own/recipe.yaml:1:1:", "\"packages\" is missing, here and in what is included" },
	{ HEAD PACKAGES "initrd: {packages: [systemd]}\n"
			"kernel: {cmdline: quiet}\nfilesystem: {type: ext4}\nlayout: acl\n",
	  INCLUDE, "own/recipe.yaml:1:1:", "\"initrd: modules\" is missing" },
	{ HEAD PACKAGES "overlay: none\n" TAIL, INCLUDE, "common/base.yaml:7:10:", "No such file" },
};

START_TEST(refuses_bad_includes)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_includes); i++) {
		struct recipe *r = NULL;
		struct err e = { 0 };
		int rc = load_with(bad_includes[i].base, "version: 1\n", bad_includes[i].text, &r,
				   &e);
		ck_assert_msg(rc < 0, "case %zu was taken", i);
		ck_assert_msg(strstr(e.msg, bad_includes[i].where), "case %zu: %s", i, e.msg);
		ck_assert_msg(strstr(e.msg, bad_includes[i].what), "case %zu: %s", i, e.msg);
	}
}
END_TEST

/* What is written, and what an image gets. */
static const struct {
	const char *text;
	struct recipe_filesystem want;
} filesystems[] = {
	{ "{type: ext4}", { "ext4", FS_PLAIN, 0, 0 } },
	{ "{type: erofs}", { "erofs", FS_LZ4HC, 9, 65536 } },
	{ "{type: erofs, compression: none}", { "erofs", FS_PLAIN, 0, 0 } },
	{ "{type: erofs, compression: lz4}", { "erofs", FS_LZ4, 0, 65536 } },
	{ "{type: erofs, compression: lz4, cluster: 4K}", { "erofs", FS_LZ4, 0, 4096 } },
	{ "{type: erofs, level: 12}", { "erofs", FS_LZ4HC, 12, 65536 } },
	{ "{level: 3, cluster: 1M, compression: lz4hc, type: erofs}",
	  { "erofs", FS_LZ4HC, 3, 1048576 } },
	{ "{type: erofs, compression: zstd}", { "erofs", FS_ZSTD, 9, 65536 } },
	{ "{type: erofs, compression: zstd, level: 19, cluster: 131072}",
	  { "erofs", FS_ZSTD, 19, 131072 } },
};

/* The included file's choice is given up as a whole. */
START_TEST(reads_filesystems)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
		const struct recipe_filesystem *want = &filesystems[i].want;
		_cleanup_(recipe_free) struct recipe *r = NULL;
		_cleanup_free_ char *text =
			str_printf(INCLUDE "filesystem: %s\n", filesystems[i].text);
		struct err e = { 0 };
		ck_ok(load_with(HEAD PACKAGES
				"kernel: {cmdline: quiet}\n"
				"initrd: {packages: [systemd], modules: [dm_verity]}\n"
				"filesystem: {type: erofs, compression: zstd, level: 5, "
				"cluster: 8K}\n"
				"layout: acl\n"
				"signing: {key: db.key, certificate: db.crt}\n",
				"version: 1\n", text, &r, &e));
		ck_assert_str_eq(r->filesystem.type, want->type);
		ck_assert_int_eq(r->filesystem.compression, want->compression);
		ck_assert_int_eq(r->filesystem.level, want->level);
		ck_assert_uint_eq(r->filesystem.cluster_bytes, want->cluster_bytes);
	}
}
END_TEST

START_TEST(missing_recipe)
{
	struct recipe *r = NULL;
	struct err e = { 0 };

	ck_fails(recipe_load("/nonexistent", &r, &e), -ENOENT, "recipe /nonexistent");
}
END_TEST

static int load_layout(const char *text, struct layout **ret, struct err *e)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/l.yaml", dir);

	ck_ok_p(outfile_write(path, 0644, text, strlen(text), e));
	int r = layout_load(path, ret, e);
	test_dir_remove(dir);
	return r;
}

#define L_HEAD "name: x\nsector-size: 512\nboot-tries: 3\npartitions:\n"
#define L_SLOT(s)                                         \
	"  - {type: usr, slot: " s ", size: 8M}\n"        \
	"  - {type: usr-verity, slot: " s ", size: 1M}\n" \
	"  - {type: usr-verity-sig, slot: " s ", size: 1M}\n"
#define L_ESP  "  - {type: esp, size: 64M}\n"
#define L_ROOT "  - {type: root, size: 64M}\n"

START_TEST(layouts)
{
	_cleanup_(layout_free) struct layout *builtin = NULL, *large = NULL, *own = NULL;
	struct layout *none = NULL;
	struct err e = { 0 };

	ck_ok(layout_load("acl", &builtin, &e));
	ck_assert_uint_eq(builtin->n_partitions, 8);
	ck_ok(layout_load("acl-4k", &large, &e));
	ck_assert_uint_eq(builtin->sector_bytes, 512);
	ck_assert_uint_eq(large->sector_bytes, 4096);
	ck_assert_uint_eq(large->n_partitions, builtin->n_partitions);
	ck_assert_mem_eq(large->partitions, builtin->partitions, sizeof(large->partitions));
	ck_fails(layout_load("alc", &none, &e), -ENOENT, "built in: acl");
	ck_ok(load_layout(L_HEAD L_ESP L_SLOT("a") L_SLOT("b") L_ROOT, &own, &e));
	ck_fails(load_layout(L_HEAD L_SLOT("a") L_SLOT("b") L_ROOT, &none, &e), -EINVAL,
		 "first partition");
	ck_fails(load_layout(L_HEAD L_ESP L_SLOT("a") L_ROOT, &none, &e), -EINVAL,
		 "slot b has no usr");
	ck_fails(load_layout(L_HEAD L_ESP L_SLOT("a") L_SLOT("a") L_ROOT, &none, &e), -EINVAL,
		 "there twice");
	ck_fails(load_layout(L_HEAD "  - {type: esp, size: 100}\n" L_SLOT("a") L_SLOT("b") L_ROOT,
			     &none, &e),
		 -EINVAL, "multiple of 1M");
	ck_fails(load_layout(L_HEAD "  - {type: swap, size: 1M}\n", &none, &e), -EINVAL,
		 "not one of: esp, usr");
}
END_TEST

/* Each: a layout, and what the message must hold, its position first. */
static const struct {
	const char *text, *where, *what;
} bad_layouts[] = {
	{ "name: x\nsector-sice: 512\n", "l.yaml:2:1:", "did you mean \"sector-size\"?" },
	{ "name: x\nsector-size: 1024\n", "l.yaml:2:14:", "not one of: 512, 4096" },
	{ "name: x\nboot-tries: 0\n", "l.yaml:2:13:", "not a whole number from 1 to 10" },
	{ "name: x\nboot-tries: 11\n", "l.yaml:2:13:", "not a whole number from 1 to 10" },
	{ "name: x\n", "l.yaml:1:1:", "key \"sector-size\" is missing" },
	{ L_HEAD "  {}\n", "l.yaml:4:1:", "expected a list, found a mapping" },
	{ L_HEAD "  - esp\n", "l.yaml:5:5:", "expected a mapping" },
	{ L_HEAD "  - {type: esp}\n", "l.yaml:5:6:", "key \"size\" is missing" },
	{ L_HEAD "  - {type: esp, size: 1X}\n", "l.yaml:5:23:", "a number with K, M, G or T" },
	{ L_HEAD "  - {type: esp, size: -1M}\n", "l.yaml:5:23:", "not a size" },
	{ L_HEAD "  - {type: esp, size: 99999999999T}\n", "l.yaml:5:23:", "not a size" },
	{ L_HEAD L_ESP "  - {type: usr, slot: c, size: 1M}\n", "l.yaml:6:23:", "one of: a, b" },
	{ L_HEAD L_ESP "  - {type: usr, size: 1M}\n" L_ROOT, "l.yaml:6:6:", "needs a slot" },
	{ L_HEAD "  - {type: esp, slot: a, size: 1M}\n" L_ROOT, "l.yaml:5:6:", "can have no slot" },
	{ L_HEAD L_ESP "  - {type: usr, slot: a, size: 0}\n" L_ROOT,
	  "l.yaml:6:6:", "multiple of 1M" },
	{ L_HEAD L_ESP L_SLOT("a") L_SLOT("b"), "l.yaml:11:6:", "root is the last partition" },
	{ L_HEAD L_ESP L_SLOT("a") "  - {type: usr, slot: b, size: 9M}\n" L_ROOT,
	  "l.yaml:9:6:", "slots a and b differ in size: updates need them equal" },
	{ L_HEAD L_ESP, "l.yaml:1:1:", "a layout has an esp, two slots and a root" },
};

START_TEST(refuses_bad_layouts)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_layouts); i++) {
		struct layout *l = NULL;
		struct err e = { 0 };
		ck_assert_msg(load_layout(bad_layouts[i].text, &l, &e) == -EINVAL,
			      "case %zu was taken", i);
		ck_assert_msg(strstr(e.msg, bad_layouts[i].where), "case %zu: %s", i, e.msg);
		ck_assert_msg(strstr(e.msg, bad_layouts[i].what), "case %zu: %s", i, e.msg);
	}
}
END_TEST

TEST_MAIN("recipe", reads_a_recipe, paths_are_tidy, refuses_bad_layouts, refuses_bad_recipes,
	  includes_what_recipes_share, refuses_bad_includes, reads_filesystems, missing_recipe,
	  layouts)
