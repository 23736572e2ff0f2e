"""What stands because of a call: refusals of a phone, wrong numbers, promises."""
