/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/boot_times.h"

#include "base/strv.h"

enum { INITRD, USERSPACE, FINISH, N_TIMES };

static int parse(const char *properties, uint64_t usec[N_TIMES], struct err *e)
{
	_cleanup_strv_ struct strv lines = STRV_INIT;

	if (strv_split(&lines, properties, "\n") < 0)
		return err_oom(e);
	for (size_t i = 0; i < lines.n; i++)
		if (lines.n != N_TIMES || parse_u64(lines.v[i], 10, &usec[i]) < 0)
			return err_set(e, -EBADMSG, "these are not times of a boot: %s",
				       properties);
	return lines.n ? 0 : err_set(e, -EBADMSG, "systemd tells no times of this boot");
}

int boot_times_format(double loader_sec, double kernel_sec, const char *properties, struct buf *out,
		      struct err *e)
{
	static const char *const names[] = { "firmware", "loader", "kernel", "initrd",
					     "userspace" };
	uint64_t t[N_TIMES];
	int r = parse(properties, t, e);

	if (r < 0)
		return r;
	if (loader_sec <= 0 || kernel_sec < loader_sec || !t[INITRD] || t[USERSPACE] < t[INITRD] ||
	    t[FINISH] < t[USERSPACE])
		return err_set(
			e, -EBADMSG,
			"the times of this boot lack a phase: loader %.1f s, kernel %.1f s; %s",
			loader_sec, kernel_sec, properties);
	const double phases[] = { loader_sec, kernel_sec - loader_sec, (double)t[INITRD] / 1e6,
				  (double)(t[USERSPACE] - t[INITRD]) / 1e6,
				  (double)(t[FINISH] - t[USERSPACE]) / 1e6 };
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		buf_printf(out, "%s%s %.1f s", i ? ", " : "", names[i], phases[i]);
	buf_printf(out, ": %.1f s", kernel_sec + (double)t[FINISH] / 1e6);
	return buf_failed(out) ? err_oom(e) : 0;
}
