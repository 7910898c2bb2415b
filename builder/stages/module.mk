# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/stages/build.c builder/stages/cmdline.c builder/stages/disk.c builder/stages/evidence.c builder/stages/initrd.c \
       builder/stages/inputs.c builder/stages/kernel.c builder/stages/packages.c builder/stages/provenance.c builder/stages/renew.c builder/stages/scripts.c builder/stages/signing.c \
       builder/stages/tree.c builder/stages/usr.c
