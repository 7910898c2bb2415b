/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/util.h"

#include <errno.h>
#include <stdarg.h>

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

char *str_printf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int r = vasprintf(&s, fmt, ap);
	va_end(ap);
	return r < 0 ? NULL : s;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_u64(const char *s, int base, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		int d = digit_value(*s);
		if (d < 0 || d >= base)
			return -EINVAL;
		if (mul_overflows(v, (uint64_t)base, &v) || add_overflows(v, (uint64_t)d, &v))
			return -ERANGE;
	}
	*ret = v;
	return 0;
}

int parse_size(const char *s, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	char digits[32];
	size_t n = strlen(s);
	unsigned int shift = 0;
	uint64_t v;

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s, n + 1);
	const char *suffix = strchr(suffixes, digits[n - 1]);
	if (suffix) {
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
		digits[n - 1] = '\0';
	}
	int r = parse_u64(digits, 10, &v);
	if (r < 0)
		return r;
	if (mul_overflows(v, UINT64_C(1) << shift, &v))
		return -ERANGE;
	*ret = v;
	return 0;
}

void hex_encode(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

void uuid_format(const uint8_t uuid[16], char out[UUID_TEXT_BYTES])
{
	char hex[33];

	hex_encode(uuid, 16, hex);
	snprintf(out, UUID_TEXT_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		 hex + 16, hex + 20);
}

int hex_decode(const char *hex, void *out, size_t len)
{
	uint8_t *p = out;

	if (strlen(hex) != 2 * len)
		return -EINVAL;
	for (size_t i = 0; i < 2 * len; i++)
		if (digit_value(hex[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(digit_value(hex[2 * i]) << 4 | digit_value(hex[2 * i + 1]));
	return 0;
}

char *base64_encode(const void *data, size_t len)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	char *out = malloc(4 * div_round_up(len, 3) + 1), *o = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = MIN(len - i, (size_t)3);
		uint32_t v = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (n > 2 ? p[i + 2] : 0);
		*o++ = set[v >> 18];
		*o++ = set[v >> 12 & 63];
		*o++ = n > 1 ? set[v >> 6 & 63] : '=';
		*o++ = n > 2 ? set[v & 63] : '=';
	}
	*o = '\0';
	return out;
}
