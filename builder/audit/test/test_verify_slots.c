/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk of a node that has lived: two versions, of which the second came by an update, and what updates
 * that were cut off leave. What is signed is verified in both slots; what nobody reads is said to be so.
 */
#include "builder/audit/test/verify_support.h"

#define UKI_2 "EFI/Linux/node_2+3-0.efi"

static struct err e;
static struct im_parts second; /* version 2, for slot B */

/* What a case does to the disk. */
struct life {
	const char *name;
	const char *label_usr, *label_verity,
		*label_sig;	 /* of slot B; NULL: as updates give them */
	uint64_t attributes_sig; /* of slot B: read-only no more */
	bool other_uuids;	 /* of slot B: not those of its root hash */
	bool no_uki;		 /* of the second version */
	const char *left_over;	 /* a file on the ESP */
	uint64_t flip;		 /* a byte of the disk */
	enum verify_id fails;	 /* VERIFY_N_IDS: none */
	enum verify_id
		state; /* says that something is not verified; VERIFY_N_IDS: no more than ever */
};

static const struct life *now;

static void label(struct layout_placed *p, const char *given, const char *suffix)
{
	snprintf(p->label, sizeof(p->label), "%s", given ? given : "node_2");
	if (!given)
		strcat(p->label, suffix);
}

/* As systemd-sysupdate leaves the table. */
static void updated(struct layout_plan *p)
{
	vs_with_root(p);
	label(&p->placed[4], now->label_usr, "");
	label(&p->placed[5], now->label_verity, "_verity");
	label(&p->placed[6], now->label_sig, "_verity_sig");
	p->placed[6].attributes = now->attributes_sig;
	if (now->other_uuids)
		return;
	memcpy(p->placed[4].uuid, second.root, 16);
	memcpy(p->placed[5].uuid, second.root + 16, 16);
}

static void with_second(struct tree *t)
{
	const struct tree_meta m = { .mode = 0644, .mtime = IM_TIME + 1000 };

	if (!now->no_uki)
		ck_ok(tree_put_file(t, UKI_2, &m, blob_new(second.uki.data, second.uki.len), NULL,
				    &e));
	if (now->left_over)
		ck_ok(tree_put_file(t, now->left_over, &m, blob_new_str("x"), NULL, &e));
}

static void make_second(void)
{
	struct im_spec s;

	im_spec_init(&s);
	s.version = "2";
	im_text(s.usr, "lib/os-release", "NAME=node\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"2\"\n");
	im_text(s.initrd, "etc/initrd-release",
		"NAME=node\nIMAGE_ID=\"node\"\nIMAGE_VERSION=\"2\"\n");
	im_parts_make(&s, &second);
	im_spec_done(&s);
}

static void make_disk(void)
{
	struct layout_plan plan;
	struct im_spec s;
	struct layout l;

	im_spec_init(&s);
	s.change_plan = updated;
	s.change_esp = with_second;
	im_make(&s, fx_path("disk.raw"));
	im_plan(&s, &l, &plan);
	im_spec_done(&s);
	_cleanup_close_ int fd = open(fx_path("disk.raw"), O_RDWR | O_CLOEXEC);
	im_put_slot(fd, &plan, 1, &second);
	if (now->flip)
		vs_flip(now->flip);
}

static struct verify_report verify(bool used_disk)
{
	X509 *const trust[] = { fx_db->cert };
	struct policy policy;
	const struct verify_params p = {
		.trust = trust, .n_trust = 1, .at = FX_NOW, .policy = &policy
	};

	policy_init(&policy);
	policy.used_disk = used_disk;
	return vs_verify_as(&p);
}

static size_t count(const struct verify_report *r, enum verify_id id, enum verify_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].id == id && r->v[i].verdict == verdict;
	return n;
}

