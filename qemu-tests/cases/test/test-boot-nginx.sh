#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds recipes/nginx and boots it.
exec "$(dirname "$0")/boot-recipe" nginx
