"""Grafana: dashboards from one description, and what provisions them."""