static const struct life lives[] = {
	{ "an update", .fails = VERIFY_N_IDS, .state = VERIFY_N_IDS },
	{ "/usr of slot B altered", .flip = VS_USR_B + 5000, .fails = VERIFY_SLOT_TREE,
	  .state = VERIFY_N_IDS },
	{ "the hash tree of slot B altered", .flip = VS_USR_B + 4 * MiB + 5000,
	  .fails = VERIFY_SLOT_TREE, .state = VERIFY_N_IDS },
	{ "the signature of slot B altered", .flip = VS_USR_B + 5 * MiB + 700,
	  .fails = VERIFY_SLOT_SIGNATURE, .state = VERIFY_N_IDS },
	{ "the same of slot A", .flip = VS_USR + 5000, .fails = VERIFY_SLOT_TREE,
	  .state = VERIFY_N_IDS },
	{ "other UUIDs", .other_uuids = true, .fails = VERIFY_SLOT_TREE, .state = VERIFY_N_IDS },
	{ "read-only, as it was built", .attributes_sig = LAYOUT_READ_ONLY, .fails = VERIFY_N_IDS,
	  .state = VERIFY_N_IDS },
	{ "other flags", .attributes_sig = 1, .fails = VERIFY_GPT_FORM, .state = VERIFY_N_IDS },
	{ "another version's label", .label_usr = "node_3", .label_verity = "node_3_verity",
	  .label_sig = "node_3_verity_sig", .fails = VERIFY_USR_VERSION, .state = VERIFY_N_IDS },
	{ "labels of two versions", .label_verity = "node_1_verity", .fails = VERIFY_SLOT_LABELS,
	  .state = VERIFY_N_IDS },
	{ "what was longer before", .flip = VS_USR_B + 4 * MiB - 1, .fails = VERIFY_N_IDS,
	  .state = VERIFY_SLOT_UNUSED },
	{ "cut off before the kernel came", .no_uki = true, .fails = VERIFY_N_IDS,
	  .state = VERIFY_SLOT_UKI },
	{ "cut off before /usr was labelled", .label_usr = "_empty", .no_uki = true,
	  .fails = VERIFY_N_IDS, .state = VERIFY_SLOT_EMPTY },
	{ "cut off while it was written", .label_usr = "_empty", .label_verity = "_empty",
	  .label_sig = "_empty", .no_uki = true, .fails = VERIFY_N_IDS,
	  .state = VERIFY_SLOT_EMPTY },
	{ "a slot that is started and labelled empty", .label_usr = "_empty",
	  .label_verity = "_empty", .label_sig = "_empty", .fails = VERIFY_UKI_ROOT_HASH,
	  .state = VERIFY_SLOT_EMPTY },
	{ "a kernel that was cut off", .left_over = "EFI/Linux/.#sysupdatenode_3.efi1234",
	  .fails = VERIFY_N_IDS, .state = VERIFY_ESP_STATE },
	{ "a loader that was cut off", .left_over = "EFI/BOOT/BOOTX64.EFI.new",
	  .fails = VERIFY_N_IDS, .state = VERIFY_ESP_STATE },
	{ "a kernel that is none", .left_over = "EFI/Linux/node_3.efi",
	  .fails = VERIFY_PE_SIGNATURE, .state = VERIFY_N_IDS },
	{ "another file", .left_over = "EFI/BOOT/x.new.EFI", .fails = VERIFY_ESP_FILES,
	  .state = VERIFY_N_IDS },
};

static void judge(const struct life *l)
{
	now = l;
	make_disk();
	struct verify_report r = verify(true);
	ck_assert_msg((r.n_failed == 0) == (l->fails == VERIFY_N_IDS), "%s", l->name);
	if (l->fails != VERIFY_N_IDS)
		ck_assert_msg(vs_fails(&r, l->fails), "%s", l->name);
	/* The bytes around the ESP's files are always a node's own. */
	if (l->state != VERIFY_N_IDS)
		ck_assert_msg(count(&r, l->state, VERIFY_STATE) > (l->state == VERIFY_ESP_STATE),
			      "%s", l->name);
	verify_report_done(&r);
}

START_TEST(lives_of_a_disk)
{
	make_second();
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++)
		judge(&lives[i]);
	im_parts_done(&second);
}
END_TEST

/* Of both slots all that is signed is looked at, and neither excuses what a fresh disk must not have. */
START_TEST(both_slots)
{
	make_second();
	now = &lives[0];
	make_disk();
	struct verify_report r = verify(true);
	ck_assert_uint_eq(r.n_failed, 0);
	ck_assert_uint_eq(count(&r, VERIFY_SLOT_TREE, VERIFY_OK), 2);
	ck_assert_uint_eq(count(&r, VERIFY_SLOT_SECOND, VERIFY_OK), 2);
	ck_assert_uint_eq(count(&r, VERIFY_SLOT_SIGNATURE, VERIFY_OK), 2);
	ck_assert_uint_eq(count(&r, VERIFY_USR_VERSION, VERIFY_OK), 2);
	ck_assert_uint_eq(count(&r, VERIFY_UKI_INITRD_FILES, VERIFY_OK), 2);
	ck_assert_uint_eq(count(&r, VERIFY_SLOT_UKI, VERIFY_OK), 2);
	verify_report_done(&r);
	r = verify(false);
	ck_assert(vs_fails(&r, VERIFY_DISK_STATE));
	verify_report_done(&r);
	im_parts_done(&second);
}
END_TEST

FX_MAIN("verify_slots", lives_of_a_disk, both_slots)
