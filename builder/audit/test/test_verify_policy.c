/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy or a lock asks for, of a good disk that has it or has it not. */
#include "builder/audit/test/verify_support.h"

static struct err e;

static void stanza(struct im_spec *s, const char *name, const char *version)
{
	_cleanup_free_ char *path = str_printf("lib/dpkg/status.d/%s", name);
	_cleanup_free_ char *text =
		str_printf("Package: %s\nVersion: %s\nArchitecture: amd64\n", name, version);

	im_text(s->usr, path, text);
}

static void make(void)
{
	struct im_spec s;

	im_spec_init(&s);
	stanza(&s, "bash", "5.2-1");
	stanza(&s, "zlib1g", "1:1.3-2");
	im_text(s.usr, "lib/dpkg/status.d/bash.md5sums", "");
	im_text(s.usr, "share/factory/etc/hosts", "");
	im_make(&s, fx_path("disk.raw"));
	im_spec_done(&s);
}

static struct verify_report verify_as(const char *policy_text, const struct lock *lock)
{
	X509 *const trust[] = { fx_db->cert };
	_cleanup_policy_ struct policy policy;
	const struct verify_params p = {
		.trust = trust, .n_trust = 1, .at = FX_NOW, .policy = &policy, .lock = lock
	};

	policy_init(&policy);
	fx_write("policy.yaml", policy_text, strlen(policy_text));
	ck_ok(policy_load(fx_path("policy.yaml"), &policy, &e));
	return vs_verify_as(&p);
}

static const struct {
	const char *text;
	enum verify_id fails; /* VERIFY_N_IDS: none */
} policies[] = {
	{ "{}", VERIFY_N_IDS },
	{ "packages: {required: [bash], forbidden: [perl]}", VERIFY_N_IDS },
	{ "packages: {required: [perl]}", VERIFY_USR_PACKAGES },
	{ "packages: {forbidden: [bash]}", VERIFY_USR_PACKAGES },
	{ "packages: {minimum: [{package: bash, version: \"5.2-1\"}]}", VERIFY_N_IDS },
	{ "packages: {minimum: [{package: bash, version: \"5.2~rc1-9\"}]}", VERIFY_N_IDS },
	{ "packages: {minimum: [{package: bash, version: \"5.2-1+b1\"}]}", VERIFY_USR_PACKAGES },
	{ "packages: {minimum: [{package: bash, version: \"5.10\"}]}", VERIFY_USR_PACKAGES },
	{ "packages: {minimum: [{package: zlib1g, version: \"2\"}]}", VERIFY_N_IDS },
	{ "packages: {minimum: [{package: perl, version: \"5\"}]}", VERIFY_N_IDS },
	{ "minimum-version: \"1\"", VERIFY_N_IDS },
	{ "minimum-version: \"2\"", VERIFY_USR_VERSION },
	{ "paths: {required: [/usr/lib/text, /usr/lib/dpkg/*/bash]}", VERIFY_N_IDS },
	{ "paths: {required: [/usr/lib/texts]}", VERIFY_USR_PATHS },
	{ "paths: {forbidden: [\"/usr/bin/b*\"]}", VERIFY_USR_PATHS },
	{ "paths: {forbidden: [/etc/initrd-release]}", VERIFY_UKI_INITRD },
	{ "paths: {forbidden: [/bin/big]}", VERIFY_USR_PATHS },
	{ "paths: {forbidden: [\"/lib/mod*\"]}", VERIFY_USR_PATHS },
	{ "paths: {forbidden: [/etc/hosts]}", VERIFY_USR_PATHS },
	{ "paths: {forbidden: [/libx, /share/factory, /big]}", VERIFY_N_IDS },
	{ "paths: {required: [/etc/hosts, /bin/big]}", VERIFY_N_IDS },
	{ "cmdline: [console=*, quiet]", VERIFY_N_IDS },
	{ "cmdline: [console=*]", VERIFY_UKI_CMDLINE },
	{ "cmdline: []", VERIFY_UKI_CMDLINE },
	{ "empty-slot: allowed", VERIFY_N_IDS },
	{ "empty-slot: refused", VERIFY_SLOT_EMPTY },
	{ "key-bits: 2048", VERIFY_N_IDS },
	{ "key-bits: 3072", VERIFY_CERT_KEY },
};

START_TEST(each_wish)
{
	make();
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		struct verify_report r = verify_as(policies[i].text, NULL);
		if (policies[i].fails == VERIFY_N_IDS) {
			vs_print(&r);
			ck_assert_msg(r.n_failed == 0, "%s", policies[i].text);
		} else {
			ck_assert_msg(vs_fails(&r, policies[i].fails), "%s", policies[i].text);
			ck_assert_uint_eq(r.n_failed, 1);
		}
		verify_report_done(&r);
	}
}
END_TEST

