"""FHIR R4: resources → rows of our own kinds of file, so that everything after is one path."""
