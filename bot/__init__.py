"""The process: plugs the clinics into the chats and the clock."""
