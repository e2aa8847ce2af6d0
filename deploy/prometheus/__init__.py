"""Prometheus: its configuration, alert rules, and service level objectives as rules."""
