"""A private certificate authority in one folder: for machines and services of one installation, and for its devices."""
