src += layouts/gpt.c layouts/layout.c layouts/node_files.c layouts/place.c
