"""Alerts to people: rules over the views, by e-mail and webhook."""
