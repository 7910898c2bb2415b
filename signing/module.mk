# SPDX-License-Identifier: GPL-2.0-or-later
src += signing/authenticode.c signing/dsse.c signing/efi_auth.c signing/json.c signing/keygen.c signing/openssl.c signing/pcr.c signing/pe.c \
       signing/pe_write.c signing/pkcs7.c signing/root_hash.c signing/signer.c signing/uki.c \
       signing/verity_sig.c
