/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The peak of this process's anonymous memory, which the kernel does not keep: a thread looks often. */
#include "base/err.h"

struct memory_watch;

/** memory_watch_start() - Return: 0; -ENOMEM; negative errno of pthread_create */
int memory_watch_start(struct memory_watch **ret, struct err *e) must_check;

/** memory_watch_stop() - Return: the most bytes of anonymous memory seen; 0 if it cannot be told */
uint64_t memory_watch_stop(struct memory_watch *w);
