"""Phones and chats, whom they serve, and what stands about them."""
