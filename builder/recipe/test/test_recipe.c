/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outfile.h"
#include "base/test/support.h"
#include "builder/recipe/recipe.h"

#define HEAD               \
	"name: node\n"     \
	"version: \"1\"\n" \
	"arch: x86-64\n"   \
	"repositories:\n"  \
	"  - {type: deb, suite: trixie, components: [main], mirror: system, keyring: /k.gpg}\n"
#define PACKAGES "packages: [systemd, containerd]\n"
#define TAIL                                                    \
	"kernel: {cmdline: quiet}\n"                            \
	"initrd: {packages: [systemd], modules: [dm_verity]}\n" \
	"filesystem: {type: ext4}\n"                            \
	"layout: acl\n"                                         \
	"signing: {key: keys/db.key, certificate: keys/db.crt}\n"

static int load(const char *text, struct recipe **ret, struct err *e)
{
	char *dir = test_dir();
	_cleanup_free_ char *path = str_printf("%s/recipe.yaml", dir);

	ck_ok_p(outfile_write(path, 0644, text, strlen(text), e));
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
		   "units: {enable: [ssh.service], mask: [a.timer]}\n" TAIL,
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
	ck_assert_str_eq(r->units_mask.v[0], "a.timer");
	ck_assert(str_has_suffix(r->key, "/keys/db.key"));
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
	{ HEAD PACKAGES "remove: [usr/share/doc]\n" TAIL, "recipe.yaml:7:10:", "absolute path" },
	{ HEAD PACKAGES "remove: [/usr/../etc]\n" TAIL, "recipe.yaml:7:10:", "absolute path" },
	{ HEAD PACKAGES "overlay: nowhere\n" TAIL, "recipe.yaml:7:10:", "No such file" },
	{ HEAD PACKAGES "units: &u {}\nwithout: *u\n" TAIL, "recipe.yaml:8:", "aliases" },
	{ HEAD PACKAGES "without: [{package: a}]\n" TAIL, "recipe.yaml:7:", "\"why\" is missing" },
	{ "name: Node\n" PACKAGES TAIL, "recipe.yaml:1:7:", "is not a name" },
	{ "name: a_b\n" PACKAGES TAIL, "recipe.yaml:1:7:", "is not a name" },
	{ "name: a\nversion: 1_2\n" PACKAGES TAIL, "recipe.yaml:2:10:", "is not a version" },
	{ "name: a\nversion: 1\narch: mips\n" TAIL,
	  "recipe.yaml:3:7:", "not one of: x86-64, arm64" },
	{ "name: \"a\\nb\"\n", "recipe.yaml:1:8:", "control character" },
	{ "", "recipe.yaml:1:1:", "empty" },
	{ "- a\n", "recipe.yaml:1:", "expected a mapping" },
	{ HEAD PACKAGES "kernel: {cmdline: usrhash=00}\n",
	  "recipe.yaml:7:19:", "added by the build" },
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
	_cleanup_(layout_free) struct layout *builtin = NULL, *own = NULL;
	struct layout *none = NULL;
	struct err e = { 0 };

	ck_ok(layout_load("acl", &builtin, &e));
	ck_assert_uint_eq(builtin->n_partitions, 8);
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

TEST_MAIN("recipe", reads_a_recipe, refuses_bad_recipes, missing_recipe, layouts)
