/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power cuts while a node takes an update: QEMU is killed, as in case_recovery.c. Each begins at the same moment
 * of one node that is up (vm_save()), with a disk of its own. Whatever the boot loader could start after it must be
 * whole, without the help of anything that runs later.
 *
 * What firmware, boot loader and initrd find is told by the stage: which partitions of the slot have their names, and
 * what is on the ESP. So of each stage one node is started again and takes the update to its end, and a fourth of the
 * others are started again.
 */
#include "base/splitmix.h"
#include "builder/audit/files.h"
#include "qemu-tests/cases/bootable.h"
#include "qemu-tests/cases/node_disk.h"
#include "qemu-tests/cases/node_update.h"
#include "qemu-tests/vm/private_dir.h"

#define MOMENT_TIMEOUT_SEC 900
#define STARTED_AGAIN	   4 /* one of so many */

/* About what an update says, and what of that it says after the last of its files is there. */
#define UPDATE_SAYS_BYTES 16000
#define END_SAYS_BYTES	  1000

/* How far an update came, as the disk tells. */
enum { PARTS = 3, KERNEL_NONE = 0, KERNEL_BEGUN, KERNEL_EMPTY, KERNEL_THERE, KERNELS };

struct stage {
	unsigned int written, named; /* of the slot's partitions */
	unsigned int kernel;
};

struct tally {
	unsigned int cuts, back;
};

struct cuts {
	struct vm_case_context *ctx;
	struct private_dir saved; /* of the node before the update */
	uint64_t random;	  /* state */
	struct tally tally[PARTS + 1][PARTS + 1][KERNELS];
	unsigned int done;
	/* Of one cut. */
	struct private_dir state; /* firmware's variables */
	char *disk;
};

static void cuts_done(struct cuts *c)
{
	private_dir_remove(&c->state);
	private_dir_remove(&c->saved);
	free(c->disk);
}

static int make_dir(const struct cuts *c, struct private_dir *d, struct err *e)
{
	return private_dir_make(d, c->ctx->tmp_dir, "slipway-cut.", e);
}

static int start(struct cuts *c, struct boot *b, const char *name, const char *resume,
		 struct err *e)
{
	const struct vm_params p = { .name = name,
				     .image = c->disk,
				     .state_dir = c->state.path,
				     .resume = resume,
				     .online = true,
				     .ssh = true,
				     .log_dir = c->ctx->log_dir,
				     .limit_sec = c->ctx->limit_sec };

	b->ctx = c->ctx;
	return vm_start(c->ctx->host, &p, &b->vm, e);
}

/* The next machine comes with another key for root, and one that is there is not replaced. */
static const char update[] =
	"rm /root/.ssh/authorized_keys && sync /root/.ssh && "
	"systemd-run --quiet --no-block sh -c '"
	"journalctl -f -n 0 -o cat -u slipway-update.service >/dev/console & "
	"systemctl start slipway-update.service; echo The update has ended. >/dev/console'";

/* From where a moment is counted: the update's first word, or the last file's arrival; NULL: it is yet to come */
static const char *find_start(const char *text, bool late)
{
	for (int i = 0; text && late && i <= PARTS; i++) {
		text = strstr(text, "Successfully acquired");
		text = text ? text + 1 : NULL;
	}
	return text;
}

/* The end is a moment too: what is installed and not yet on the disk. */
static int wait_moment(struct vm *vm, bool late, uint64_t bytes, struct err *e)
{
	for (;;) {
		const char *text = vm_console_text(vm), *from = find_start(text, late);
		if ((from && strlen(from) >= bytes) || strstr(text, "The update has ended."))
			return 0;
		int r = vm_wait_said(vm, strlen(text), MOMENT_TIMEOUT_SEC, e);
		if (r < 0)
			return r;
	}
}

static int look_at_part(const struct image_partition *p, struct stage *s, struct err *e)
{
	uint8_t start[4096];

	if (p->slot != 1)
		return 0;
	int r = source_pread(&p->src, 0, start, sizeof(start), e);
	s->written += r >= 0 && !mem_is_zero(start, sizeof(start));
	s->named += image_slot_used(p);
	return r < 0 ? r : 0;
}

/* What the machine leaves behind must be right before the next one mends it. */
static int look(struct cuts *c, struct stage *ret, struct err *e)
{
	_cleanup_(image_files_free) struct image_files *esp = NULL;
	struct bootable found = { .kernels = 0 };
	struct stage s = { 0, 0, KERNEL_NONE };
	int r = node_disk_check_root(c->disk, c->ctx->scratch_dir, e);

	if (r >= 0)
		r = bootable_check(c->disk, &found, e);
	if (r >= 0)
		r = image_files_open(c->disk, "esp", &esp, e);
	for (size_t i = 0; r >= 0 && i < esp->disk->n_partitions; i++)
		r = look_at_part(&esp->disk->partitions[i], &s, e);
	if (r < 0)
		return r;
	if (s.written > PARTS || s.named > PARTS)
		return err_set(e, -EBADMSG, "the other slot has more than %d partitions", PARTS);
	s.kernel = found.kernels > 1 ? KERNEL_THERE
		   : found.empty     ? KERNEL_EMPTY
		   : found.begun     ? KERNEL_BEGUN
				     : KERNEL_NONE;
	*ret = s;
	return 0;
}

