/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Capabilities of files, in words. */
#include "base/buf.h"

/**
 * capabilities_describe() - "cap_net_raw=ep", as cap_from_text(3) reads them
 * @data: value of the attribute security.capability
 * @ret: appended; a user namespace's as "cap_net_raw=ep [rootid=1000]"; what is no such value in hex
 * Spec: capabilities(7), struct vfs_ns_cap_data of linux/capability.h; cap_from_text(3)
 */
void capabilities_describe(const void *data, size_t len, struct buf *ret);
