/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/kmod/internal.h"

void names_add(struct buf *list, const char *s, size_t len)
{
	buf_append(list, s, len);
	buf_append_zero(list, 1);
}

int module_name_normalize(const char *name, size_t name_len, char out[MODULE_NAME_BYTES])
{
	size_t i = 0;

	for (; i < name_len && name[i] && name[i] != '.'; i++) {
		if (i == MODULE_NAME_BYTES - 1)
			return -EINVAL;
		out[i] = name[i] == '-' ? '_' : name[i];
	}
	out[i] = '\0';
	return i ? 0 : -EINVAL;
}

int alias_normalize(const char *alias, char out[MODULE_NAME_BYTES])
{
	bool in_brackets = false;
	size_t i = 0;

	for (; alias[i]; i++) {
		if (i == MODULE_NAME_BYTES - 1)
			return -EINVAL;
		if (alias[i] == ']' && !in_brackets)
			return -EINVAL;
		if (alias[i] == '[' || alias[i] == ']')
			in_brackets = alias[i] == '[';
		out[i] = alias[i] == '-' && !in_brackets ? '_' : alias[i];
	}
	out[i] = '\0';
	return in_brackets ? -EINVAL : 0;
}
