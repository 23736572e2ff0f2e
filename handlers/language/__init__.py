"""The grammar that every command shares: commands, replies, words, figures, languages."""
