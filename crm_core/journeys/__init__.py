"""Journeys are computed, never typed: a pure fold over one person's events."""
