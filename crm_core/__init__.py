"""What is true about the clinics: no chat, no clock, no configuration file."""