/* An image that does not say what it is made of may be made of anything. */
static const struct {
	const char *text;
	bool good;
} unlisted[] = {
	{ "{}", true },
	{ "packages: {}", true },
	{ "packages: {required: [perl]}", false },
	{ "packages: {forbidden: [perl]}", false },
	{ "packages: {minimum: [{package: perl, version: \"5\"}]}", false },
};

START_TEST(no_list_of_packages)
{
	vs_make();
	for (size_t i = 0; i < ARRAY_SIZE(unlisted); i++) {
		struct verify_report r = verify_as(unlisted[i].text, NULL);
		ck_assert_msg(r.n_failed == !unlisted[i].good, "%s", unlisted[i].text);
		ck_assert(unlisted[i].good || vs_fails(&r, VERIFY_USR_PACKAGES));
		verify_report_done(&r);
	}
}
END_TEST

#define BASH "Package: bash\nVersion: 5.2-1\nArchitecture: amd64\n"

/* Of a file in the list: what our builder writes is one stanza, of which all is read. */
static const struct {
	const char *text, *policy;
	bool good;
} lists[] = {
	{ BASH, "{}", true },
	{ BASH "\n\n", "{}", true },
	{ BASH "\nPackage: perl\nVersion: 5\nArchitecture: amd64\n", "{}", false },
	{ BASH, "packages: {minimum: [{package: bash, version: \"5.2\"}]}", true },
	{ "Package: bash\nVersion: 5.1\nArchitecture: i386\n",
	  "packages: {minimum: [{package: bash, version: \"5.2\"}]}", false },
};

START_TEST(lists_of_packages)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct im_spec s;
		im_spec_init(&s);
		stanza(&s, "bash", "5.2-1");
		im_text(s.usr, "lib/dpkg/status.d/more", lists[i].text);
		im_make(&s, fx_path("disk.raw"));
		im_spec_done(&s);
		struct verify_report r = verify_as(lists[i].policy, NULL);
		ck_assert_msg(r.n_failed == !lists[i].good, "case %zu", i);
		ck_assert(lists[i].good || vs_fails(&r, VERIFY_USR_PACKAGES));
		verify_report_done(&r);
	}
}
END_TEST

START_TEST(locks)
{
	static char bash[] = "bash", zlib[] = "zlib1g", v1[] = "5.2-1", v2[] = "1:1.3-2",
		    other[] = "5.2-2", arch[] = "amd64", all[] = "all";
	struct lock_package k[] = { { .name = bash, .version = v1, .arch = arch, .image = true },
				    { .name = zlib, .version = v2, .arch = arch, .image = true } };
	struct lock lock = { .packages = k, .n_packages = 2 };

	make();
	for (int i = 0; i < 6; i++) {
		struct lock_package kept[] = { k[0], k[1] };
		lock.n_packages = i == 1 ? 1 : 2;
		k[0].version = i == 2 ? other : v1;
		k[1].arch = i == 3 ? all : arch;
		k[0].name = i == 4 ? zlib : bash;
		k[1].image = i != 5; /* one that only the initrd is made of may be there */
		struct verify_report r = verify_as("{}", &lock);
		if (i == 0 || i == 5)
			ck_assert_uint_eq(r.n_failed, 0);
		else
			ck_assert_msg(vs_fails(&r, VERIFY_USR_LOCK) && r.n_failed == 1, "case %d",
				      i);
		verify_report_done(&r);
		memcpy(k, kept, sizeof(k));
	}
}
END_TEST

/* A file of the initrd that is the recipe's own: without a policy anything but a program may be. */
static const struct {
	const char *policy;
	bool program, good;
} own_files[] = {
	{ "{}", false, true },
	{ "{}", true, false },
	{ "initrd-files: []", false, false },
	{ "initrd-files: [/usr/lib/systemd/*]", false, true },
	{ "initrd-files: [/usr/lib/systemd/*]", true, true },
};

START_TEST(own_files_of_the_initrd)
{
	const struct tree_meta m = { .mode = 0755, .mtime = IM_TIME };

	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++) {
		struct im_spec s;
		im_spec_init(&s);
		ck_ok(tree_put_file(s.initrd, "usr/lib/systemd/x.service",
				    own_files[i].program ? &m : &(struct tree_meta){ .mode = 0644 },
				    blob_new_str("[Unit]\n"), NULL, &e));
		im_make(&s, fx_path("disk.raw"));
		im_spec_done(&s);
		struct verify_report r = verify_as(own_files[i].policy, NULL);
		ck_assert_msg((r.n_failed == 0) == own_files[i].good, "case %zu", i);
		if (!own_files[i].good)
			ck_assert(vs_fails(&r, VERIFY_UKI_INITRD_FILES) && r.n_failed == 1);
		verify_report_done(&r);
	}
}
END_TEST