static int cut(struct cuts *c, struct stage *ret, struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .out = BUF_INIT };
	bool late = splitmix64(&c->random) % 3 == 0;
	uint64_t bytes = splitmix64(&c->random) % (late ? END_SAYS_BYTES : UPDATE_SAYS_BYTES);
	int r = start(c, &b, "update", c->saved.path, e);

	if (r >= 0)
		r = guest_set_clock(b.vm, e);
	if (r >= 0)
		r = guest_ask(b.vm, &b.out, e, "%s", update);
	if (r >= 0)
		r = wait_moment(b.vm, late, bytes, e);
	if (r < 0)
		return r;
	vm_kill(b.vm);
	r = look(c, ret, e);
	return r < 0 ? err_wrap(e, r, "%llu bytes after the %s", (unsigned long long)bytes,
				late ? "last file came" : "start")
		     : 0;
}

/* Up, well, and of the version that it could start. */
static int come_back(struct cuts *c, const struct stage *s, struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .out = BUF_INIT };
	const char *want = s->kernel == KERNEL_THERE ? "yes 3 -" : "yes 1 -";
	int r = start(c, &b, "back", NULL, e);

	if (r >= 0)
		r = node_wait_up(&b, e);
	if (r >= 0)
		r = guest_ask(b.vm, &b.out, e,
			      ". /run/slipway/status && echo $HEALTHY $IMAGE_VERSION "
			      "${FAILED_VERSIONS:--}");
	if (r >= 0 && !str_eq(boot_said(&b), want))
		r = err_set(e, -EBADMSG, "the node says '%s', not '%s'", boot_said(&b), want);
	if (r >= 0 && !c->tally[s->written][s->named][s->kernel].back && s->kernel != KERNEL_THERE)
		r = node_take(&b, NULL, "installed", "Successfully installed", e);
	return r < 0 ? err_wrap(e, r, "after the power cut") : 0;
}

static int run_one(struct cuts *c, struct err *e)
{
	struct stage s = { 0, 0, KERNEL_NONE };
	_cleanup_free_ char *saved_disk = str_printf("%s/disk.raw", c->saved.path);
	int r = saved_disk ? vm_copy_sparse(saved_disk, c->disk, e) : err_oom(e);

	if (r >= 0)
		r = make_dir(c, &c->state, e);
	if (r >= 0)
		r = cut(c, &s, e);
	struct tally *t = &c->tally[s.written][s.named][s.kernel];
	if (r >= 0 && (!t->back || c->done % STARTED_AGAIN == 0)) {
		r = come_back(c, &s, e);
		t->back += r >= 0;
	}
	t->cuts += r >= 0;
	private_dir_remove(&c->state);
	return r;
}

/* The node that all begin with. */
static int make_node(struct cuts *c, struct err *e)
{
	__attribute__((cleanup(node_done))) struct boot b = { .out = BUF_INIT };
	int r = node_disk_make(c->ctx, "node", BOOT_ROOT_BYTES, &c->disk, e);

	if (r >= 0)
		r = make_dir(c, &c->saved, e);
	if (r >= 0)
		r = make_dir(c, &c->state, e);
	if (r >= 0)
		r = start(c, &b, "node", NULL, e);
	if (r >= 0)
		r = node_wait_up(&b, e);
	if (r >= 0)
		r = vm_save(b.vm, c->saved.path, e);
	private_dir_remove(&c->state);
	return r;
}

static int note_stages(struct cuts *c, struct err *e)
{
	static const char *const kernels[KERNELS] = { "no kernel image", "part of the kernel image",
						      "its name alone", "the kernel image" };
	int r = guest_note(c->ctx, e, "power cuts: %u, --seed %llu", c->done,
			   (unsigned long long)c->ctx->seed);

	for (size_t i = 0; r >= 0 && i < sizeof(c->tally) / sizeof(struct tally); i++) {
		const struct tally *t = &c->tally[0][0][0] + i;
		if (t->cuts)
			r = guest_note(
				c->ctx, e,
				"%zu of %d partitions begun, %zu with their names, %s: %u cuts, "
				"%u nodes started again",
				i / (PARTS + 1) / KERNELS, PARTS, i / KERNELS % (PARTS + 1),
				kernels[i % KERNELS], t->cuts, t->back);
	}
	return r;
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	__attribute__((cleanup(cuts_done))) struct cuts c = { .ctx = ctx,
							      .random = ctx->seed,
							      .saved = PRIVATE_DIR_INIT,
							      .state = PRIVATE_DIR_INIT };
	struct err lost;
	int r = make_node(&c, e);

	for (; r >= 0 && c.done < ctx->repeat; c.done++)
		r = run_one(&c, e);
	int noted = note_stages(&c, r < 0 ? &lost : e);
	return r < 0 ? err_wrap(e, r, "power cut %u of --seed %llu", c.done,
				(unsigned long long)ctx->seed)
		     : noted;
}

extern const struct vm_case case_update_cuts;
const struct vm_case case_update_cuts = {
	.name = "update-cuts",
	.image = "update",
	.description =
		"power cuts during updates: what can be booted is whole, and the node goes on",
	.machines = 1,
	.typical_sec = 400,
	.run = run,
};
