# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/audit/artefacts.c builder/audit/capabilities.c builder/audit/changes.c builder/audit/changes_facts.c builder/audit/changes_files.c \
       builder/audit/compare.c builder/audit/compare_attributes.c builder/audit/compare_blocks.c \
       builder/audit/compare_cmdline.c builder/audit/compare_disk.c builder/audit/compare_gpt.c \
       builder/audit/compare_erofs.c builder/audit/compare_ext4.c builder/audit/compare_fat.c builder/audit/compare_fs.c builder/audit/compare_places.c \
       builder/audit/compare_initrd.c builder/audit/compare_pe.c \
       builder/audit/compare_signature.c builder/audit/compare_tree.c \
       builder/audit/compare_verity.c builder/audit/credentials.c builder/audit/diff.c \
       builder/audit/extract.c builder/audit/extract_inode.c builder/audit/fields.c builder/audit/files.c \
       builder/audit/image.c builder/audit/inner_compare.c builder/audit/inner_cyclonedx.c builder/audit/inner_sbom.c builder/audit/inner_spdx.c builder/audit/listing.c builder/audit/origins.c builder/audit/outputs.c builder/audit/packages.c \
       builder/audit/report.c builder/audit/signers.c builder/audit/sizes.c builder/audit/summary.c \
       builder/audit/policy.c builder/audit/secrets.c builder/audit/secrets_gnupg.c builder/audit/secrets_text.c builder/audit/verify.c builder/audit/verify_auth.c builder/audit/verify_cert.c \
       builder/audit/verify_esp.c builder/audit/verify_esp_form.c builder/audit/verify_content.c builder/audit/verify_gpt.c builder/audit/verify_initrd.c builder/audit/verify_initrd_files.c builder/audit/verify_initrd_tree.c builder/audit/verify_loader.c builder/audit/verify_outputs.c builder/audit/verify_provenance.c builder/audit/verify_packages.c \
       builder/audit/verify_pe.c builder/audit/verify_report.c builder/audit/verify_sbom.c builder/audit/verify_slot.c \
       builder/audit/verify_uki.c builder/audit/verify_usr.c
