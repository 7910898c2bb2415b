#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What slipway boot refuses before there is a VM.
. "$(dirname "$0")/lib.sh"
fails 4 "$T/none.raw: No such file" "$slipway" boot "$T/none.raw"
: >"$T/empty.raw"
fails 3 "$T: not a regular file" "$slipway" boot "$T"
for f in "$T/empty.raw" "$here/README.md"; do
	fails 3 "$f: no disk image: it has no partition table (GPT). Images to boot are the .raw of slipway build" "$slipway" boot "$f"
	[ ! -s "$T/stdout" ] && ok || bad "boot $f says: $(cat "$T/stdout")"
done
# A table is all that it takes to get further.
command -v sfdisk >/dev/null || skip_all "sfdisk is missing"
truncate -s 4M "$T/table.raw"
echo 'label: gpt' | sfdisk -q "$T/table.raw" || bad "no partition table could be made"
fails 4 "install QEMU" env PATH=/nonexistent "$slipway" boot "$T/table.raw"
mkdir "$T/bin"
printf '#!/bin/sh\necho "QEMU emulator version 7.2.0"\n' >"$T/bin/qemu-system-x86_64"
chmod +x "$T/bin/qemu-system-x86_64"
fails 4 "install QEMU" env SLIPWAY_ACCEL=tcg PATH="$T/bin" "$slipway" boot "$T/table.raw"
fails 3 "--memory 1M: not a size of at least 512 MiB, such as 4G" "$slipway" boot "$T/table.raw" --memory 1M
fails 3 "--cpus 0: not a number from 1 to 256" "$slipway" boot "$T/table.raw" --cpus 0
fails 4 "--ssh-key: $T/no.pub: No such file" "$slipway" boot "$T/table.raw" --ssh-key "$T/no.pub"
fails 3 "--snapshot and --persistent are opposites" "$slipway" boot "$T/table.raw" --snapshot --persistent
printf '#!/bin/sh\necho "QEMU emulator version 10.0.2"\n' >"$T/bin/qemu-system-x86_64"
if [ -e /usr/share/OVMF/OVMF_CODE_4M.secboot.fd ]; then
	fails 4 "swtpm is missing: install swtpm" env SLIPWAY_ACCEL=tcg PATH="$T/bin" "$slipway" boot "$T/table.raw" --tpm
	fails 4 "install openssh-client" env SLIPWAY_ACCEL=tcg PATH="$T/bin" "$slipway" boot "$T/table.raw" --ssh
else
	echo "SKIP no OVMF"
fi
fails 3 "SLIPWAY_ACCEL is \"xen\", not kvm or tcg" env SLIPWAY_ACCEL=xen "$slipway" boot "$T/table.raw"
finish
