/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies in the image, without running it: programs, set-id files, capabilities. */
#include <sys/stat.h>

#include "qemu-tests/cases/allowed.h"
#include "qemu-tests/cases/case_util.h"
#include "qemu-tests/cases/programs.h"

struct contents {
	struct programs programs;
	struct strv findings; /* set-id files and capabilities */
	size_t n_usr, n_initrd;
};

static int look(void *ctx, const struct artefact_file *f, struct err *e)
{
	struct contents *c = ctx;
	int r = 0;

	c->n_usr += f->place == ARTEFACT_USR;
	c->n_initrd += f->place == ARTEFACT_INITRD;
	if (f->place != ARTEFACT_USR && f->place != ARTEFACT_INITRD)
		return 0;
	const char *top = f->place == ARTEFACT_USR ? "/usr/" : "initrd:/";
	if (S_ISREG(f->mode) && f->mode & (S_ISUID | S_ISGID))
		r = strv_addf(&c->findings, "set-id %o %u:%u %s%s", f->mode & 07777, f->uid, f->gid,
			      top, f->path);
	if (r == 0 && f->capability) {
		_cleanup_free_ char *hex = malloc(2 * f->capability_len + 1);
		if (!hex)
			return err_oom(e);
		hex_encode(f->capability, f->capability_len, hex);
		r = strv_addf(&c->findings, "capability %s %s%s", hex, top, f->path);
	}
	return r < 0 ? err_oom(e) : programs_look(&c->programs, f, e);
}

static int judge(struct vm_case_context *ctx, const struct contents *c, struct err *e)
{
	const struct strv *wrong = &c->programs.wrong;

	if (c->n_usr == 0 || c->n_initrd == 0)
		return err_set(e, -EBADMSG, "no /usr or no initrd was found in the image");
	if (wrong->n)
		return err_set(e, -EBADMSG, "%s%s", wrong->v[0],
			       wrong->n > 1 ? ", and more like this" : "");
	int r = allowed_judge(ctx->allowed, &c->programs.findings, e);
	if (r == 0)
		r = allowed_judge(ctx->allowed, &c->findings, e);
	return r < 0 ? r
		     : guest_note(ctx, e, "%zu files in /usr, %zu in the initrd", c->n_usr,
				  c->n_initrd);
}

/* All findings, for whoever writes a list or wonders. */
static int keep_findings(const struct vm_case_context *ctx, const struct contents *c, struct err *e)
{
	const struct strv *const all[] = { &c->programs.wrong, &c->programs.findings,
					   &c->findings };
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < all[i]->n; k++)
			buf_printf(&text, "%s\n", all[i]->v[k]);
	return case_keep(ctx, "findings", &text, e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	struct contents c = { 0 };
	int r = artefact_visit(ctx->image, look, &c, e);

	if (r == 0)
		r = programs_end(&c.programs, e);
	if (r == 0)
		r = keep_findings(ctx, &c, e);
	if (r == 0)
		r = judge(ctx, &c, e);
	programs_done(&c.programs);
	strv_done(&c.findings);
	return r;
}

extern const struct vm_case case_contents;
const struct vm_case case_contents = {
	.name = "contents",
	.description =
		"no interpreter or package manager, no shell in the initrd, no set-id file that is not known",
	.typical_sec = 5,
	.run = run,
};
