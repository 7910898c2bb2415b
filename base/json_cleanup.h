/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* json-c, with its types' cleanups: for whoever reads or writes JSON. */
#include <json-c/json.h>

#include "base/util.h"

DEFINE_CLEANUP(struct json_object *, json_object_put)
DEFINE_CLEANUP(struct json_tokener *, json_tokener_free)
