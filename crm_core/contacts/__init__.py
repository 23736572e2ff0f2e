"""Phones and chats, whom they serve and what they consented to."""
