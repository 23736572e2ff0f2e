"""Booking a reservation in chat, and taking it back."""
