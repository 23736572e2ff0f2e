"""Tables that leave the chat: exports, the month of every number, returns by cohort. pandas lives here.

Whoever asks for a report imports these modules at that moment: a process that never exports never
loads pandas.
"""
