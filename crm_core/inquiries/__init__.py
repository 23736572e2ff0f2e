"""Inquiries, and the prospects who make them."""
