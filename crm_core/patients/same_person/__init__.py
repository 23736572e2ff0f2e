"""Questions for the desk: may these two be one person?"""
