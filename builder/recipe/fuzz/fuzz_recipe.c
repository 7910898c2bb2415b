/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: a recipe, and a layout, of any bytes. Built by `make fuzz`. */
#include <sys/mman.h>

#include "builder/recipe/fuzz/yaml_leak.h"
#include "builder/recipe/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(recipe_free) struct recipe *r = NULL;
	_cleanup_(layout_free) struct layout *l = NULL;
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];
	struct err e;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) != (ssize_t)size)
		return 0;
	(void)!recipe_load(path, &r, &e);
	(void)!layout_load(path, &l, &e);
	return 0;
}
