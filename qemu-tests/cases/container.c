/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/container.h"

#include "qemu-tests/cases/oci.h"

int container_archive(const char *name, const char *does, struct buf *out, struct err *e)
{
	const struct oci_params p = { .name = name,
				      .architecture = "amd64",
				      .path = "hello",
				      .argument = does,
				      .program = guest_program_start,
				      .len = (size_t)(guest_program_end - guest_program_start) };

	return oci_archive(&p, out, e);
}

int container_note(struct vm_case_context *ctx, const char *whose, const char *said, struct err *e)
{
	const char *hello = strstr(said, "hello from a container: pid 1 of Linux");

	if (!hello)
		return err_set(e, -EBADMSG, "the container of %s said: %s", whose, said);
	return guest_note(ctx, e, "container of %s: %.*s", whose, (int)strcspn(hello, "\n"), hello);
}
