# SPDX-License-Identifier: GPL-2.0-or-later
src += builder/attest/components.c builder/attest/cyclonedx.c builder/attest/inventory.c builder/attest/json_writer.c \
       builder/attest/licence.c builder/attest/licence_expression.c builder/attest/licence_names.c \
       builder/attest/provenance.c builder/attest/provenance_write.c builder/attest/purl.c builder/attest/sbom.c builder/attest/spdx.c
