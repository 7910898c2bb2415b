/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of licences in Debian's copyright files, and of the same ones in SPDX's list. What different
 * files use for different texts is not here ("public-domain", "BSD", "MIT-style", "GPL" without a
 * version), and nothing that SPDX calls deprecated.
 */
#include <strings.h>

#include "builder/attest/licence.h"

struct name {
	const char *debian, *spdx;
};

static const struct name licences[] = {
	{ "0BSD", "0BSD" },
	{ "AFL-2.0", "AFL-2.0" },
	{ "AFL-2.1", "AFL-2.1" },
	{ "AFL-3.0", "AFL-3.0" },
	{ "AGPL-3", "AGPL-3.0-only" },
	{ "AGPL-3+", "AGPL-3.0-or-later" },
	{ "Apache-1.1", "Apache-1.1" },
	{ "Apache-2", "Apache-2.0" },
	{ "Apache-2.0", "Apache-2.0" },
	{ "Artistic-2.0", "Artistic-2.0" },
	{ "Beerware", "Beerware" },
	{ "BlueOak-1.0.0", "BlueOak-1.0.0" },
	{ "BSD-1-clause", "BSD-1-Clause" },
	{ "BSD-2-clause", "BSD-2-Clause" },
	{ "BSD-2-clause-patent", "BSD-2-Clause-Patent" },
	{ "BSD-3-clause", "BSD-3-Clause" },
	{ "BSD-3-clause-attribution", "BSD-3-Clause-Attribution" },
	{ "BSD-3-clause-clear", "BSD-3-Clause-Clear" },
	{ "BSD-4-clause", "BSD-4-Clause" },
	{ "BSD-4-clause-UC", "BSD-4-Clause-UC" },
	{ "BSD-source-code", "BSD-Source-Code" },
	{ "BSL-1", "BSL-1.0" },
	{ "BSL-1.0", "BSL-1.0" },
	{ "bzip2-1.0.6", "bzip2-1.0.6" },
	{ "CC-BY-3.0", "CC-BY-3.0" },
	{ "CC-BY-4.0", "CC-BY-4.0" },
	{ "CC-BY-SA-3.0", "CC-BY-SA-3.0" },
	{ "CC-BY-SA-4.0", "CC-BY-SA-4.0" },
	{ "CC0", "CC0-1.0" },
	{ "CC0-1.0", "CC0-1.0" },
	{ "CDDL-1.0", "CDDL-1.0" },
	{ "CDDL-1.1", "CDDL-1.1" },
	{ "curl", "curl" },
	{ "EPL-1.0", "EPL-1.0" },
	{ "EPL-2.0", "EPL-2.0" },
	{ "EUPL-1.2", "EUPL-1.2" },
	{ "Expat", "MIT" },
	{ "FSFAP", "FSFAP" },
	{ "FSFUL", "FSFUL" },
	{ "FSFULLR", "FSFULLR" },
	{ "FSFULLRWD", "FSFULLRWD" },
	{ "FTL", "FTL" },
	{ "GFDL-1.1", "GFDL-1.1-only" },
	{ "GFDL-1.1+", "GFDL-1.1-or-later" },
	{ "GFDL-1.2", "GFDL-1.2-only" },
	{ "GFDL-1.2+", "GFDL-1.2-or-later" },
	{ "GFDL-1.3", "GFDL-1.3-only" },
	{ "GFDL-1.3+", "GFDL-1.3-or-later" },
	{ "GFDL-1.3+-no-invariant", "GFDL-1.3-no-invariants-or-later" },
	{ "GFDL-NIV-1.2", "GFDL-1.2-no-invariants-only" },
	{ "GFDL-NIV-1.2+", "GFDL-1.2-no-invariants-or-later" },
	{ "GFDL-NIV-1.3", "GFDL-1.3-no-invariants-only" },
	{ "GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later" },
	{ "GPL-1", "GPL-1.0-only" },
	{ "GPL-1+", "GPL-1.0-or-later" },
	{ "GPL-1.0+", "GPL-1.0-or-later" },
	{ "GPL-2", "GPL-2.0-only" },
	{ "GPL-2.0", "GPL-2.0-only" },
	{ "GPL-2.0-only", "GPL-2.0-only" },
	{ "GPL-2+", "GPL-2.0-or-later" },
	{ "GPL-2.0+", "GPL-2.0-or-later" },
	{ "GPL-2.0-or-later", "GPL-2.0-or-later" },
	{ "GPLv2", "GPL-2.0-only" },
	{ "GPLv2+", "GPL-2.0-or-later" },
	{ "GPL-3", "GPL-3.0-only" },
	{ "GPL-3.0", "GPL-3.0-only" },
	{ "GPL-3.0-only", "GPL-3.0-only" },
	{ "GPL-3+", "GPL-3.0-or-later" },
	{ "GPL-3.0+", "GPL-3.0-or-later" },
	{ "GPL-3.0-or-later", "GPL-3.0-or-later" },
	{ "GPLv3", "GPL-3.0-only" },
	{ "GPLv3+", "GPL-3.0-or-later" },
	{ "HPND", "HPND" },
	{ "HPND-sell-variant", "HPND-sell-variant" },
	{ "ICU", "ICU" },
	{ "IJG", "IJG" },
	{ "Info-ZIP", "Info-ZIP" },
	{ "ISC", "ISC" },
	{ "JSON", "JSON" },
	{ "Latex2e", "Latex2e" },
	{ "LGPL-2", "LGPL-2.0-only" },
	{ "LGPL-2.0", "LGPL-2.0-only" },
	{ "LGPL-2+", "LGPL-2.0-or-later" },
	{ "LGPL-2.0+", "LGPL-2.0-or-later" },
	{ "LGPL-2.0-or-later", "LGPL-2.0-or-later" },
	{ "LGPL-2.1", "LGPL-2.1-only" },
	{ "LGPL-2.1-only", "LGPL-2.1-only" },
	{ "LGPL-2.1+", "LGPL-2.1-or-later" },
	{ "LGPLv2.1+", "LGPL-2.1-or-later" },
	{ "LGPL-2.1-or-later", "LGPL-2.1-or-later" },
	{ "LGPL-3", "LGPL-3.0-only" },
	{ "LGPL-3.0", "LGPL-3.0-only" },
	{ "LGPL-3+", "LGPL-3.0-or-later" },
	{ "LGPL-3.0+", "LGPL-3.0-or-later" },
	{ "LGPL-3.0-or-later", "LGPL-3.0-or-later" },
	{ "Libpng", "Libpng" },
	{ "libtiff", "libtiff" },
	{ "LPPL-1.3c", "LPPL-1.3c" },
	{ "MIT", "MIT" },
	{ "MIT-0", "MIT-0" },
	{ "MIT-CMU", "MIT-CMU" },
	{ "MPL-1.0", "MPL-1.0" },
	{ "MPL-1.1", "MPL-1.1" },
	{ "MPL-2.0", "MPL-2.0" },
	{ "Ms-PL", "MS-PL" },
	{ "NCSA", "NCSA" },
	{ "NTP", "NTP" },
	{ "OFL-1.1", "OFL-1.1" },
	{ "OLDAP-2.8", "OLDAP-2.8" },
	{ "OpenLDAP-2.8", "OLDAP-2.8" },
	{ "OpenSSL", "OpenSSL" },
	{ "PostgreSQL", "PostgreSQL" },
	{ "PSF-2", "PSF-2.0" },
	{ "QPL-1.0", "QPL-1.0" },
	{ "RSA-MD", "RSA-MD" },
	{ "Sleepycat", "Sleepycat" },
	{ "TCL", "TCL" },
	{ "TCP-wrappers", "TCP-wrappers" },
	{ "Unicode-DFS-2015", "Unicode-DFS-2015" },
	{ "Unicode-DFS-2016", "Unicode-DFS-2016" },
	{ "Unlicense", "Unlicense" },
	{ "UPL-1.0", "UPL-1.0" },
	{ "Vim", "Vim" },
	{ "W3C", "W3C" },
	{ "WTFPL-2", "WTFPL" },
	{ "X11", "X11" },
	{ "XFree86-1.1", "XFree86-1.1" },
	{ "Zlib", "Zlib" },
	{ "ZPL-2.1", "ZPL-2.1" },
};

/* Only those that are one text, whatever licence they are an exception of. */
static const struct name exceptions[] = {
	{ "Bison-2.2", "Bison-exception-2.2" },
	{ "Libtool", "Libtool-exception" },
	{ "Linux-syscall-note", "Linux-syscall-note" },
	{ "Texinfo", "Texinfo-exception" },
};

/* Some dozen of words for some hundred licences of a package: a search would win nothing. */
static const char *find(const struct name *names, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i].debian) == name.len &&
		    strncasecmp(names[i].debian, name.p, name.len) == 0)
			return names[i].spdx;
	return NULL;
}

const char *licence_spdx_id(struct span name)
{
	return find(licences, ARRAY_SIZE(licences), name);
}

const char *licence_spdx_exception(struct span name)
{
	return find(exceptions, ARRAY_SIZE(exceptions), name);
}