/* Two names of one file: the archive has its content once. */
START_TEST(names_of_one_file)
{
	const struct tree_meta m = { .mode = 0755, .mtime = IM_TIME };

	for (int other = 0; other < 2; other++) {
		struct tree_node *n = NULL;
		struct im_spec s;
		im_spec_init(&s);
		const struct blob *b = tree_file_blob(s.usr, "bin/big");
		im_file(s.usr, "bin/also", b->data, b->len - (size_t)other);
		ck_ok(tree_put_file(s.initrd, "usr/bin/also", &m, blob_new(b->data, b->len), &n,
				    &e));
		ck_ok(tree_add_link(s.initrd, "usr/bin/big", n, NULL, &e));
		im_make(&s, fx_path("disk.raw"));
		im_spec_done(&s);
		struct verify_report r = verify_as("{}", NULL);
		ck_assert_uint_eq(r.n_failed, other);
		ck_assert(!other || vs_fails(&r, VERIFY_UKI_INITRD_FILES));
		verify_report_done(&r);
	}
}
END_TEST

static void rename_uki(struct tree *t, const char *to)
{
	ck_ok(tree_move(t, tree_lookup(t, "EFI/Linux/node_1.efi"), to, &e));
}

static void counted(struct tree *t)
{
	rename_uki(t, "EFI/Linux/node_1+2-1.efi");
}

static void miscounted(struct tree *t)
{
	rename_uki(t, "EFI/Linux/node_1+2x.efi");
}

static void with_seed(struct tree *t)
{
	const struct tree_meta m = { .mode = 0644, .mtime = IM_TIME + 100 };

	ck_ok(tree_put_file(t, "loader/random-seed", &m, blob_new("0123", 4), NULL, &e));
}

static void of_another_slot(struct uki_params *p)
{
	memset(strstr((char *)(uintptr_t)p->cmdline.data, "usrhash=") + 8, 'a', 64);
}

/* What a node does to its ESP. */
static const struct {
	void (*esp)(struct tree *t);
	void (*uki)(struct uki_params *p);
	enum verify_id fails; /* VERIFY_N_IDS: none */
} lives[] = {
	{ counted, NULL, VERIFY_N_IDS },
	{ miscounted, NULL, VERIFY_ESP_FILES },
	{ with_seed, NULL, VERIFY_N_IDS },
	{ NULL, of_another_slot, VERIFY_SLOT_UKI },
};

START_TEST(lives_of_nodes)
{
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		struct im_spec s;
		im_spec_init(&s);
		s.change_plan = vs_with_root;
		s.change_esp = lives[i].esp;
		s.change_uki = lives[i].uki;
		im_make(&s, fx_path("disk.raw"));
		im_spec_done(&s);
		struct verify_report r = verify_as("used-disk: allowed", NULL);
		vs_print(&r);
		ck_assert_uint_eq(r.n_failed, lives[i].fails != VERIFY_N_IDS);
		if (r.n_failed)
			ck_assert(vs_fails(&r, lives[i].fails));
		verify_report_done(&r);
	}
}
END_TEST

START_TEST(used_disks)
{
	struct im_spec s;

	im_spec_init(&s);
	s.change_plan = vs_with_root;
	im_make(&s, fx_path("disk.raw"));
	im_spec_done(&s);
	vs_flip(VS_END + 5000);
	struct verify_report r = verify_as("used-disk: refused", NULL);
	ck_assert(vs_fails(&r, VERIFY_DISK_STATE) && r.n_failed == 1);
	verify_report_done(&r);
	r = verify_as("used-disk: allowed", NULL);
	vs_print(&r);
	ck_assert_uint_eq(r.n_failed, 0);
	ck_assert_int_eq(r.v[0].verdict, VERIFY_STATE);
	verify_report_done(&r);
	vs_flip(VS_USR + 5000);
	r = verify_as("used-disk: allowed", NULL);
	ck_assert(vs_fails(&r, VERIFY_SLOT_TREE));
	verify_report_done(&r);
}
END_TEST

FX_MAIN("verify_policy", each_wish, no_list_of_packages, lists_of_packages, locks, used_disks,
	lives_of_nodes, own_files_of_the_initrd, names_of_one_file)
