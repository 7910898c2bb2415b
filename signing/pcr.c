/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/pcr.h"
#include "signing/pe.h"

/* PCR = SHA-256(PCR ‖ SHA-256(data)) */
static void extend(uint8_t pcr[SHA256_BYTES], const void *data, size_t len)
{
	uint8_t both[2 * SHA256_BYTES];

	memcpy(both, pcr, SHA256_BYTES);
	sha256_bytes(data, len, both + SHA256_BYTES);
	sha256_bytes(both, sizeof(both), pcr);
}

/* The stub measures in an order of its own, names with their NUL, contents as long as VirtualSize. */
int pcr_predict(const void *uki, size_t len, const char *const *phases, size_t n_phases,
		uint8_t ret[SHA256_BYTES], struct err *e)
{
	static const char *const measured[] = { ".linux", ".osrel",   ".cmdline", ".initrd",
						".ucode", ".splash",  ".dtb",	  ".uname",
						".sbat",  ".pcrpkey", ".profile", ".dtbauto",
						".hwids", ".efifw" };
	uint8_t pcr[SHA256_BYTES] = { 0 };
	struct pe pe;
	int r = pe_parse(&pe, uki, len, e);

	if (r < 0)
		return r;
	if (!pe_find(&pe, ".linux"))
		return err_set(e, -EBADMSG, "not a UKI: no section .linux");
	for (size_t i = 0; i < ARRAY_SIZE(measured); i++) {
		const struct pe_section *s = pe_find(&pe, measured[i]);
		size_t n;
		if (!s)
			continue;
		const uint8_t *content = pe_content(&pe, s, &n);
		if (n < s->virtual_bytes)
			return err_set(e, -EBADMSG,
				       "section %s is shorter in the file than in memory", s->name);
		extend(pcr, s->name, strlen(s->name) + 1);
		extend(pcr, content, n);
	}
	for (size_t i = 0; i < n_phases; i++)
		extend(pcr, phases[i], strlen(phases[i]));
	memcpy(ret, pcr, SHA256_BYTES);
	return 0;
}
